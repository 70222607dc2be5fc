//! When a certificate ends: as much of PEM and DER as that takes.

use jiff::Timestamp;

/// When the first certificate of a PEM file ends.
///
/// # Errors
/// What about the file is not understood.
pub(super) fn ends(pem: &str) -> Result<Timestamp, String> {
    let body = pem
        .split_once("-----BEGIN CERTIFICATE-----")
        .and_then(|(_, rest)| rest.split_once("-----END CERTIFICATE-----"))
        .ok_or("there is no certificate in its file")?;
    let der = base64(body.0).ok_or("its file is no base64")?;
    end_of(&der).ok_or_else(|| "it is no certificate of X.509".to_owned())
}

fn base64(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut have) = (Vec::new(), 0_u32, 0);
    for character in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let value = match character {
            b'A'..=b'Z' => character - b'A',
            b'a'..=b'z' => character - b'a' + 26,
            b'0'..=b'9' => character - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        have += 6;
        if have >= 8 {
            have -= 8;
            bytes.push(u8::try_from((bits >> have) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

/// The end of the validity: the certificate's first part has a version (or none), a number, the kind of
/// signature and the issuer, then the two times.
fn end_of(der: &[u8]) -> Option<Timestamp> {
    const SEQUENCE: u8 = 0x30;
    const VERSION: u8 = 0xa0;
    let inside = |bytes| element(bytes).filter(|(tag, ..)| *tag == SEQUENCE).map(|(_, content, _)| content);
    let mut rest = inside(inside(der)?)?;
    if let Some((VERSION, _, behind)) = element(rest) {
        rest = behind;
    }
    for _number_kind_issuer in 0..3 {
        rest = element(rest)?.2;
    }
    let (_, _, from_end) = element(inside(rest)?)?;
    let (tag, end, _) = element(from_end)?;
    let text = std::str::from_utf8(end).ok()?;
    let text = match tag {
        // Two digits of the year: 50 to 99 are of the last century.
        0x17 => format!("{}{text}", if text.get(..2)? >= "50" { "19" } else { "20" }),
        0x18 => text.to_owned(),
        _ => return None,
    };
    let at = |from: usize, to: usize| text.get(from..to);
    let (year, month, day) = (at(0, 4)?, at(4, 6)?, at(6, 8)?);
    format!("{year}-{month}-{day}T{}:{}:{}Z", at(8, 10)?, at(10, 12)?, at(12, 14)?).parse().ok()
}

/// The tag and the content of an element of DER, and what stands behind it.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (tag, rest) = bytes.split_first()?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(*first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first - 0x80))?;
            (digits.iter().fold(0, |length, digit| (length << 8) | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, behind) = rest.split_at_checked(length)?;
    Some((*tag, content, behind))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_end_of_a_certificate_is_read() {
        for (year, written) in [(2031, "2031-05-06T00:00:00Z"), (2060, "2060-05-06T00:00:00Z")] {
            let mut parameters = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
            parameters.not_after = rcgen::date_time_ymd(year, 5, 6);
            let key = rcgen::KeyPair::generate().unwrap();
            let pem = parameters.self_signed(&key).unwrap().pem();
            assert_eq!(ends(&pem), Ok(written.parse().unwrap()));
        }
    }

    #[test]
    fn a_file_that_is_no_certificate_says_so() {
        assert_eq!(ends("nonsense").unwrap_err(), "there is no certificate in its file");
        let wrapped =
            |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        assert_eq!(ends(&wrapped("%%%")).unwrap_err(), "its file is no base64");
        assert_eq!(ends(&wrapped("AAAA")).unwrap_err(), "it is no certificate of X.509");
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in proptest::collection::vec(0..=255u8, 0..200), pem in ".{0,100}") {
            let _ = end_of(&bytes);
            let _ = ends(&pem);
        }
    }
}
