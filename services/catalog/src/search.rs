//! From what a person typed to queries that are always legal, and the cursor of what they find.

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

/// So many words, the last ones, may be beginnings of others. Those before them must be there whole.
/// The index reads all places of all words with a beginning before it finds the first.
const BEGINNINGS_MAX: usize = 3;

/// How well a product answers a search. The better rank comes first; within one, what came into the
/// catalog first. So a place does not depend on other products, and a page is read off the index
/// from where the one before ended, however many match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rank {
    /// Its number was typed.
    Sku,
    /// Its name or number begins with what was typed.
    Begins,
    /// Every word stands in its name or number.
    Named,
    /// Every word stands there or in its category.
    Filed,
    /// Every word stands somewhere.
    Said,
    /// Its name or number has every word, some only as a beginning.
    NamedAlike,
    /// It has every word somewhere, some only as a beginning.
    Alike,
}

impl Rank {
    /// All of them, the best first.
    pub const ALL: [Self; 7] =
        [Self::Sku, Self::Begins, Self::Named, Self::Filed, Self::Said, Self::NamedAlike, Self::Alike];
}

/// Where a product stood among what a search found: the cursor of the page behind it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Among which.
    pub rank: Rank,
    /// The product.
    pub sku: Sku,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.rank as usize, self.sku)
    }
}

impl FromStr for Place {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (rank, sku) = text.split_once('.').ok_or_else(invalid_cursor)?;
        let rank: usize = rank.parse().map_err(|_| invalid_cursor())?;
        Ok(Self { rank: *Rank::ALL.get(rank).ok_or_else(invalid_cursor)?, sku: sku.parse()? })
    }
}

/// What is looked for.
///
/// A product must have every word. Each is quoted, so that nothing in it means anything to the
/// index: `mug-blue` and `fisherman's` are their parts, side by side.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Search {
    /// The product whose number was typed, if it can be one.
    pub sku: Option<Sku>,
    /// Only of this category.
    pub category: Option<String>,
    begins: String,
    whole: String,
    beginnings: String,
}

impl Search {
    /// Reads what a person typed; none if no word is in it.
    ///
    /// # Errors
    /// `invalid_text` if it is longer than [`SEARCH_CHARS_MAX`] characters.
    pub fn of(text: &str, category: Option<String>) -> Result<Option<Self>> {
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
        if words.is_empty() {
            return Ok(None);
        }
        let phrases: Vec<String> = words.iter().map(|word| quoted(word)).collect();
        // A word that is said twice is looked for once, as its last one.
        let once = |place: &usize| !words[place + 1..].contains(&words[*place]);
        let places: Vec<usize> = (0..words.len()).filter(once).collect();
        let may_begin = places.len().saturating_sub(BEGINNINGS_MAX);
        let beginning = |(number, place): (usize, &usize)| {
            let phrase = &phrases[*place];
            let is_last = number + 1 == places.len();
            let is_long = words[*place].chars().count() >= BEGINNING_CHARS_MIN;
            if is_last || (number >= may_begin && is_long) { format!("{phrase} *") } else { phrase.clone() }
        };
        Ok(Some(Self {
            sku: text.trim().parse().ok(),
            category,
            begins: format!("^ {}", phrases.join(" + ")),
            whole: places.iter().map(|place| &*phrases[*place]).collect::<Vec<_>>().join(" AND "),
            beginnings: places.iter().enumerate().map(beginning).collect::<Vec<_>>().join(" AND "),
        }))
    }

    /// The query for all ranks of whole words that do not stand in a description only. Where it finds
    /// nothing, these ranks need not be asked one by one: each walks along all places of a word that
    /// every description has.
    pub fn query_before_said(&self) -> String {
        self.in_category(format!("{{sku name category}} : ({})", self.whole))
    }

    /// The query for a rank and no better one; none for a number, which needs no index of words.
    pub fn query(&self, rank: Rank) -> Option<String> {
        let Self { begins, whole, beginnings, .. } = self;
        let query = match rank {
            Rank::Sku => return None,
            Rank::Begins => format!("{{sku name}} : ({begins})"),
            Rank::Named => format!("({{sku name}} : ({whole})) NOT ({{sku name}} : ({begins}))"),
            Rank::Filed => format!("({{sku name category}} : ({whole})) NOT ({{sku name}} : ({whole}))"),
            Rank::Said => format!("({whole}) NOT ({{sku name category}} : ({whole}))"),
            Rank::NamedAlike => format!("({{sku name}} : ({beginnings})) NOT ({whole})"),
            Rank::Alike => format!("({beginnings}) NOT (({whole}) OR ({{sku name}} : ({beginnings})))"),
        };
        Some(self.in_category(query))
    }

    fn in_category(&self, query: String) -> String {
        match self.category.as_deref().and_then(words_of_category) {
            Some(phrase) => format!("({{category}} : {phrase}) AND ({query})"),
            None => query,
        }
    }
}

fn quoted(word: &str) -> String {
    format!("\"{}\"", word.replace('"', "\"\""))
}

/// What the index knows of a category, so that not every product with the words is looked at; none if
/// there may be no word in it that the index knows. That it is this very category the table says.
fn words_of_category(category: &str) -> Option<String> {
    let is_known = category.contains(|character: char| character.is_ascii_alphanumeric());
    (is_known && !category.contains(char::is_control)).then(|| quoted(category))
}

#[cfg(test)]
mod tests {
    use kit::Example;
    use kit::page::after;

    use super::*;

    fn search(text: &str) -> Search {
        Search::of(text, None).unwrap().unwrap()
    }

    fn query_of(text: &str) -> String {
        search(text).beginnings
    }

    #[test]
    fn every_word_is_quoted_and_may_be_a_beginning() {
        assert_eq!(query_of("mug"), r#""mug" *"#);
        assert_eq!(query_of(" blue\tmu "), r#""blue" * AND "mu" *"#);
        assert_eq!(search("blue\tmu").whole, r#""blue" AND "mu""#);
        assert_eq!(search("blue\tmu").begins, r#"^ "blue" + "mu""#);
    }

    #[test]
    fn a_short_word_is_a_beginning_only_at_the_end() {
        assert_eq!(query_of("in blue"), r#""in" AND "blue" *"#);
        assert_eq!(query_of("in"), r#""in" *"#);
    }

    #[test]
    fn a_word_is_looked_for_once_and_only_the_last_ones_as_beginnings() {
        assert_eq!(query_of("mug blue mug blue mug"), r#""blue" * AND "mug" *"#);
        let many = query_of("w001 w002 w003 w004");
        assert!(many.starts_with(r#""w001" AND "w002" * AND"#), "{many}");
        assert_eq!(many.matches('*').count(), BEGINNINGS_MAX);
    }

    #[test]
    fn nothing_in_a_word_is_obeyed() {
        assert_eq!(query_of(r#"5" OR NEAR("#), r#""5""" AND "OR" AND "NEAR(" *"#);
        assert_eq!(query_of("name:mug"), r#""name:mug" *"#);
    }

    #[test]
    fn control_characters_part_words() {
        assert_eq!(query_of("mug\0tea"), r#""mug" * AND "tea" *"#);
    }

    #[test]
    fn a_number_is_looked_for_as_such() {
        assert_eq!(search(" mug-blue ").sku, Some(Sku::example()));
        assert_eq!(search("blue mug").sku, None);
    }

    #[test]
    fn a_category_is_looked_for_by_its_words_if_it_surely_has_some() {
        let query = |category: &str| {
            let search = Search::of("mug", Some(category.into())).unwrap().unwrap();
            search.query(Rank::Begins).unwrap()
        };
        assert_eq!(query("5\" cups"), r#"({category} : "5"" cups") AND ({sku name} : (^ "mug"))"#);
        assert_eq!(query("☕"), r#"{sku name} : (^ "mug")"#);
    }

    #[test]
    fn without_a_word_there_is_no_query() {
        for text in ["", "  ", "\0", "\"", "* - ^", "🦊 ☕"] {
            assert_eq!(Search::of(text, None).unwrap(), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_has_a_longest_length() {
        assert!(Search::of(&"é".repeat(SEARCH_CHARS_MAX), None).is_ok());
        let long = Search::of(&"é".repeat(SEARCH_CHARS_MAX + 1), None);
        assert_eq!(long.unwrap_err().reason, reason::INVALID_TEXT);
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        for rank in Rank::ALL {
            let place = Place { rank, sku: Sku::example() };
            assert_eq!(after(Some(&place.to_string())).unwrap(), Some(place));
        }
    }

    #[test]
    fn a_cursor_that_is_not_ours_is_refused() {
        for text in
            ["", ".", "5", "mug-blue", "-1.mug-blue", "7.mug-blue", "1.5.mug-blue", "1.a b", "1.", "é"]
        {
            assert_eq!(after::<Place>(Some(text)).unwrap_err().reason, reason::INVALID_CURSOR, "{text:?}");
        }
    }
}
