//! What the JSON of each command looks like, by a version that programs can rely on.
//!
//! Each shape was taken from what the command really wrote, and stands in `cli/shapes`. A test runs the
//! commands and compares. Within a version fields may come, and none goes or becomes something else.
//!
//! # Layout
//! - [`list`]: every command that writes JSON, with its version
//! - [`form`]: what a shape is: taken from values, joined, compared

pub(crate) mod form;
pub(crate) mod list;

use serde::Deserialize;
use serde_json::Value;

pub(crate) use list::{Entry, LIST};

/// What is known of the output of a command, as its file has it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Known {
    /// The command, such as `order get`.
    pub(crate) command: String,
    /// Which version of its shape this is.
    pub(crate) version: u32,
    /// What `-o json` writes; null if it writes no single value.
    pub(crate) json: Value,
    /// What each line of `-o jsonl` is: `"json"` for the same, `"json[]"` for each of its list.
    pub(crate) jsonl: Value,
}

impl Entry {
    /// What its file says; nothing if it is empty, or about another version.
    pub(crate) fn known(&self) -> Known {
        let written = self.written().filter(|known| known.version == self.version);
        let nothing = || Known {
            command: self.command.to_owned(),
            version: self.version,
            json: Value::Null,
            jsonl: Value::Null,
        };
        written.unwrap_or_else(nothing)
    }

    /// What stands in its file.
    pub(crate) fn written(&self) -> Option<Known> {
        serde_json::from_str(self.text).ok()
    }
}

#[cfg(test)]
mod tests {
    use clap::Command;

    use super::*;
    use crate::args::{When, tree};
    use crate::reference::commands;

    /// Commands without a promise, and why.
    const WITHOUT: &[(&str, &str)] = &[
        ("stock release", "needs an alarm; as stock adjust"),
        ("device claim", "needs an account; tests/shop/devices"),
        ("telemetry tail", "as subjects.md has events.ingest.recorded, a reading a line"),
        ("backup restore", "the shop must be down; tests/shop/system/backups.rs"),
        ("bench chart", "a picture"),
        ("bench page", "a page"),
        ("completion", "a script"),
        ("man", "a page"),
        ("events tail", "what the events say is in subjects.md"),
        ("schema check", "about another shape"),
        ("schema take", "a shape"),
        ("confirm", "needs a code from a mail; cli/tests/sign_in.rs"),
        ("login", "needs an account; cli/tests/sign_in.rs"),
        ("logout", "needs an account; cli/tests/sign_in.rs"),
        ("session ls", "needs an account; cli/tests/sign_in.rs"),
        ("session end", "needs an account; cli/tests/sign_in.rs"),
        ("password change", "needs an account; cli/tests/sign_in.rs"),
        ("password forgot", "needs an account; cli/tests/sign_in.rs"),
        ("password reset", "needs an account; cli/tests/sign_in.rs"),
        ("customer get", "needs an account; cli/tests/sign_in.rs"),
        ("customer role", "needs an account; cli/tests/sign_in.rs"),
        ("customer disable", "needs an account; cli/tests/sign_in.rs"),
        ("customer enable", "needs an account; cli/tests/sign_in.rs"),
        ("dlq show", "needs a dead letter; cli/tests/letters.rs"),
        ("dlq drop", "needs a dead letter; cli/tests/letters.rs"),
        ("keys rotate", "starts every service again; cli/tests/keys.rs"),
        ("user rm", "cli/tests/keys.rs"),
        ("order cancel", "only what waits can be cancelled; as order get"),
    ];

    #[test]
    fn every_command_has_a_promise_or_a_reason_for_none() {
        let mut root = tree(When::Never);
        root.build();
        // One that has commands below it and need not be given one of them does something itself, as `trace`.
        let does = |one: &Command| !one.has_subcommands() || !one.is_subcommand_required_set();
        let leaves = commands(&root).into_iter().filter(|one| does(one) && !one.is_hide_set());
        let names: Vec<String> =
            leaves.filter_map(|one| Some(one.get_bin_name()?.strip_prefix("shopctl ")?.to_owned())).collect();
        let is_promised = |name: &str| LIST.iter().any(|entry| entry.command == name);
        let is_without = |name: &str| WITHOUT.iter().any(|(without, _)| *without == name);
        let open: Vec<&String> =
            names.iter().filter(|name| !is_promised(name) && !is_without(name)).collect();
        assert!(open.is_empty(), "neither in shape/list.rs nor here: {open:#?}");
        for name in LIST.iter().map(|entry| entry.command).chain(WITHOUT.iter().map(|(name, _)| *name)) {
            assert!(names.iter().any(|known| known == name), "there is no command {name}");
            assert!(!(is_promised(name) && is_without(name)), "{name} stands in both");
        }
    }
}
