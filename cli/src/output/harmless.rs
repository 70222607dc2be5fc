//! Text and JSON with everything written out that a terminal might obey.

use std::borrow::Cow;

use kit::text::is_unprintable;

use super::tone::codes;

/// The same text with everything written out that a terminal might obey, but for line breaks and
/// the colours of [`Tone`].
pub(crate) fn harmless(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        let colour = codes().find(|colour| rest.starts_with(colour));
        let taken = colour.map_or(character.len_utf8(), str::len);
        match character {
            _ if colour.is_some() => clean.push_str(&rest[..taken]),
            '\n' => clean.push('\n'),
            _ => clean.push_str(&kit::text::printable(&rest[..taken])),
        }
        rest = &rest[taken..];
    }
    Cow::Owned(clean)
}

/// JSON in which no character is left that a terminal might obey. Such a character can only stand
/// inside a text, where it may be written as `\u001b`.
pub(crate) fn harmless_json(json: &str) -> Cow<'_, str> {
    if !json.chars().any(|character| is_unprintable(character) && character != '\n') {
        return Cow::Borrowed(json);
    }
    let mut clean = String::with_capacity(json.len() + 8);
    for character in json.chars() {
        match character {
            '\n' => clean.push('\n'),
            other if is_unprintable(other) => clean.push_str(&format!("\\u{:04x}", u32::from(other))),
            other => clean.push(other),
        }
    }
    Cow::Owned(clean)
}

#[cfg(test)]
mod tests {
    use super::super::tone::paint;
    use super::super::{Cell, Table, Tone};
    use super::*;

    #[test]
    fn text_from_others_cannot_drive_the_terminal() {
        assert_eq!(harmless("a\u{1b}]0;title\u{7}b\u{9b}2J\r"), "a\\u{1b}]0;title\\u{7}b\\u{9b}2J\\r");
        let painted = paint(true, Tone::Good, "ok");
        assert_eq!(harmless(&painted), painted, "our own colours stay");
        assert_eq!(harmless("one\ntwo"), "one\ntwo");
        assert_eq!(harmless("\u{1b}[8mhidden"), "\\u{1b}[8mhidden");
    }

    #[test]
    fn the_colours_of_a_table_are_ours() {
        let tones =
            [Tone::Good, Tone::Warn, Tone::Bad, Tone::Faint, Tone::Strong, Tone::Hue(0), Tone::Hue(6)];
        let table =
            Table::new(&["tone"]).rows(tones.map(|tone| vec![Cell::toned("text", tone)])).draw(None, true);
        assert!(tones.iter().all(|tone| table.contains(tone.begin())));
        assert_eq!(harmless(&table), table);
    }

    #[test]
    fn json_cannot_drive_the_terminal_and_says_the_same() {
        let value = serde_json::json!({ "name": "a\u{9b}2J\u{202e}b\u{1b}" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let clean = harmless_json(&text);
        assert!(!clean.chars().any(|character| is_unprintable(character) && character != '\n'));
        assert_eq!(serde_json::from_str::<serde_json::Value>(&clean).unwrap(), value);
    }
}
