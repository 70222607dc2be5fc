//! Text from others: what may stand in a name, and how anything at all is shown on one line.

use std::borrow::Cow;

use crate::error::{Error, Result, reason};

/// Whether this is a name of a service: lower case letters, digits and `_`, at most 32 of them.
pub fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// Whether a character could move the cursor, hide text, or reverse how it reads.
///
/// Control characters (C0, C1), line and paragraph separators, the Unicode controls of direction, and
/// what takes no room at all: with it, two names that differ look the same. The joiners U+200C and
/// U+200D are left, although they take none: Persian, Hindi and many emoji are not written without them.
pub fn is_unprintable(character: char) -> bool {
    let separates = matches!(character, '\u{2028}' | '\u{2029}');
    let turns = matches!(character, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let takes_no_room = matches!(character, '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{feff}');
    character.is_control() || separates || turns || takes_no_room
}

/// The same text on one line, with everything a terminal might obey written out as `\u{1b}`.
pub fn printable(text: &str) -> Cow<'_, str> {
    // Nearly all that is sent is plain, which bytes show faster than characters.
    let plain = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
    if plain || !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut line = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '\n' => line.push_str("\\n"),
            '\r' => line.push_str("\\r"),
            '\t' => line.push_str("\\t"),
            other if is_unprintable(other) => line.extend(other.escape_unicode()),
            other => line.push(other),
        }
    }
    Cow::Owned(line)
}

/// The same text with every number of 13 digits or more, also in groups, cut to its last four: what
/// somebody sent in the wrong place is not repeated to anybody.
pub fn without_long_numbers(text: &str) -> Cow<'_, str> {
    const DIGITS: usize = 13;
    if text.bytes().filter(u8::is_ascii_digit).count() < DIGITS {
        return Cow::Borrowed(text);
    }
    let (mut clean, mut run) = (String::with_capacity(text.len()), String::new());
    let flush = |run: &mut String, clean: &mut String| {
        let digits: Vec<char> = run.chars().filter(char::is_ascii_digit).collect();
        if digits.len() >= DIGITS {
            clean.push_str("****");
            clean.extend(&digits[digits.len() - 4..]);
            clean.extend(
                run.chars().rev().take_while(|c| !c.is_ascii_digit()).collect::<Vec<_>>().iter().rev(),
            );
        } else {
            clean.push_str(run);
        }
        run.clear();
    };
    for character in text.chars() {
        let separates = matches!(character, ' ' | '-' | '.' | '_' | '/') && !run.is_empty();
        if character.is_ascii_digit() || separates {
            run.push(character);
        } else {
            flush(&mut run, &mut clean);
            clean.push(character);
        }
    }
    flush(&mut run, &mut clean);
    Cow::Owned(clean)
}

/// Checks a text that a person wrote.
///
/// # Errors
/// `invalid_text` if it is empty, longer than `chars_max` characters, or holds characters that
/// cannot be printed. Line breaks are allowed only if `lines` says so.
pub fn check(what: &str, text: &str, chars_max: usize, lines: bool) -> Result<()> {
    let problem = if text.trim().is_empty() {
        "is empty".to_owned()
    } else if text.chars().count() > chars_max {
        format!("is longer than {chars_max} characters")
    } else if text.chars().any(|c| is_unprintable(c) && !(lines && matches!(c, '\n' | '\t'))) {
        "holds control characters".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::invalid(reason::INVALID_TEXT, format!("{what} {problem}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_others_cannot_drive_a_terminal() {
        assert_eq!(printable("plain – ünïcode"), "plain – ünïcode");
        assert_eq!(printable("a\u{1b}[2Jb\r\nc"), "a\\u{1b}[2Jb\\r\\nc");
        assert_eq!(printable("abc\u{202e}def"), "abc\\u{202e}def");
        assert_eq!(printable("abc\u{61c}def"), "abc\\u{61c}def");
    }

    #[test]
    fn what_takes_no_room_is_shown_unless_words_are_written_with_it() {
        for hidden in ['\u{200b}', '\u{2060}', '\u{2064}', '\u{feff}'] {
            assert_eq!(printable(&format!("mug{hidden}")), format!("mug{}", hidden.escape_unicode()));
        }
        for written in ["می\u{200c}خواهم", "👩\u{200d}💻", "क्\u{200d}ष"] {
            assert_eq!(printable(written), written);
        }
    }

    #[test]
    fn a_long_number_is_cut_to_its_end() {
        for (said, shown) in [
            ("unknown field `4242424242424242`, expected", "unknown field `****4242`, expected"),
            ("4242 4242-4242 4242 and 17", "****4242 and 17"),
            ("a 4000056655665556, b", "a ****5556, b"),
            ("2026-11-26 at 18:06", "2026-11-26 at 18:06"),
            ("123456789012", "123456789012"),
        ] {
            assert_eq!(without_long_numbers(said), shown, "{said}");
        }
    }

    #[test]
    fn a_text_is_neither_empty_nor_endless_nor_full_of_controls() {
        assert!(check("name", "Mug, blue", 20, false).is_ok());
        for bad in ["", "   ", "a\nb", "a\0b", "123456789012345678901"] {
            assert_eq!(check("name", bad, 20, false).unwrap_err().reason, reason::INVALID_TEXT, "{bad:?}");
        }
        assert!(check("text", "two\nlines", 20, true).is_ok());
    }
}
