//! Process chaos: real processes, customers, and somebody who breaks things by a schedule; then everything
//! is mended, the shop becomes quiet, and its books are audited.
//!
//! # Layout
//! - [`kind`]: what can go wrong; [`schedule`]: when, as a function of the seed; [`dice`]: chance
//! - [`world`]: the shop; [`nemesis`]: who breaks and mends it; [`damage`]: what is done to files
//! - [`buyer`]: the customers; [`asking`]: asking until there is an answer; [`ledger`]: what it was
//! - [`check`]: the audit, once the shop is quiet; [`report`]: what is said at the end

pub mod asking;
pub mod buyer;
pub mod check;
pub mod damage;
pub mod dice;
pub mod kind;
pub mod ledger;
pub mod nemesis;
pub mod report;
pub mod schedule;
pub mod world;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contracts::auth::{Confirm, Register, RevealCode, Secret};
use contracts::notification::{ListNotifications, NotificationState};
use kit::testing::eventually;
use tokio::sync::watch;

use crate::people::PASSWORD;

use asking::{Asking, Phase};
use buyer::{ACCOUNT, Buyer, GOODS, PIECES};
use kind::Kind;
use ledger::Ledger;
use nemesis::Nemesis;
use report::Report;
use world::World;

/// How long things go wrong in a round, unless it is said.
pub const STORM: Duration = Duration::from_secs(40);

/// Customers at a time: what two cores bear beside everything else.
pub const BUYERS: u64 = 6;

/// How long a shop may take from when everything was mended until it is quiet. A card whose answers were
/// lost is tried for a minute and a half.
const QUIET_TIME: Duration = Duration::from_secs(150);

/// How a run is to be.
#[derive(Debug, Clone)]
pub struct Settings {
    /// What decides about everything that is chosen.
    pub seed: u64,
    /// The first round; a later one than 0 begins where a run before found something.
    pub first_round: u64,
    /// How many rounds at most.
    pub rounds: u64,
    /// After this time no further round begins.
    pub time: Duration,
    /// How long things go wrong in a round.
    pub storm: Duration,
    /// Which kinds of faults there are.
    pub kinds: Vec<Kind>,
    /// Where a small disk is mounted, on which everything lies; it is also the temporary folder.
    pub disk: Option<PathBuf>,
    /// Where everything goes if something is wrong.
    pub keep: PathBuf,
}

/// Runs, says what happens, and answers what came of it.
///
/// # Panics
/// If the shop does not even open.
pub async fn run(settings: &Settings, mut say: impl FnMut(&str)) -> Report {
    let began = Instant::now();
    let mut world = World::open(settings.disk.clone()).await;
    std::fs::create_dir_all(&settings.keep).expect("a folder to keep things in");
    let ledger = Arc::new(Ledger::new(&settings.keep.join("ledger")).expect("a file for the ledger"));
    opens(&world).await;
    let mut report = Report { seed: settings.seed, ..Report::default() };
    let mut did = Vec::new();
    for round in settings.first_round.. {
        if report.rounds == settings.rounds || (report.rounds > 0 && began.elapsed() > settings.time) {
            break;
        }
        let planned = schedule::plan(settings.seed, round, &settings.kinds, settings.storm);
        say(&format!("round {round}: {} faults", planned.len()));
        planned.iter().for_each(|fault| say(&format!("  {fault}")));
        did.push(format!("round {round}"));
        one_round(settings, round, &planned, &mut world, &ledger, &mut report, &mut did).await;
        report.rounds += 1;
        let accepted = ledger.read().accepted.len();
        say(&format!("  {accepted} orders accepted so far; {} findings", report.findings.len()));
        if !report.findings.is_empty() {
            break;
        }
    }
    let answers = ledger.read();
    report.accepted = answers.accepted.len();
    report.cancellations = answers.cancelled.len();
    report.refunds = answers.refunds.len();
    report.took = began.elapsed();
    report.again = again(settings, report.rounds);
    let _ = std::fs::write(settings.keep.join("schedule"), did.join("\n"));
    let _ = std::fs::write(settings.keep.join("report"), report.to_string());
    if report.findings.is_empty() {
        let _ = std::fs::remove_dir_all(&settings.keep);
    } else {
        damage::copy(world.folder(), &settings.keep.join("shop"));
        report.kept = Some(settings.keep.clone());
    }
    report
}

fn again(settings: &Settings, rounds: u64) -> String {
    let mut words = format!("--seed {} --rounds {rounds} --minutes 60", settings.seed);
    if settings.first_round > 0 {
        words += &format!(" --from-round {}", settings.first_round);
    }
    if settings.kinds.len() < Kind::ALL.len() {
        let names: Vec<&str> = settings.kinds.iter().map(|kind| kind.name()).collect();
        words += &format!(" --only {}", names.join(","));
    }
    if settings.storm != STORM {
        words += &format!(" --storm {}", settings.storm.as_secs());
    }
    words
}

/// Goods, and somebody with an account.
async fn opens(world: &World) {
    signs_up(world).await;
    for (sku, cents) in GOODS {
        world.counter.prices(sku, cents).await;
    }
}

/// Makes an account, and reads its code only after the mail with it was sent: a code that was used before
/// can no longer be put into a mail.
async fn signs_up(world: &World) {
    let shop = &world.counter;
    let email = ACCOUNT.parse().expect("an address");
    shop.client().ask(&Register { email, password: Secret::new(PASSWORD) }).await.expect("an account");
    let list = ListNotifications { state: Some(NotificationState::Sent), ..ListNotifications::default() };
    let mail = eventually("the mail with the code is sent", || async {
        shop.client().ask(&list).await.ok()?.items.pop()
    })
    .await;
    let notification = world.shop.lent_broker().client_of("notification").await;
    let ticket = mail.about.parse().expect("a ticket");
    let code = notification.ask(&RevealCode { ticket }).await.expect("a code").code;
    shop.client().ask(&Confirm { code }).await.expect("a confirmed account");
    shop.signs_in(ACCOUNT).await;
}

/// A storm, with customers in it; then it is mended, quiet, and audited.
async fn one_round(
    settings: &Settings,
    round: u64,
    planned: &[schedule::Planned],
    world: &mut World,
    ledger: &Arc<Ledger>,
    report: &mut Report,
    did: &mut Vec<String>,
) {
    for (sku, _) in GOODS {
        world.counter.receives(sku, PIECES).await;
        ledger.received(&crate::sku_of(sku), PIECES);
    }
    let (phase, seen) = watch::channel(Phase::Storm);
    let client = world.shop.lent_broker().client().await;
    let staff = Asking::on(client, Arc::clone(ledger), seen);
    let buyers: Vec<_> = (0..BUYERS)
        .map(|number| tokio::spawn(Buyer::new(settings.seed, round, number, &staff).shops()))
        .collect();
    let mut nemesis = Nemesis::at(world);
    nemesis.storms(planned).await;
    let mended = nemesis.mends().await;
    did.append(&mut nemesis.did);
    phase.send_replace(Phase::Mended(Instant::now()));
    for fault in planned {
        *report.faults.entry(fault.kind).or_default() += 1;
    }
    report.findings.extend(mended.err());
    for buyer in buyers {
        if let Err(error) = buyer.await {
            report.findings.push(format!("a customer fell over: {error}"));
        }
    }
    report.findings.append(&mut world.ended);
    match world.counter.quiet_within(QUIET_TIME).await {
        Ok(after) => report.quiet_after = report.quiet_after.max(after),
        Err(noise) => {
            report.findings.extend(noise.into_iter().map(|one| format!("not quiet: {one}")));
            return;
        }
    }
    let checked = check::check(world, &ledger.read()).await;
    report.stages = checked.stages;
    report.sent_again = checked.sent_again;
    report.findings.extend(checked.findings);
}
