//! Whether the books of all services agree, while the shop goes on.
//!
//! Each order is looked at with its payment and its hold. They are asked one after the other, so what
//! does not agree may only be on its way: it is looked at again, after everything that was told by then
//! has been heard, and is a finding if it stands as before.
//!
//! # Layout
//! - [`asking`]: the questions, page by page; [`walk`]: looking at everything once, [`beside`]: at what stands
//!   beside orders: the provider's ledger, messages to people
//! - [`again`]: looking again at what did not agree; [`report`]: what was found, and how it is written
//! - `cli::books`: the rules, which tests of the whole shop share

mod again;
mod asking;
mod beside;
mod report;
mod walk;

use std::collections::BTreeSet;

use cli::books::Fault;
use contracts::OrderId;
use jiff::Timestamp;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::shop::Shop;
use asking::Asking;

pub(crate) use report::{Report, draw};

/// Orders that are looked at, the newest first; beyond it the audit says that it was cut.
const ORDERS_MAX: usize = 200_000;
/// Things that do not agree at first sight and are looked at again. Beyond it, as above.
const SUSPECTS_MAX: usize = 1_000;
/// Events whose messages are read and compared with their rows. Of streams beyond it only numbers and
/// origins are: `stream verify` reads all.
const EVENTS_COMPARED_MAX: u64 = 200_000;
/// Messages to people that are looked at, the newest first. Of sales that are older than all of these it is
/// not known whether the buyer was written to.
const NOTICES_MAX: usize = 20_000;
/// Findings that are told.
const FINDINGS_MAX: usize = 1_000;

/// Audits the shop: all of it, or orders placed since a time.
///
/// # Errors
/// If nobody can be asked. A service that does not answer is part of the report.
pub(crate) async fn audit(shop: &Shop, since: Option<Timestamp>) -> Result<Report, Failure> {
    let asking = Asking::new(shop.asker().await?, shop.timeout);
    let mut audit = Audit {
        asking,
        since,
        report: Report::new(shop.now(), since),
        findings: BTreeSet::new(),
        sales: Vec::new(),
        services: Vec::new(),
    };
    audit.services = audit.asking.find_silent().await;
    let progress = match audit.asking.count_orders().await {
        Ok(orders) => Progress::new(&shop.out, usize::try_from(orders).unwrap_or(usize::MAX), "orders"),
        Err(error) => {
            audit.unanswered("order", &error);
            Progress::new(&shop.out, 0, "orders")
        }
    };
    audit.look_at_stock().await;
    audit.look_at_provider().await;
    let suspects = audit.look_at_orders(&progress).await;
    progress.end();
    audit.look_again(suspects).await;
    Ok(audit.concluded())
}

/// An audit under way.
struct Audit {
    asking: Asking,
    since: Option<Timestamp>,
    report: Report,
    findings: BTreeSet<Fault>,
    /// The services that the shop has.
    services: Vec<&'static str>,
    /// Sales of which the buyer must have been told, with when they were placed.
    sales: Vec<(Timestamp, OrderId)>,
}

impl Audit {
    fn found(&mut self, faults: impl IntoIterator<Item = Fault>) {
        for fault in faults {
            if self.findings.len() < FINDINGS_MAX {
                self.findings.insert(fault);
            } else {
                self.report.cut = true;
            }
        }
    }

    /// Notes that a service did not answer, once for each.
    fn unanswered(&mut self, service: &str, error: &kit::Error) {
        self.report.unanswered.entry(service.to_owned()).or_insert_with(|| error.message.clone());
    }

    fn concluded(mut self) -> Report {
        self.report.findings = self.findings.into_iter().collect();
        self.report.sound = self.report.findings.is_empty();
        self.report
    }
}
