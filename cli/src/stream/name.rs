//! Which stream, or which service, somebody means.

use kit::client::StreamState;
use kit::text::printable;

use crate::failure::{Failure, exit};
use crate::show;

/// Mistakes in a name from which it is still known what was meant.
const MISTAKES_MAX: usize = 2;

/// Names longer than this are nobody's typing error.
const TYPED_CHARS_MAX: usize = 64;

/// The stream of a name: its own, or that of its service, in whatever case.
///
/// # Errors
/// 3 if there is none, with the one that was perhaps meant.
pub(crate) fn stream<'a>(typed: &str, streams: &'a [StreamState]) -> Result<&'a StreamState, Failure> {
    let found = streams.iter().find(|stream| stream.name.eq_ignore_ascii_case(typed));
    found.ok_or_else(|| {
        let names: Vec<&str> = streams.iter().map(|stream| stream.name.as_str()).collect();
        unknown("stream", typed, &names, "shopctl stream ls")
    })
}

/// The name among some that is meant, in whatever case.
///
/// # Errors
/// 3 if there is none.
pub(crate) fn among<'a>(what: &str, typed: &str, names: &[&'a str], mend: &str) -> Result<&'a str, Failure> {
    let found = names.iter().find(|name| name.eq_ignore_ascii_case(typed));
    found.copied().ok_or_else(|| unknown(what, typed, names, mend))
}

fn unknown(what: &str, typed: &str, names: &[&str], mend: &str) -> Failure {
    let message = format!("there is no {what} {}", printable(&show::cut(typed, TYPED_CHARS_MAX)));
    let failure = Failure::new(exit::NOT_FOUND, format!("unknown_{what}"), message);
    let failure = match similar(typed, names) {
        Some(name) => failure.why(format!("did you mean {}?", printable(name))),
        None if names.is_empty() => failure.why("there are none at all"),
        None => failure.why(format!("there are {}", printable(&names.join(", ")))),
    };
    failure.mend(mend)
}

/// The name that is nearest to what was typed, if it is near enough.
pub(crate) fn similar<'a>(typed: &str, names: &[&'a str]) -> Option<&'a str> {
    let typed = typed.to_ascii_lowercase();
    if typed.chars().count() > TYPED_CHARS_MAX {
        return None;
    }
    let near = names.iter().map(|name| (mistakes(&typed, &name.to_ascii_lowercase()), *name));
    near.filter(|(mistakes, name)| *mistakes <= MISTAKES_MAX.min(name.len() / 2))
        .min_by_key(|(mistakes, _)| *mistakes)
        .map(|(_, name)| name)
}

/// How many letters must be put in, left out, exchanged or swapped with their neighbour to make one
/// word of the other.
fn mistakes(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let mut rows = vec![(0..=other.len()).collect::<Vec<usize>>()];
    for (i, letter) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, wanted) in other.iter().enumerate() {
            let exchanged = rows[i][j] + usize::from(letter != wanted);
            let mut least = exchanged.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *letter == other[j - 1] && one[i - 1] == *wanted {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[one.len()][other.len()]
}

/// Reads a filter of subjects. What does not begin with the name of a service is of the service whose
/// stream it is: of ORDER, `placed` is `events.order.placed`.
///
/// # Errors
/// What should stand there.
pub(crate) fn subject(typed: &str, stream: &str) -> Result<String, String> {
    let service = stream.to_ascii_lowercase();
    let words: Vec<&str> = typed.split('.').collect();
    let last = words.len() - 1;
    let sound = words.iter().enumerate().all(|(place, word)| {
        let plain = !word.is_empty() && word.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '*' | '>'));
        plain || *word == "*" || (*word == ">" && place == last)
    });
    if !sound {
        let typed = show::cut(typed, TYPED_CHARS_MAX);
        return Err(format!(
            "wanted are words with dots between them, * for any word and > for any rest, not '{}'",
            printable(&typed)
        ));
    }
    Ok(match words[0] {
        "events" | ">" => typed.to_owned(),
        first if first == service && last == 0 => format!("events.{service}.>"),
        first if first == service => format!("events.{typed}"),
        "*" if last > 0 => format!("events.{typed}"),
        _ => format!("events.{service}.{typed}"),
    })
}

/// Whether a subject is as a filter wants it.
pub(crate) fn is_wanted(subject: &str, filter: &str) -> bool {
    let mut words = subject.split('.');
    let mut wanted = filter.split('.');
    loop {
        match (words.next(), wanted.next()) {
            (Some(_), Some(">")) => return true,
            (Some(_), Some("*")) => {}
            (Some(word), Some(other)) if word == other => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_nearly_right_is_guessed() {
        let names = ["ORDER", "PAYMENT", "CART", "AUTH"];
        assert_eq!(similar("ordr", &names), Some("ORDER"));
        assert_eq!(similar("paymetn", &names), Some("PAYMENT"));
        assert_eq!(similar("crat", &names), Some("CART"));
        assert_eq!(similar("telemetry", &names), None);
        assert_eq!(similar("", &names), None);
        assert_eq!(similar(&"order".repeat(1000), &names), None);
    }

    #[test]
    fn a_name_that_is_unknown_cannot_drive_the_terminal() {
        let failure = among("stream", "\u{1b}[2J", &["ORDER"], "shopctl stream ls").unwrap_err();
        assert_eq!((failure.exit(), failure.code()), (exit::NOT_FOUND, "unknown_stream"));
        assert_eq!(failure.message(), "there is no stream \\u{1b}[2J");
    }

    #[test]
    fn a_filter_is_of_the_stream_unless_it_says_otherwise() {
        assert_eq!(subject("placed", "ORDER").unwrap(), "events.order.placed");
        assert_eq!(subject("order.placed", "ORDER").unwrap(), "events.order.placed");
        assert_eq!(subject("order", "ORDER").unwrap(), "events.order.>");
        assert_eq!(subject("*", "ORDER").unwrap(), "events.order.*");
        assert_eq!(subject("*.placed", "ORDER").unwrap(), "events.*.placed");
        assert_eq!(subject("events.order.>", "ORDER").unwrap(), "events.order.>");
        for wrong in ["", ".", "a..b", "a b", "a\nb", ">.a", "a*", "é"] {
            assert!(subject(wrong, "ORDER").is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_filter_wants_what_the_broker_would() {
        let placed = "events.order.placed";
        for filter in [">", "events.>", "events.*.placed", placed, "*.*.*", "events.order.>"] {
            assert!(is_wanted(placed, filter), "{filter}");
        }
        for filter in ["events", "events.order", "*.*", "events.order.placed.>", "events.cart.>", ""] {
            assert!(!is_wanted(placed, filter), "{filter}");
        }
    }
}
