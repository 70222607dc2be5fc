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
    /// What each line of `-o jsonl` is; null if it writes none.
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
