//! Searching messages with a regular expression, and marking what was found.

use regex::{Regex, RegexBuilder};

use super::message::Message;
use crate::output::{Tone, paint};

/// What a compiled expression may take in bytes; a larger one is refused.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Length of an expression in characters.
const PATTERN_CHARS_MAX: usize = 1000;

/// What is searched for.
#[derive(Debug, Clone)]
pub(crate) struct Grep(Regex);

impl Grep {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub(crate) fn parse(pattern: &str) -> Result<Self, String> {
        if pattern.chars().count() > PATTERN_CHARS_MAX {
            return Err(format!("an expression has at most {PATTERN_CHARS_MAX} characters"));
        }
        let built = RegexBuilder::new(pattern).size_limit(COMPILED_BYTES_MAX).build();
        built.map(Self).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                "it is too large once its repetitions are written out; use smaller ones".to_owned()
            }
            error => place(&error.to_string()),
        })
    }

    /// Whether it is in a message: in its subject, in a header, or in what it says.
    pub(crate) fn finds(&self, message: &Message) -> bool {
        self.0.is_match(&message.subject)
            || self.0.is_match(&message.text)
            || message.every_header.iter().any(|(name, value)| self.0.is_match(&format!("{name}: {value}")))
    }

    /// A text in a colour, with what was found in another.
    pub(crate) fn mark(&self, text: &str, colours: bool, tone: Option<Tone>) -> String {
        let plain = |part: &str| tone.map_or_else(|| part.to_owned(), |tone| paint(colours, tone, part));
        let (mut marked, mut behind) = (String::new(), 0);
        for found in self.0.find_iter(text).filter(|found| !found.is_empty()) {
            marked.push_str(&plain(&text[behind..found.start()]));
            marked.push_str(&paint(colours, Tone::Bad, found.as_str()));
            behind = found.end();
        }
        marked + &plain(&text[behind..])
    }
}

/// The library draws the expression with a sign under the mistake; in a line it is a number.
fn place(error: &str) -> String {
    let what = error.lines().rev().find_map(|line| line.strip_prefix("error: ")).unwrap_or("it is none");
    let sign = error.lines().find(|line| line.contains('^') && line.trim_matches([' ', '^']).is_empty());
    // The expression stands four blanks from the edge.
    match sign.and_then(|line| line.find('^')).and_then(|column| (column + 1).checked_sub(4)) {
        Some(character) => format!("{what}, at character {character}"),
        None => what.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_an_expression_is_said_with_its_place() {
        let wrong = |pattern: &str| Grep::parse(pattern).unwrap_err();
        assert_eq!(wrong("ab(c"), "unclosed group, at character 3");
        assert_eq!(wrong("*"), "repetition operator missing expression, at character 1");
        assert!(wrong("(((a{100}){100}){100})").contains("too large"));
        assert!(wrong(&"a".repeat(2000)).contains("1000"));
        assert!(wrong("\n(").contains("unclosed group"), "{}", wrong("\n("));
    }

    #[test]
    fn what_was_found_is_marked_and_the_text_stays_the_same() {
        let grep = Grep::parse("mug").unwrap();
        assert_eq!(grep.mark("a mug, mugs", false, None), "a mug, mugs");
        let marked = grep.mark("a mug, mugs", true, None);
        assert_eq!(marked.matches(&paint(true, Tone::Bad, "mug")).count(), 2, "{marked:?}");
        assert_eq!(Grep::parse("x*").unwrap().mark("abc", true, None), "abc", "nothing is no match");
    }
}
