//! What fits into a line of a terminal, wide characters and hostile text included.

use kit::text::printable;
use unicode_width::UnicodeWidthChar;

/// The narrowest line anything is laid out for.
pub(crate) const WIDTH_MIN: usize = 20;

/// The character that asks for the picture of the one before it, which is then two cells wide.
const PICTURE: char = '\u{fe0f}';

/// The cells that a character takes at most.
fn cell(character: char) -> usize {
    if character == PICTURE { 1 } else { character.width().unwrap_or(0) }
}

/// The cells that a text takes at most.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(cell).sum()
}

/// A text in pieces of at most so many cells each, cut behind a blank where there is one; at least one
/// piece. What a terminal might obey is written out.
pub(crate) fn wrap(text: &str, cells: usize) -> Vec<String> {
    let cells = cells.max(2);
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for character in printable(text).chars() {
        let wide = cell(character);
        while used + wide > cells {
            // Blanks at the beginning are no place to cut: they say how deep a line stands.
            let begins = line.len() - line.trim_start_matches(' ').len();
            let cut = line.rfind(' ').map(|blank| blank + 1).filter(|cut| *cut > begins);
            let rest = line.split_off(cut.unwrap_or(line.len()));
            used = width(&rest);
            lines.push(std::mem::replace(&mut line, rest));
        }
        line.push(character);
        used += wide;
    }
    lines.push(line);
    lines
}

/// The facts of one thing under each other, each in as many lines as it needs. What is empty is left
/// out; a fact may have lines of its own. Without a width nothing is wrapped.
pub(crate) fn facts(facts: &[(&str, String)], wide: Option<usize>) -> String {
    let said = || facts.iter().filter(|(_, fact)| !fact.is_empty());
    let names = said().map(|(name, _)| name.len()).max().unwrap_or(0);
    let wide = wide.map(|wide| wide.max(WIDTH_MIN));
    let room = wide.map_or(usize::MAX, |wide| wide.saturating_sub(names + 2));
    // Beside long names there may be no room for what they stand for.
    let (indent, room) = if room < 10 { (2, wide.unwrap_or(usize::MAX) - 2) } else { (names + 2, room) };
    let mut lines = Vec::new();
    for (name, fact) in said() {
        let pieces = fact.split('\n').flat_map(|line| wrap(line, room));
        let mut name = if indent > names { Some(format!("{name:<indent$}")) } else { None }.or_else(|| {
            lines.push((*name).to_owned());
            None
        });
        for piece in pieces {
            let before = name.take().unwrap_or_else(|| " ".repeat(indent));
            lines.push(format!("{before}{piece}").trim_end().to_owned());
        }
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use unicode_width::UnicodeWidthStr;

    use super::*;

    #[test]
    fn a_text_is_cut_into_lines_that_fit() {
        assert_eq!(wrap("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(wrap("漢字漢字", 5), ["漢字", "漢字"]);
        assert_eq!(wrap("", 5), [""]);
        assert_eq!(wrap("one two three", 8), ["one two ", "three"]);
        assert_eq!(wrap("    indented", 8), ["    inde", "nted"]);
        assert_eq!(wrap("a\u{1b}[2J", 80), ["a\\u{1b}[2J"]);
    }

    #[test]
    fn facts_stand_under_each_other_and_what_is_long_goes_on_below() {
        let said =
            [("stream", "ORDER".to_owned()), ("note", String::new()), ("by", "a\nbcdefghijklmno".to_owned())];
        assert_eq!(facts(&said, None), "stream  ORDER\nby      a\n        bcdefghijklmno");
        assert_eq!(facts(&said, Some(20)), "stream  ORDER\nby      a\n        bcdefghijklm\n        no");
    }

    proptest! {
        #[test]
        fn facts_are_never_wider_than_asked(fact in any::<String>(), wide in 20..90usize) {
            for name in ["by", "a name that is long"] {
                let drawn = facts(&[(name, fact.clone())], Some(wide));
                prop_assert!(drawn.lines().all(|line| line.width() <= wide), "{drawn:?}");
            }
        }

        #[test]
        fn no_line_is_wider_than_asked_and_nothing_is_lost(text in any::<String>(), cells in 2..60usize) {
            let lines = wrap(&text, cells);
            prop_assert!(lines.iter().all(|line| line.width() <= cells && width(line) <= cells));
            prop_assert_eq!(lines.concat(), printable(&text));
        }
    }
}
