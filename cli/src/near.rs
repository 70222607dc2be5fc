//! The name that was probably meant by one that does not exist.

use clap::error::{ContextKind, ContextValue, ErrorKind};

/// What stands before the words that a value may be, in errors that list them.
const ONE_OF: &str = "one of ";

/// Of a word that is not understood, so many characters at most are repeated.
const REPEATED_CHARS_MAX: usize = 120;

/// The same mistake in the command line, in which a long word is not repeated whole.
pub(crate) fn shortened(mut error: clap::Error) -> clap::Error {
    let mut is_long = false;
    for kind in [ContextKind::InvalidValue, ContextKind::InvalidArg, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(word)) = error.get(kind) else { continue };
        let Some((end, _)) = word.char_indices().nth(REPEATED_CHARS_MAX) else { continue };
        let short = format!("{}...", &word[..end]);
        error.insert(kind, ContextValue::String(short));
        is_long = true;
    }
    if is_long {
        // What clap suggests repeats the word.
        error.remove(ContextKind::Suggested);
    }
    error
}

/// The same mistake in the command line with the word that was probably meant, if it is about a word
/// that is one of a few. For commands and options clap does this itself.
pub(crate) fn suggesting(mut error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::ValueValidation {
        return error;
    }
    let Some(ContextValue::String(typed)) = error.get(ContextKind::InvalidValue) else { return error };
    let why = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    let words = why.split_once(ONE_OF).map_or("", |(_, words)| words);
    let words = words.split([',', ' ']).filter(|word| !word.is_empty() && *word != "or");
    if let Some(near) = nearest(typed, words) {
        let tip = format!("a similar value exists: '{near}'");
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![tip.into()]));
    }
    error
}

/// How many letters may be wrong, missing or too many: one in three, and always one.
fn slips_max(name: &str) -> usize {
    (name.chars().count() / 3).max(1)
}

/// The nearest of some names, if one is near.
pub(crate) fn nearest<'a>(typed: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let near = names.into_iter().map(|name| (slips(&typed, &name.to_lowercase()), name));
    near.filter(|(slips, name)| *slips <= slips_max(name)).min().map(|(_, name)| name)
}

/// How many letters must be put in, left out, replaced or exchanged with their neighbour.
fn slips(from: &str, to: &str) -> usize {
    let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
    let mut rows = vec![(0..=to.len()).collect::<Vec<usize>>()];
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(a != b);
            let mut least = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == to[j - 1] && from[i - 1] == *b {
                least = least.min(rows[i - 1][j - 1] + 1);
            }
            row.push(least);
        }
        rows.push(row);
    }
    rows[from.len()][to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_slip_of_the_finger_is_forgiven_and_a_guess_is_not_made() {
        let names = ["edge-berlin", "edge-bonn", "local"];
        assert_eq!(nearest("edge-belrin", names), Some("edge-berlin"));
        assert_eq!(nearest("Locl", names), Some("local"));
        assert_eq!(nearest("edgebonn", names), Some("edge-bonn"));
        assert_eq!(nearest("production", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest("local", []), None);
    }

    #[test]
    fn a_long_word_that_is_not_understood_is_not_repeated_whole() {
        let long = "x".repeat(100_000);
        for line in [
            format!("shopctl dlq show cart/{long}"),
            format!("shopctl order get {long}"),
            format!("shopctl {long}"),
            format!("shopctl status --{long}"),
            format!("shopctl status --{long}=1"),
            format!("shopctl status {long}"),
            format!("shopctl dlq show cart/1 --{long}"),
            format!("shopctl status --output {long}"),
        ] {
            let tree = crate::args::tree(crate::args::When::Never);
            let error = tree.try_get_matches_from(line.split(' ')).unwrap_err();
            let said = shortened(suggesting(error)).to_string();
            assert!(said.len() < 2000 && said.contains("xxx..."), "{}: {} bytes", &line[..30], said.len());
        }
        let short = crate::args::tree(crate::args::When::Never).try_get_matches_from(["shopctl", "statsu"]);
        assert!(shortened(short.unwrap_err()).to_string().contains("'status'"));
    }

    #[test]
    fn a_value_that_was_misspelt_is_recognised() {
        let said = |line: &str| {
            let tree = crate::args::tree(crate::args::When::Never);
            suggesting(tree.try_get_matches_from(line.split(' ')).unwrap_err()).to_string()
        };
        let stage = said("shopctl order ls --stage placed,confirmd");
        assert!(stage.contains("tip: a similar value exists: 'confirmed'"), "{stage}");
        assert!(!said("shopctl order ls --stage nonsense").contains("tip"));
        let number = said("shopctl order get pay_01h2e8kqvbfwea724h75qc655w");
        assert!(number.contains("this is the number of a payment"), "{number}");
        assert!(number.contains("shopctl trace pay_01h2e8kqvbfwea724h75qc655w"), "{number}");
    }

    proptest! {
        #[test]
        fn slips_are_counted_the_same_in_both_directions(a in "\\PC{0,8}", b in "\\PC{0,8}") {
            prop_assert_eq!(slips(&a, &b), slips(&b, &a));
            prop_assert_eq!(slips(&a, &b) == 0, a == b);
        }
    }
}
