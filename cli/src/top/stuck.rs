//! What does not go on by itself: orders that need somebody or are overdue, dead letters, work on the
//! outside world that was given up.

use std::time::Duration;

use contracts::OrderId;
use contracts::order::{ListOrders, OrderView, Stage};
use futures_util::future::join_all;
use jiff::Timestamp;
use kit::admin::{DeadLetters, Effects, ListDeadLetters, ListEffects};
use kit::vitals::Health;
use kit::{Call, Client};
use serde::Serialize;

use crate::status::Status;
use crate::trace::gather::Wanted;

/// Orders that need somebody, and dead letters and given-up work of one service, that are asked for.
const EACH_MAX: u32 = 50;
/// Orders on a page of those that are still going on, and pages that are looked through for overdue ones.
const PAGE_ORDERS: u32 = 200;
const PAGES_MAX: usize = 5;

/// Something that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum Stuck {
    /// An order that cannot go on by itself.
    NeedsAttention { order: OrderId, reason: String, message: String, since: Timestamp },
    /// An order that is past the deadline of its stage.
    Overdue { order: OrderId, stage: Stage, since: Timestamp },
    /// An event that a service could not act on, or that is parked behind one.
    DeadLetter {
        service: String,
        id: i64,
        state: String,
        about: String,
        subject: String,
        reason: String,
        message: String,
        attempts: u32,
        since: Timestamp,
    },
    /// Work on the outside world that a service gave up.
    GivenUp {
        service: String,
        id: i64,
        work: String,
        about: String,
        trace: String,
        reason: String,
        maybe_done: bool,
        attempts: u32,
        since: Timestamp,
    },
}

/// What is stuck, and whose answer is missing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Found {
    /// The orders first.
    pub(crate) items: Vec<Stuck>,
    /// How many more there are than are listed.
    pub(crate) left_out: u64,
    /// Whose list is not known, and why.
    pub(crate) unknown: Vec<String>,
}

impl Stuck {
    /// What it is called on the screen.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::NeedsAttention { .. } => "needs attention",
            Self::Overdue { .. } => "overdue",
            Self::DeadLetter { state, .. } if state == "parked" => "parked",
            Self::DeadLetter { .. } => "dead letter",
            Self::GivenUp { .. } => "given up",
        }
    }

    /// What it is about.
    pub(crate) fn about(&self) -> String {
        match self {
            Self::NeedsAttention { order, .. } | Self::Overdue { order, .. } => order.to_string(),
            Self::DeadLetter { about, .. } | Self::GivenUp { about, .. } => about.clone(),
        }
    }

    /// With whom it lies.
    pub(crate) fn service(&self) -> &str {
        match self {
            Self::NeedsAttention { .. } | Self::Overdue { .. } => "order",
            Self::DeadLetter { service, .. } | Self::GivenUp { service, .. } => service,
        }
    }

    /// Why, for people.
    pub(crate) fn why(&self) -> String {
        match self {
            Self::NeedsAttention { reason, message, .. } if message.is_empty() => reason.clone(),
            Self::NeedsAttention { message, .. } => message.clone(),
            Self::Overdue { stage, .. } => format!("{} for too long", stage.word().replace('_', " ")),
            Self::DeadLetter { subject, message, attempts, .. } => {
                let tries = crate::show::count(*attempts, "try", "tries");
                format!("{subject}: {message} ({tries})")
            }
            Self::GivenUp { work, reason, maybe_done, attempts, .. } => {
                let tries = crate::show::count(*attempts, "try", "tries");
                let doubt = if *maybe_done { "; it may have been done" } else { "" };
                format!("{work}: {reason} ({tries}{doubt})")
            }
        }
    }

    /// Since when.
    pub(crate) fn since(&self) -> Timestamp {
        match self {
            Self::NeedsAttention { since, .. }
            | Self::Overdue { since, .. }
            | Self::DeadLetter { since, .. }
            | Self::GivenUp { since, .. } => *since,
        }
    }

    /// By what the same thing is known in the next sample.
    pub(crate) fn identity(&self) -> String {
        match self {
            Self::NeedsAttention { order, .. } | Self::Overdue { order, .. } => order.to_string(),
            Self::DeadLetter { service, id, .. } => format!("{service} letter {id}"),
            Self::GivenUp { service, id, .. } => format!("{service} work {id}"),
        }
    }

    /// What to ask the journals about it; none if nothing has its name.
    pub(crate) fn wanted(&self) -> Option<Wanted> {
        match self {
            Self::NeedsAttention { order, .. } | Self::Overdue { order, .. } => {
                Some(Wanted::Key(order.to_string()))
            }
            Self::DeadLetter { about, .. } => {
                Some(about).filter(|about| !about.is_empty()).cloned().map(Wanted::Key)
            }
            Self::GivenUp { trace, .. } => Some(Wanted::Trace(trace.clone())),
        }
    }
}

/// Asks for what is stuck, as far as the status says that there is something.
pub(super) async fn find(client: &Client, status: &Status, wait: Duration) -> Found {
    let mut found = Found::default();
    let counts = status.orders.clone().unwrap_or_default();
    let attention = counts.stages.get(&Stage::NeedsAttention).copied().unwrap_or_default();
    let healths = status.services.iter().filter_map(|service| service.health.as_ref());
    let with_letters: Vec<&Health> = healths.clone().filter(|health| health.dead_letters > 0).collect();
    let letters = join_all(with_letters.iter().map(|health| dead_letters(client, &health.service, wait)));
    let with_work: Vec<&Health> = healths.filter(|health| health.effects_given_up > 0).collect();
    let given_up = join_all(with_work.iter().map(|health| given_up(client, &health.service, wait)));
    let (needy, late, letters, given_up) = tokio::join!(
        needy(client, attention, wait),
        overdue(client, counts.overdue, status.at, wait),
        letters,
        given_up,
    );
    found.add("the orders that need attention", attention, needy);
    found.add("the overdue orders", counts.overdue, late);
    for (health, letters) in with_letters.into_iter().zip(letters) {
        let all = health.dead_letters.saturating_add(health.parked);
        found.add(&format!("the dead letters of {}", health.service), all, letters);
    }
    for (health, work) in with_work.into_iter().zip(given_up) {
        found.add(&format!("what {} gave up", health.service), health.effects_given_up, work);
    }
    found
}

impl Found {
    /// Adds what was found of something of which there are so many.
    fn add(&mut self, what: &str, count: u64, answer: kit::Result<Vec<Stuck>>) {
        match answer {
            Ok(items) => {
                self.left_out += count.saturating_sub(items.len() as u64);
                self.items.extend(items);
            }
            Err(error) => self.unknown.push(format!("{what} are not known: {}", error.message)),
        }
    }
}

async fn needy(client: &Client, count: u64, wait: Duration) -> kit::Result<Vec<Stuck>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let asked =
        ListOrders { stages: vec![Stage::NeedsAttention], limit: Some(EACH_MAX), ..ListOrders::default() };
    let page = client.call(&asked, call(wait)).await?;
    let stuck = page.items.into_iter().map(|OrderView { order, reason, message, changed_at, .. }| {
        Stuck::NeedsAttention { order, reason, message, since: changed_at }
    });
    Ok(stuck.collect())
}

/// The list has no filter for them, so a few pages of those that are still going on are looked through.
async fn overdue(client: &Client, count: u64, now: Timestamp, wait: Duration) -> kit::Result<Vec<Stuck>> {
    let mut found = Vec::new();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        if found.len() as u64 >= count {
            break;
        }
        let stages = vec![Stage::Placed, Stage::AwaitingPayment];
        let asked = ListOrders { stages, after, limit: Some(PAGE_ORDERS), ..ListOrders::default() };
        let page = client.call(&asked, call(wait)).await?;
        found.extend(page.items.into_iter().filter_map(|order| {
            let since = order.deadline.filter(|deadline| *deadline < now)?;
            Some(Stuck::Overdue { order: order.order, stage: order.stage, since })
        }));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(found)
}

async fn dead_letters(client: &Client, service: &str, wait: Duration) -> kit::Result<Vec<Stuck>> {
    let asked = ListDeadLetters { after: 0, limit: Some(EACH_MAX) };
    let letters: DeadLetters = client.call_as(&format!("{service}.dead_letters"), &asked, call(wait)).await?;
    let stuck = letters.items.into_iter().map(|letter| Stuck::DeadLetter {
        service: service.to_owned(),
        id: letter.id,
        state: letter.state,
        about: letter.key,
        subject: letter.subject,
        reason: letter.reason,
        message: letter.message,
        attempts: letter.attempts,
        since: letter.first_at,
    });
    Ok(stuck.collect())
}

async fn given_up(client: &Client, service: &str, wait: Duration) -> kit::Result<Vec<Stuck>> {
    let asked = ListEffects { state: "given_up".to_owned(), after: 0, limit: Some(EACH_MAX) };
    let work: Effects = client.call_as(&format!("{service}.effects"), &asked, call(wait)).await?;
    let stuck = work.items.into_iter().map(|effect| Stuck::GivenUp {
        service: service.to_owned(),
        id: effect.id,
        work: effect.name,
        about: effect.about,
        trace: effect.trace,
        reason: effect.reason,
        maybe_done: effect.maybe_done,
        attempts: effect.attempts,
        since: effect.due_at,
    });
    Ok(stuck.collect())
}

fn call(wait: Duration) -> Call {
    Call { timeout: wait, ..Call::default() }
}
