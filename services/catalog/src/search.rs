//! From what a person typed to a query that is always legal, and the cursor of what it finds.

use std::fmt;
use std::str::FromStr;

use contracts::Sku;
use contracts::catalog::SEARCH_CHARS_MAX;
use kit::error::reason;
use kit::page::invalid_cursor;
use kit::{Error, Result};

/// A word must have so many characters before it is taken for the beginning of others, unless it
/// is the last, which may still be being typed. `in` would find `infuser`.
const BEGINNING_CHARS_MIN: usize = 3;

/// Where a product stood among what a search found: the cursor of the page behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// How many were shown until it, and it.
    pub number: u32,
    /// The product.
    pub sku: Sku,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.number, self.sku)
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (number, sku) = text.split_once('.').ok_or_else(invalid_cursor)?;
        Ok(Self { number: number.parse().map_err(|_| invalid_cursor())?, sku: sku.parse()? })
    }
}

/// The query for what a person typed, or none if no word is in it.
///
/// A product must have every word. Each is quoted, so that nothing in it means anything to the
/// index: `mug-blue` and `fisherman's` are their parts, side by side. A word may be the beginning
/// of a longer one; it is then asked for twice, whole and as a beginning, so that what has the
/// whole word stands before what only begins with it.
///
/// # Errors
/// `invalid_text` if it is longer than [`SEARCH_CHARS_MAX`] characters.
pub fn query(text: &str) -> Result<Option<String>> {
    if text.chars().count() > SEARCH_CHARS_MAX {
        return Err(Error::invalid(
            reason::INVALID_TEXT,
            format!("the search text is longer than {SEARCH_CHARS_MAX} characters"),
        ));
    }
    // The index reads a query only up to its first NUL: control characters part words, like space.
    let words: Vec<&str> = text
        .split(|character: char| character.is_whitespace() || character.is_control())
        .filter(|word| word.contains(char::is_alphanumeric))
        .collect();
    let terms: Vec<String> =
        words.iter().enumerate().map(|(place, word)| term(word, place + 1 == words.len())).collect();
    Ok((!terms.is_empty()).then(|| terms.join(" AND ")))
}

fn term(word: &str, last: bool) -> String {
    let phrase = format!("\"{}\"", word.replace('"', "\"\""));
    if last || word.chars().count() >= BEGINNING_CHARS_MIN {
        format!("({phrase} OR {phrase} *)")
    } else {
        phrase
    }
}

#[cfg(test)]
mod tests {
    use kit::Example;
    use kit::page::after;

    use super::*;

    fn query_of(text: &str) -> String {
        query(text).unwrap().unwrap_or_default()
    }

    #[test]
    fn every_word_is_quoted_and_may_be_a_beginning() {
        assert_eq!(query_of("mug"), r#"("mug" OR "mug" *)"#);
        assert_eq!(query_of(" blue\tmu "), r#"("blue" OR "blue" *) AND ("mu" OR "mu" *)"#);
    }

    #[test]
    fn a_short_word_is_a_beginning_only_at_the_end() {
        assert_eq!(query_of("in blue"), r#""in" AND ("blue" OR "blue" *)"#);
        assert_eq!(query_of("in"), r#"("in" OR "in" *)"#);
    }

    #[test]
    fn nothing_in_a_word_is_obeyed() {
        assert_eq!(query_of(r#"5" OR NEAR("#), r#""5""" AND "OR" AND ("NEAR(" OR "NEAR(" *)"#);
        assert_eq!(query_of("name:mug"), r#"("name:mug" OR "name:mug" *)"#);
    }

    #[test]
    fn control_characters_part_words() {
        assert_eq!(query_of("mug\0tea"), r#"("mug" OR "mug" *) AND ("tea" OR "tea" *)"#);
    }

    #[test]
    fn without_a_word_there_is_no_query() {
        for text in ["", "  ", "\0", "\"", "* - ^", "🦊 ☕"] {
            assert_eq!(query(text).unwrap(), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_has_a_longest_length() {
        assert!(query(&"é".repeat(SEARCH_CHARS_MAX)).is_ok());
        assert_eq!(query(&"é".repeat(SEARCH_CHARS_MAX + 1)).unwrap_err().reason, reason::INVALID_TEXT);
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place { number: 50, sku: Sku::example() };
        assert_eq!(after(Some(&place.to_string())).unwrap(), Some(place));
    }

    #[test]
    fn a_cursor_that_is_not_ours_is_refused() {
        for text in [
            "",
            ".",
            "50",
            "mug-blue",
            "-1.mug-blue",
            "4294967296.mug-blue",
            "1.5.mug-blue",
            "1.a b",
            "1.",
            "é",
        ] {
            assert_eq!(after::<Place>(Some(text)).unwrap_err().reason, reason::INVALID_CURSOR, "{text:?}");
        }
    }
}
