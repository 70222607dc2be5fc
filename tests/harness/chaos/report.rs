//! What a run says at its end: one table, and how to run it again.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::kind::Kind;

/// A run that has ended.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What decides about everything that was chosen.
    pub seed: u64,
    /// Rounds that were run.
    pub rounds: u64,
    /// How long it took.
    pub took: Duration,
    /// Orders that were accepted.
    pub accepted: usize,
    /// Orders there are, by stage.
    pub stages: BTreeMap<&'static str, u64>,
    /// Cancellations that were accepted.
    pub cancellations: usize,
    /// Refunds that were promised.
    pub refunds: usize,
    /// Messages that were sent more than once.
    pub sent_again: usize,
    /// Faults that were done, by kind.
    pub faults: BTreeMap<Kind, u64>,
    /// The longest time from the end of a storm until the shop was quiet.
    pub quiet_after: Duration,
    /// What is wrong.
    pub findings: Vec<String>,
    /// Where everything was kept, if something is wrong.
    pub kept: Option<PathBuf>,
    /// The words after `scripts/chaos` with which the same is run again.
    pub again: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row =
            |f: &mut fmt::Formatter<'_>, name: &str, value: String| writeln!(f, "  {name:<22} {value:>8}");
        let seconds = |time: Duration| format!("{:.0} s", time.as_secs_f64());
        writeln!(f, "\nrounds")?;
        row(f, "run", self.rounds.to_string())?;
        row(f, "took", seconds(self.took))?;
        row(f, "quiet again after", seconds(self.quiet_after))?;
        writeln!(f, "\norders")?;
        row(f, "accepted", self.accepted.to_string())?;
        for (stage, count) in &self.stages {
            row(f, stage, count.to_string())?;
        }
        row(f, "cancellations", self.cancellations.to_string())?;
        row(f, "refunds promised", self.refunds.to_string())?;
        row(f, "messages sent again", self.sent_again.to_string())?;
        writeln!(f, "\nfaults")?;
        for (kind, count) in &self.faults {
            row(f, kind.name(), count.to_string())?;
        }
        row(f, "all", self.faults.values().sum::<u64>().to_string())?;
        if self.findings.is_empty() {
            writeln!(f, "\naudit: clean")?;
        } else {
            writeln!(f, "\naudit: {} findings", self.findings.len())?;
            self.findings.iter().try_for_each(|finding| writeln!(f, "  {finding}"))?;
        }
        if let Some(kept) = &self.kept {
            writeln!(f, "databases, logs, store, schedule and ledger: {}", kept.display())?;
        }
        writeln!(f, "seed {}; again: scripts/chaos {}", self.seed, self.again)
    }
}
