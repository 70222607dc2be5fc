//! The page of faults names tests that exist.

use std::collections::BTreeSet;

use super::{files, read};

/// Shorter words in backticks are commands and files.
const NAME_CHARS_MIN: usize = 20;

#[test]
fn every_test_that_the_page_of_faults_names_exists() {
    let sources: Vec<String> =
        files("", ".rs").iter().map(|path| std::fs::read_to_string(path).unwrap()).collect();
    let page = read("docs/faults.md");
    let words: BTreeSet<&str> = page.split('`').skip(1).step_by(2).collect();
    let is_name = |word: &&str| {
        word.len() >= NAME_CHARS_MIN
            && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    let names: Vec<&str> = words.into_iter().filter(is_name).collect();
    assert!(names.len() > 50, "the page names its tests: {names:?}");
    for name in names {
        let declared = format!("fn {name}(");
        assert!(sources.iter().any(|source| source.contains(&declared)), "{name} is no test");
    }
    for number in 1..=53 {
        assert!(page.contains(&format!("\n| {number} |")), "fault {number} has a row");
    }
}
