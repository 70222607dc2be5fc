//! What a person would check, checked: everybody is asked at once, and every finding says what mends it.
//!
//! # Layout
//! - [`gather`]: asking, with a time limit for each; [`local`]: what this machine knows
//! - [`facts`]: what was told; [`checks`]: what that means, no I/O; [`limits`]: from when on it is wrong
//! - [`report`]: what was found; [`lines`], [`nagios`], [`prometheus`]: how it is written

mod certificate;
mod checks;
mod facts;
mod gather;
mod limits;
pub(crate) mod lines;
mod local;
pub(crate) mod nagios;
pub(crate) mod prometheus;
mod report;
#[cfg(test)]
mod sample;

use lines::{Line, Mark};

use crate::failure::Failure;
use crate::shop::Shop;

pub(crate) use report::{Level, Report};

/// Asks everybody and looks at everything.
///
/// # Errors
/// If it cannot be asked at all: a key that cannot be used, nobody admitted. A broker that is away is
/// a finding.
pub(crate) async fn examine(shop: &Shop, deep: bool) -> Result<Report, Failure> {
    gather::ask(shop, deep).await.map(|facts| checks::judge(&facts))
}

/// The report as lines for people, in the order of the checks.
pub(crate) fn lines(report: &Report) -> Vec<Line> {
    let line = |finding: &report::Finding| Line {
        mark: match finding.level {
            Level::Ok => Mark::Good,
            Level::Skipped => Mark::Note,
            Level::Warn => Mark::Warn,
            Level::Bad => Mark::Bad,
        },
        text: finding.says.clone(),
        mend: finding.mend.clone(),
    };
    report.findings.iter().map(line).collect()
}
