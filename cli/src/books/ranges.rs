//! Numbers of messages, kept and told as ranges.

use std::collections::BTreeSet;

use serde::{Serialize, Serializer};

/// Ranges that are named before the rest is only counted.
const NAMED_MAX: usize = 5;

/// A set of numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ranges(BTreeSet<u64>);

impl Ranges {
    /// Adds a number.
    pub fn add(&mut self, number: u64) {
        self.0.insert(number);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.0.len() as u64
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn ranges(&self) -> Vec<(u64, u64)> {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for number in &self.0 {
            match ranges.last_mut() {
                Some((_, last)) if *last + 1 == *number => *last = *number,
                _ => ranges.push((*number, *number)),
            }
        }
        ranges
    }

    /// The first of them as people read them: `3, 7-9 and 12 more`.
    pub fn named(&self) -> String {
        let ranges = self.ranges();
        let shown = ranges.iter().take(NAMED_MAX);
        let mut text = shown.map(|range| one(*range)).collect::<Vec<_>>().join(", ");
        let rest: u64 = ranges.iter().skip(NAMED_MAX).map(|(first, last)| last - first + 1).sum();
        if rest > 0 {
            text.push_str(&format!(" and {rest} more"));
        }
        text
    }
}

fn one((first, last): (u64, u64)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

impl FromIterator<u64> for Ranges {
    fn from_iter<I: IntoIterator<Item = u64>>(numbers: I) -> Self {
        Self(numbers.into_iter().collect())
    }
}

/// As JSON: a list of `[first, last]`.
impl Serialize for Ranges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.ranges().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_told_as_one_range() {
        let ranges: Ranges = [9, 3, 7, 8, 8, 12].into_iter().collect();
        assert_eq!((ranges.named().as_str(), ranges.count()), ("3, 7-9, 12", 5));
        assert_eq!(serde_json::to_string(&ranges).unwrap(), "[[3,3],[7,9],[12,12]]");
        assert!(Ranges::default().is_empty());
    }

    #[test]
    fn beyond_the_first_few_they_are_counted() {
        let ranges: Ranges = (0..10).map(|n| n * 10).chain([91, 92]).collect();
        assert_eq!(ranges.named(), "0, 10, 20, 30, 40 and 7 more");
    }
}
