//! A measurement from its beginning to its report: driving, looking at the machine, waiting, auditing.

use std::time::Instant;

use jiff::SignedDuration;

use super::drive::{Onlooker, Phase, Plan, drive};
use super::machine::{Look, Machine};
use super::quiet;
use super::report::{Audited, Broker, Left, Looks, Report, Settings};
use super::tally::Tally;
use super::work::Work;
use crate::audit;
use crate::failure::{Failure, exit};
use crate::progress::Live;
use crate::shop::Shop;

/// By how much the clock of a shop elsewhere may be behind this one: orders placed so long before it began are
/// audited with its own.
const CLOCKS_APART: SignedDuration = SignedDuration::from_secs(60);

/// What is measured, and what is said of it.
pub(crate) struct Measured {
    /// `orders`, `requests`, `events` or `mix`.
    pub(crate) what: &'static str,
    /// What was asked or ordered, for people.
    pub(crate) about: String,
    /// Whether it changes something, so that there is something to wait for and to audit.
    pub(crate) changes: bool,
    /// How many products of its own there are.
    pub(crate) products: u32,
}

/// Looks on: takes down what was used, and draws the bar.
struct Watcher<'a> {
    machine: &'a Machine,
    live: Live,
    before: Option<Look>,
    after: Option<Look>,
    began: Instant,
}

/// Drives it, and says what was measured.
///
/// # Errors
/// If nobody can be asked. What failed while it was driven is part of the report.
pub(crate) async fn measure(
    shop: &Shop,
    measured: Measured,
    work: &impl Work,
    plan: &Plan,
) -> Result<Report, Failure> {
    let client = shop.asker().await?;
    let machine = Machine::of(shop);
    let began_at = shop.now();
    let effects_before = if measured.changes { quiet::effects_due(&client).await? } else { 0 };
    let disk_before = machine.disk();
    let settings = Settings::of(plan, measured.about.clone());
    shop.out.say(begins(shop, &measured, &settings, &machine));
    let mut watcher = Watcher {
        machine: &machine,
        live: Live::new(&shop.out, plan.until.into()),
        before: None,
        after: None,
        began: Instant::now(),
    };
    let driven = drive(work, plan, &mut watcher, shop.interrupted()).await;
    watcher.live.end();
    let after = watcher.after.take().unwrap_or_else(|| machine.look());
    let before = watcher.before.take().unwrap_or_else(|| after.clone());
    let mut caught_up = None;
    let mut interrupted = driven.interrupted;
    if measured.changes && !interrupted {
        let waiting = Live::waiting(&shop.out, "waiting until everybody has heard everything");
        tokio::select! {
            took = quiet::caught_up(&client, effects_before) => caught_up = took,
            () = shop.interrupted() => interrupted = true,
        }
        waiting.end();
    }
    let looks = Looks { before, after, disk: (disk_before, machine.disk()) };
    let broker = Broker { url: shop.address().url, version: client.broker().1 };
    let mut report = Report::of(
        (measured.what, began_at),
        (broker, settings),
        (driven, work.names(), plan.pace),
        &machine,
        &looks,
    );
    report.caught_up_s = caught_up.map(|took| super::tally::tenth(took.as_secs_f64()));
    report.left = Left { orders: 0, products: measured.products };
    if measured.changes && !interrupted {
        let began = Instant::now();
        // The services of another machine may have another time.
        let apart = if machine.is_here() { SignedDuration::ZERO } else { CLOCKS_APART };
        let since = began_at.checked_sub(apart).unwrap_or(began_at);
        tokio::select! {
            found = audit::audit(shop, Some(since)) => report.audit = Some(Audited::of(&found?, began.elapsed())),
            () = shop.interrupted() => interrupted = true,
        }
    }
    report.interrupted = interrupted;
    Ok(report)
}

/// Writes the report, and answers with the exit code it stands for.
///
/// # Errors
/// 130 if it was broken off; 12 if something failed or the books do not agree; 10 if somebody did not
/// answer the audit.
pub(crate) fn tell(shop: &Shop, report: &Report, changes: bool) -> Result<(), Failure> {
    if shop.out.is_table() {
        shop.out.line(super::draw::draw(report, &shop.out))?;
    } else {
        shop.out.json(report)?;
    }
    if report.interrupted && changes {
        shop.out.next(
            "shopctl audit      whether the books agree: there was no audit, because it was broken off",
        );
    }
    match code(report) {
        0 => Ok(()),
        code => Err(Failure::shown(code)),
    }
}

fn code(report: &Report) -> u8 {
    let audit = report.audit.as_ref().map_or(0, |audit| audit.exit);
    match audit {
        _ if report.interrupted => exit::INTERRUPTED,
        exit::PROBLEMS_FOUND => audit,
        _ if report.failures() > 0 => exit::PROBLEMS_FOUND,
        _ => audit,
    }
}

fn begins(shop: &Shop, measured: &Measured, settings: &Settings, machine: &Machine) -> String {
    let how = match (settings.in_flight, settings.rate) {
        (Some(many), _) => format!("{many} in flight"),
        (_, Some(rate)) => format!("{rate} a second"),
        _ => String::new(),
    };
    let where_ =
        if machine.is_here() { "" } else { "; it is not on this machine, so only this command is looked at" };
    format!("measuring {}, {how}, at {}{where_}; Ctrl-C ends it", measured.about, shop.address().url)
}

impl Onlooker for Watcher<'_> {
    fn begins(&mut self) {
        self.before = Some(self.machine.look());
        self.began = Instant::now();
    }

    fn ends(&mut self) {
        self.after = Some(self.machine.look());
    }

    fn passes(&mut self, tally: &Tally, now: Phase) {
        let (since, failed) = (self.began.elapsed(), tally.failures());
        let text = match now {
            Phase::WarmUp => "warming up".to_owned(),
            Phase::Ending(left) => format!("waiting for the last {left}"),
            Phase::Counting => {
                let rate = tally.passed as f64 / since.as_secs_f64().max(0.001);
                let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
                format!("{rate:.0} a second, {} done{failed}", tally.passed)
            }
        };
        let place = if now == Phase::WarmUp { None } else { Some((tally.done + failed, since)) };
        self.live.show(place, text);
    }

    fn use_of_now(&mut self) -> (Option<u64>, Option<u64>) {
        (self.machine.memory(), self.machine.disk())
    }
}
