//! What the doctor says: findings, and what was measured.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Level {
    /// In order.
    Ok,
    /// Not known, and nothing that should be known: not looked at.
    Skipped,
    /// Something waits for a person, or will soon be wrong.
    Warn,
    /// Something does not work, or soon will not.
    Bad,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was looked at: `broker`, `services`, `disk`, ...
    pub(crate) check: &'static str,
    pub(crate) level: Level,
    /// What was found, for people.
    pub(crate) says: String,
    /// What mends it: commands, or what to do.
    pub(crate) mend: Vec<String>,
}

/// Something that was measured.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Measure {
    /// Its name, as monitoring has it: `stream_bytes`.
    pub(crate) name: &'static str,
    /// What it is.
    #[serde(skip)]
    pub(crate) help: &'static str,
    /// Of what it was measured, such as a service.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_field")]
    pub(crate) of: Option<(&'static str, String)>,
    pub(crate) value: f64,
}

/// Writes of what it was measured as programs look for it: `{"service": "order"}`.
fn as_field<S: Serializer>(of: &Option<(&'static str, String)>, to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(of.iter().map(|(what, which)| (what, which)))
}

/// Everything that was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Report {
    /// Whether nothing is wrong.
    pub(crate) well: bool,
    pub(crate) at: Timestamp,
    /// Whether the broker answered, so that anybody could be asked.
    pub(crate) broker_reached: bool,
    pub(crate) findings: Vec<Finding>,
    pub(crate) measures: Vec<Measure>,
}

impl Report {
    pub(super) fn new(at: Timestamp) -> Self {
        Self { well: true, at, broker_reached: true, findings: Vec::new(), measures: Vec::new() }
    }

    /// The worst that was found.
    pub(crate) fn worst(&self) -> Level {
        let looked_at = self.findings.iter().filter(|finding| finding.level != Level::Skipped);
        looked_at.map(|finding| finding.level).max().unwrap_or(Level::Ok)
    }

    pub(super) fn say(&mut self, check: &'static str, level: Level, says: impl Into<String>, mend: &[&str]) {
        self.well &= level < Level::Warn;
        let mend = mend.iter().map(|mend| (*mend).to_owned()).collect();
        self.findings.push(Finding { check, level, says: says.into(), mend });
    }

    /// Says that a check is in order, unless it has found something.
    pub(super) fn else_ok(&mut self, check: &'static str, says: impl Into<String>) {
        if !self.has(check) {
            self.say(check, Level::Ok, says, &[]);
        }
    }

    /// Whether a check has found something.
    pub(super) fn has(&self, check: &str) -> bool {
        self.findings.iter().any(|finding| finding.check == check)
    }

    pub(super) fn measure(&mut self, name: &'static str, help: &'static str, value: f64) {
        self.measures.push(Measure { name, help, of: None, value });
    }

    pub(super) fn measure_of(
        &mut self,
        name: &'static str,
        help: &'static str,
        of: (&'static str, &str),
        value: f64,
    ) {
        self.measures.push(Measure { name, help, of: Some((of.0, of.1.to_owned())), value });
    }
}
