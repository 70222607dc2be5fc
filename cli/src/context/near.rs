//! The name that was probably meant by one that does not exist.

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

    proptest! {
        #[test]
        fn slips_are_counted_the_same_in_both_directions(a in "\\PC{0,8}", b in "\\PC{0,8}") {
            prop_assert_eq!(slips(&a, &b), slips(&b, &a));
            prop_assert_eq!(slips(&a, &b) == 0, a == b);
        }
    }
}
