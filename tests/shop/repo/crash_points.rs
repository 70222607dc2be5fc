//! The crash points in the code and in their table are the same.

use std::collections::BTreeSet;

use kit::crash::POINTS;

use super::{files, top};

/// Every name that stands in a call of a place, wherever there is one.
fn called() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let own = top().join("kit/src/crash");
    for file in files("kit/src", ".rs").into_iter().filter(|file| !file.starts_with(&own)) {
        let text = std::fs::read_to_string(&file).unwrap();
        for call in ["crash::point(", "crash::pause("] {
            for behind in text.split(call).skip(1) {
                let name = behind.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                names.insert(
                    name.unwrap_or_else(|| panic!("{}: {call} without a name", file.display())).to_owned(),
                );
            }
        }
    }
    names
}

#[test]
fn each_crash_point_stands_in_the_code_and_in_the_table() {
    let listed: BTreeSet<String> = POINTS.iter().map(|point| point.name.to_owned()).collect();
    assert_eq!(called(), listed);
}
