//! The number of a payment card: recognised wherever somebody types one, so that it is never kept.

/// How many digits a card's number has, at least and at most (ISO/IEC 7812).
pub const DIGITS: (usize, usize) = (13, 19);

/// Whether 13 to 19 digits that pass Luhn's check stand in a text, also in groups.
pub fn stands_in(text: &str) -> bool {
    text.split(char::is_alphabetic).any(|run| {
        let groups: Vec<&str> =
            run.split(|c: char| !c.is_ascii_digit()).filter(|group| !group.is_empty()).collect();
        (0..groups.len()).any(|first| {
            let mut joined = String::new();
            groups[first..].iter().take(DIGITS.1).any(|group| {
                joined.push_str(group);
                is_number(&joined)
            })
        }) || groups.iter().filter(|group| group.len() > DIGITS.1).any(|group| {
            (DIGITS.0..=DIGITS.1)
                .any(|length| (0..=group.len() - length).any(|from| is_number(&group[from..from + length])))
        })
    })
}

/// How the number may be shown: its last four digits.
pub fn masked(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_digit).collect();
    let last: String = digits[digits.len().saturating_sub(4)..].iter().collect();
    format!("****{last}")
}

/// Checks a text that a person wrote, as [`kit::text::check`], and that no card's number stands in it.
///
/// # Errors
/// `invalid_text`.
pub fn check_text(what: &str, text: &str, chars_max: usize, lines: bool) -> kit::Result<()> {
    kit::text::check(what, text, chars_max, lines)?;
    if stands_in(text) {
        return Err(kit::Error::invalid(
            kit::error::reason::INVALID_TEXT,
            format!("{what} holds what looks like the number of a card, which is never kept; leave it out"),
        ));
    }
    Ok(())
}

fn is_number(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, byte)| {
            let digit = u32::from(byte - b'0') << (place % 2);
            if digit > 9 { digit - 9 } else { digit }
        })
        .sum();
    (DIGITS.0..=DIGITS.1).contains(&digits.len()) && sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_may_hold_numbers_but_no_cards() {
        for text in
            ["delivery 2026-11-26 of 12 boxes", "customer called at 0171 2345678", "order 4006381333931"]
        {
            assert!(check_text("the reason", text, 300, false).is_ok(), "{text}");
        }
        for text in ["card 4242424242424242", "4242-4242-4242-4242 was wrong", "x4000 0566 5566 5556"] {
            let error = check_text("the reason", text, 300, false).unwrap_err();
            assert!(!error.message.contains("4242") && !error.message.contains("5556"), "{error}");
        }
    }
}
