//! Whether a card's number begins at a place.

use contracts::card::DIGITS;

/// Groups in which cards are printed.
const GROUPS: [&[usize]; 4] = [&[4, 4, 4, 4], &[4, 6, 5], &[4, 6, 4], &[4, 4, 4, 4, 3]];
/// Lengths of hexadecimal identifiers: a span, and from there on a trace, a hash.
const SPAN_CHARS: usize = 16;
const HEX_CHARS_MIN: usize = 20;

/// The last four digits of the card whose number begins there, if one does.
pub(super) fn at(bytes: &[u8], at: usize) -> Option<String> {
    if !bytes[at].is_ascii_digit() || at > 0 && bytes[at - 1].is_ascii_digit() {
        return None;
    }
    // The part of a number behind its point.
    if at > 1 && bytes[at - 1] == b'.' && bytes[at - 2].is_ascii_digit() {
        return None;
    }
    let run = digits_from(bytes, at);
    if run.len() == 4 {
        return GROUPS.iter().find_map(|groups| grouped(bytes, at, groups));
    }
    (is_card(run) && !is_in_hex(bytes, at, run.len())).then(|| last_four(run))
}

fn grouped(bytes: &[u8], at: usize, groups: &[usize]) -> Option<String> {
    let between = *bytes.get(at + 4).filter(|byte| [b' ', b'-', b'.'].contains(byte))?;
    // Groups of a longer row, such as those of a UUID.
    if at > 0 && (bytes[at - 1] == between && between != b' ' || bytes[at - 1].is_ascii_alphabetic()) {
        return None;
    }
    let (mut digits, mut place) = (Vec::new(), at);
    for (number, length) in groups.iter().enumerate() {
        if number > 0 {
            bytes.get(place).filter(|byte| **byte == between)?;
            place += 1;
        }
        let run = digits_from(bytes, place);
        if run.len() != *length {
            return None;
        }
        digits.extend_from_slice(run);
        place += length;
    }
    let goes_on = bytes.get(place).is_some_and(|byte| {
        let next_is_digit = bytes.get(place + 1).is_some_and(u8::is_ascii_hexdigit);
        byte.is_ascii_hexdigit() || *byte == between && between != b' ' && next_is_digit
    });
    (!goes_on && is_card(&digits)).then(|| last_four(&digits))
}

fn digits_from(bytes: &[u8], at: usize) -> &[u8] {
    let rest = bytes.get(at..).unwrap_or_default();
    // One more than a card has is enough to know that it is none.
    let end = rest.iter().take(DIGITS.1 + 1).position(|byte| !byte.is_ascii_digit());
    &rest[..end.unwrap_or(rest.len().min(DIGITS.1 + 1))]
}

/// Whether the digits are a part of an identifier of hexadecimal digits.
fn is_in_hex(bytes: &[u8], at: usize, length: usize) -> bool {
    let is_hex = |byte: &&u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(*byte);
    let before = bytes[..at].iter().rev().take(64).take_while(is_hex).count();
    let after = bytes[at + length..].iter().take(64).take_while(is_hex).count();
    let whole = before + length + after;
    // `00-<trace>-<span>-01` is how a flow travels.
    let travels = before == 0
        && at > 32
        && bytes[at - 1] == b'-'
        && bytes[at - 33..at - 1].iter().all(u8::is_ascii_hexdigit)
        && whole == SPAN_CHARS;
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
    // A word that ends as an identifier could begin, such as `visa`.
    let in_word = letter(bytes[..at - before].last()) || letter(bytes.get(at + length + after));
    let has_letters = before + after > 0;
    travels || has_letters && (whole == SPAN_CHARS && !in_word || whole >= HEX_CHARS_MIN)
}

fn is_card(digits: &[u8]) -> bool {
    let number =
        |count: usize| digits[..count].iter().fold(0_u32, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    if digits.len() < DIGITS.0 || digits.len() > DIGITS.1 {
        return false;
    }
    let (two, three, four) = (number(2), number(3), number(4));
    let begins = match digits.len() {
        13 | 19 => digits[0] == b'4' || (digits.len() == 19 && [60, 62, 64, 65].contains(&two)),
        14 => two == 36 || two == 38 || (300..=305).contains(&three),
        15 => two == 34 || two == 37,
        16 => {
            digits[0] == b'4'
                || (51..=55).contains(&two)
                || (2221..=2720).contains(&four)
                || (3528..=3589).contains(&four)
                || [60, 62, 64, 65].contains(&two)
        }
        _ => false,
    };
    begins && contracts::card::stands_in(&String::from_utf8_lossy(digits))
}

fn last_four(digits: &[u8]) -> String {
    String::from_utf8_lossy(&digits[digits.len() - 4..]).into_owned()
}
