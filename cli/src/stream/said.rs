//! What is said of a stream that is not what was told.

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
    let mut say = |is_so: bool, line: String| {
        if is_so {
            lines.push(line);
        }
    };
    say(!report.exists, format!("{name} is not there"));
    say(
        report.is_of_another(),
        format!(
            "{name} mirrors the database {}, and {} has {}",
            report.stream_origin, report.service, report.origin
        ),
    );
    say(
        !found.missing.is_empty() && report.exists,
        format!("{name} lacks {} that were told: {}", found.missing.count(), found.missing.named()),
    );
    say(
        !found.foreign.is_empty(),
        format!(
            "{name} holds {} that {} did not tell: {}",
            found.foreign.count(),
            report.service,
            found.foreign.named()
        ),
    );
    say(
        !found.damaged.is_empty(),
        format!(
            "{name} says something else than was told in {}: {}",
            found.damaged.count(),
            found.damaged.named()
        ),
    );
    say(
        !found.rows_damaged.is_empty(),
        format!(
            "the outbox of {} is damaged itself in {} rows: {}",
            report.service,
            found.rows_damaged.count(),
            found.rows_damaged.named()
        ),
    );
    say(
        !found.rows_missing.is_empty(),
        format!(
            "the outbox of {} has lost {} rows: {}",
            report.service,
            found.rows_missing.count(),
            found.rows_missing.named()
        ),
    );
    say(!report.stuck.is_empty(), format!("{} tells nothing any more {}", report.service, report.stuck));
    say(
        report.holes > 0 && found.missing.is_empty(),
        format!("{name} has {} holes from before the oldest row that is kept", report.holes),
    );
    lines
}
