//! Our own colours, from the text of a drawing to the styles of a terminal's cells.

use ratatui::style::{Color, Modifier, Style};
use unicode_width::UnicodeWidthChar;

/// How the colours of [`crate::output::Tone`] begin.
const BEGIN: &str = "\u{1b}[";

/// A text in pieces of one style each. Whatever is no colour of ours stays in the text, for whoever
/// writes it out.
pub(super) fn spans(text: &str) -> Vec<(Style, String)> {
    let mut spans: Vec<(Style, String)> = Vec::new();
    let mut style = Style::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some((changed, behind)) = colour(rest) {
            style = changed;
            rest = behind;
            continue;
        }
        let first = rest.chars().next().map_or(1, char::len_utf8);
        let end = rest[first..].find(BEGIN).map_or(rest.len(), |place| place + first);
        match spans.last_mut() {
            Some((before, piece)) if *before == style => piece.push_str(&rest[..end]),
            _ => spans.push((style, rest[..end].to_owned())),
        }
        rest = &rest[end..];
    }
    spans
}

/// The style that begins here, and what is behind.
fn colour(text: &str) -> Option<(Style, &str)> {
    let (code, behind) = text.strip_prefix(BEGIN)?.split_once('m')?;
    let style = match code {
        "0" | "39" => Style::new(),
        "1" => Style::new().add_modifier(Modifier::BOLD),
        "2" => Style::new().add_modifier(Modifier::DIM),
        code => Style::new().fg(Color::Indexed(code.strip_prefix("38;5;")?.parse().ok()?)),
    };
    Some((style, behind))
}

/// The text without its first cells, as many of them as are hidden; those are counted down.
pub(super) fn without<'a>(text: &'a str, hidden: &mut usize) -> &'a str {
    for (place, character) in text.char_indices() {
        if *hidden == 0 {
            return &text[place..];
        }
        *hidden = hidden.saturating_sub(character.width().unwrap_or(0));
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Tone, paint};

    #[test]
    fn every_colour_of_ours_is_understood() {
        for tone in [Tone::Good, Tone::Warn, Tone::Bad, Tone::Faint, Tone::Strong, Tone::Hue(0), Tone::Hue(6)]
        {
            let found = spans(&format!("a{}b", paint(true, tone, "text")));
            let texts: Vec<&str> = found.iter().map(|(_, text)| text.as_str()).collect();
            assert_eq!(texts, ["a", "text", "b"], "{tone:?}");
            assert_ne!(found[1].0, Style::new(), "{tone:?}");
            assert_eq!(found[2].0, Style::new(), "{tone:?}");
        }
    }

    #[test]
    fn what_is_no_colour_stays_in_the_text() {
        for text in
            ["\u{1b}[2J", "\u{1b}[38;5;999mx", "\u{1b}[", "\u{1b}", "\u{1b}[8mhidden", "é\u{1b}]0;t\u{7}"]
        {
            let all: String = spans(text).into_iter().map(|(_, text)| text).collect();
            assert_eq!(all, text);
        }
    }

    #[test]
    fn what_is_to_the_left_of_the_screen_is_left_out() {
        let (mut none, mut two, mut many) = (0, 2, 9);
        assert_eq!(
            (without("abc", &mut none), without("漢字", &mut two), without("abc", &mut many)),
            ("abc", "字", "")
        );
        assert_eq!((none, two, many), (0, 0, 6));
    }
}
