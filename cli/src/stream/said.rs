//! What is said of a stream that is not what was told.

use cli::books::compare::Findings;
use cli::books::ranges::Ranges;

use super::verify::{Report, Verdict};

/// What is wrong with a stream, a line each.
pub(crate) fn findings(report: &Report) -> Vec<String> {
    let name = &report.stream;
    match report.verdict {
        Verdict::Ok => return Vec::new(),
        Verdict::Silent => return vec![format!("{name} was not compared: {}", report.why)],
        Verdict::Unowned => {
            return vec![format!("{name} is told by no service of the shop: {}", report.why)];
        }
        Verdict::Wrong => {}
    }
    let found = &report.findings;
    let mut lines = Vec::new();
    if !report.exists {
        lines.push(format!("{name} is not there"));
    }
    if report.is_of_another() {
        lines.push(format!(
            "{name} mirrors the database {}, and {} has {}",
            report.stream_origin, report.service, report.origin
        ));
    }
    // Of a stream that is not there, every row is missing.
    let lacking =
        if report.exists { found.clone() } else { Findings { missing: Ranges::default(), ..found.clone() } };
    lines.extend(lacking.says(name, &report.service));
    if !report.stuck.is_empty() {
        lines.push(format!("{} tells nothing any more {}", report.service, report.stuck));
    }
    if report.holes > 0 && found.missing.is_empty() {
        lines.push(format!("{name} has {} holes from before the oldest row that is kept", report.holes));
    }
    lines
}
