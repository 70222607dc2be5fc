//! The audit of a quiet shop: its books, the ledger of its customers, the provider's own, and its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cli::books::{OrderFile, stock};
use contracts::OrderId;
use contracts::inventory::AuditStock;
use contracts::notification::{ListNotifications, NotificationState, NotificationView};
use contracts::order::{OrderView, RefundState, Stage};
use kit::testing::read_file;
use payment::audit::{differences, provider_figures};
use serde_json::Value;

use super::ledger::Answers;
use super::world::World;
use crate::audit::Books;
use crate::commands::command;
use crate::{Counter, NAMES};

/// Differences with the provider that are told.
const DIFFERENCES_MAX: usize = 20;

/// What was looked at, and what is wrong.
#[derive(Debug, Default)]
pub struct Checked {
    /// How many orders there are, by stage.
    pub stages: BTreeMap<&'static str, u64>,
    /// What is wrong, for people. Nothing, if all is well.
    pub findings: Vec<String>,
    /// Messages that were sent more than once.
    pub sent_again: usize,
}

/// Looks at everything.
///
/// # Panics
/// If a service does not answer: it has just been seen to be quiet.
pub async fn check(world: &World, answers: &Answers) -> Checked {
    let shop = &world.counter;
    let books = shop.books().await;
    let mut checked = Checked::default();
    for order in books.orders.values() {
        *checked.stages.entry(order.stage.word()).or_default() += 1;
    }
    let found = &mut checked.findings;
    found.extend(answers.strange.iter().cloned());
    found.extend(answers.unanswered.iter().map(|what| format!("nobody ever answered: {what}")));
    agrees_with_itself(&books, found);
    agrees_with_customers(&books, answers, found);
    stock_adds_up(shop, &books, answers, found).await;
    agrees_with_provider(&world.shop.data().join("payment.db"), &books, found);
    checked.sent_again = everybody_was_told(shop, &books, found).await;
    let found = &mut checked.findings;
    nothing_was_given_up(shop, found).await;
    found.extend(audited_by_shopctl(world).await);
    found.extend(traces_of_cards(world.folder(), &answers.cards));
    found.extend(panics(world));
    checked
}

/// The rules of `shopctl audit` for each order, and that nothing waits.
fn agrees_with_itself(books: &Books, found: &mut Vec<String>) {
    for order in books.orders.values() {
        let payments = books.payments.get(&order.order).cloned().into_iter().collect();
        let hold = books.holds.get(&order.order).cloned();
        let file = OrderFile { order: order.clone(), payments, hold };
        found.extend(file.faults().iter().map(|fault| format!("{} {}", fault.about, fault.says)));
        if !order.stage.is_settled() {
            found.push(format!("{} is still {}", order.order, order.stage));
        }
        if order.refunds.iter().any(|refund| refund.state == RefundState::Pending) {
            found.push(format!("{} has a refund that is still pending", order.order));
        }
    }
}

/// What was promised to somebody is so, and nothing else was done.
fn agrees_with_customers(books: &Books, answers: &Answers, found: &mut Vec<String>) {
    for (order, key) in &answers.accepted {
        if !books.orders.contains_key(order) {
            found.push(format!("{order} was accepted under {key} and does not exist"));
        }
    }
    for order in books.orders.keys().filter(|order| !answers.accepted.contains_key(order)) {
        found.push(format!("{order} exists, and nobody was told that it was accepted"));
    }
    for order in &answers.cancelled {
        let stage = books.orders.get(order).map(|order| order.stage);
        if stage != Some(Stage::Cancelled) {
            found.push(format!("the cancellation of {order} was accepted, and it is {stage:?}"));
        }
    }
    let mut promised: BTreeMap<OrderId, Vec<i64>> = BTreeMap::new();
    for (order, amount) in &answers.refunds {
        promised.entry(*order).or_default().push(amount.amount());
    }
    for order in books.orders.values() {
        let mut told = promised.remove(&order.order).unwrap_or_default();
        let mut made: Vec<i64> = order.refunds.iter().map(|refund| refund.amount.amount()).collect();
        // What was paid too late for an order goes back without anybody asking.
        if order.stage == Stage::Cancelled {
            continue;
        }
        told.sort_unstable();
        made.sort_unstable();
        if told != made {
            found.push(format!("{} has refunds of {made:?}, its buyer was promised {told:?}", order.order));
        }
    }
}

async fn stock_adds_up(shop: &Counter, books: &Books, answers: &Answers, found: &mut Vec<String>) {
    let mut asked = AuditStock { limit: Some(200), ..AuditStock::default() };
    loop {
        let page = shop.client().ask(&asked).await.expect("sums of the ledger");
        let faults = page.items.iter().flat_map(stock::faults);
        found.extend(faults.map(|fault| format!("{} {}", fault.about, fault.says)));
        asked.after = page.next;
        if asked.after.is_none() {
            break;
        }
    }
    let mut sold = BTreeMap::new();
    for hold in books.holds.values().filter(|hold| hold.state == "sold") {
        for item in &hold.items {
            *sold.entry(&item.sku).or_insert(0) += u64::from(item.quantity.get());
        }
    }
    for (sku, line) in &books.stock {
        let (sold, received) = (sold.get(sku).copied().unwrap_or(0), answers.received.get(sku).copied());
        if line.on_hand + sold != received.unwrap_or(0) {
            let on_hand = line.on_hand;
            found
                .push(format!("{sku} has {on_hand} on hand and {sold} sold, but {received:?} were received"));
        }
        if line.held > 0 {
            found.push(format!("{sku} has {} held though nobody waits", line.held));
        }
    }
}

/// What the provider has taken and given back, by its own books, is what the order says.
fn agrees_with_provider(database: &Path, books: &Books, found: &mut Vec<String>) {
    let read = read_file(database, |sql| {
        for one in differences(sql, DIFFERENCES_MAX)? {
            found.push(format!("the provider has other figures than we: {one:?}"));
        }
        for order in books.orders.values() {
            let theirs = provider_figures(sql, order.order)?;
            let kept = theirs.charged - theirs.refunded;
            if theirs.charges > 1 || !fits(order, kept) {
                let (order, stage) = (order.order, order.stage);
                found.push(format!("{order} is {stage}, and the provider keeps {kept} of it: {theirs:?}"));
            }
        }
        Ok(())
    });
    found.extend(read.err().map(|error| format!("the provider's ledger: {}", error.chain())));
}

fn fits(order: &OrderView, kept: i64) -> bool {
    let (total, refunded) = (order.total.amount(), order.refunded.amount());
    match order.stage {
        Stage::Confirmed | Stage::Refunded => kept == total - refunded,
        Stage::Placed | Stage::AwaitingPayment | Stage::Cancelled => kept == 0,
        Stage::NeedsAttention => (0..=total).contains(&kept),
    }
}

/// Each ending was written about to whoever left an address, once. Answers how many messages went out
/// more than once, which is right only where the outcome was not known.
async fn everybody_was_told(shop: &Counter, books: &Books, found: &mut Vec<String>) -> usize {
    let mut told: BTreeMap<(String, String), Vec<NotificationView>> = BTreeMap::new();
    let mut asked = ListNotifications { limit: Some(200), ..ListNotifications::default() };
    loop {
        let page = shop.client().ask(&asked).await.expect("a page of messages");
        for message in page.items {
            let about = (message.about.clone(), message.happening.clone());
            told.entry(about).or_default().push(message);
        }
        asked.after = page.next;
        if asked.after.is_none() {
            break;
        }
    }
    let mut again = 0;
    for ((about, happening), messages) in &told {
        if messages.len() > 1 {
            found.push(format!("{} messages about {happening} of {about}", messages.len()));
        }
        for message in messages {
            if message.state != NotificationState::Sent {
                found.push(format!("the message about {happening} of {about} is {}", message.state));
            }
            again += usize::from(message.attempts.iter().filter(|one| one.outcome == "sent").count() > 1);
        }
    }
    for order in books.orders.values().filter(|order| order.email.is_some()) {
        let happening = match order.stage {
            Stage::Confirmed => "order_confirmed",
            Stage::Cancelled => "order_cancelled",
            _ => continue,
        };
        if !told.contains_key(&(order.order.to_string(), happening.to_owned())) {
            found.push(format!("{} is {}, and its buyer was not told", order.order, order.stage));
        }
    }
    again
}

async fn nothing_was_given_up(shop: &Counter, found: &mut Vec<String>) {
    for name in NAMES {
        let health = shop.health(name).await.expect("health");
        if (health.dead_letters, health.parked, health.effects_given_up) != (0, 0, 0) {
            found.push(format!(
                "{name} has {} dead letters, {} events parked behind them, and gave {} things up",
                health.dead_letters, health.parked, health.effects_given_up
            ));
        }
    }
}

/// What a person would see: `shopctl audit` and `shopctl stream verify`.
async fn audited_by_shopctl(world: &World) -> Vec<String> {
    let broker = world.shop.lent_broker();
    let mut found = Vec::new();
    for words in [&["audit"][..], &["stream", "verify"]] {
        let mut command = command(broker, &world.folder().join("none"), words);
        let output = tokio::task::spawn_blocking(move || command.output()).await.expect("a thread");
        let output = output.expect("shopctl starts");
        if output.status.success() {
            continue;
        }
        let said = String::from_utf8_lossy(&output.stdout);
        let report: Value = serde_json::from_str(&said).unwrap_or_default();
        let faults = report["findings"].as_array().cloned().unwrap_or_default();
        for fault in &faults {
            let text = |field: &str| fault[field].as_str().unwrap_or_default().to_owned();
            found.push(format!("shopctl audit: {} {}", text("about"), text("says")));
        }
        if faults.is_empty() {
            let complained = String::from_utf8_lossy(&output.stderr);
            let ended = output.status;
            found.push(format!("shopctl {} ended with {ended}: {said}{complained}", words.join(" ")));
        }
    }
    found
}

/// Where the number of a card stands, as it was typed or without its spaces. It must be nowhere.
fn traces_of_cards(folder: &Path, cards: &BTreeSet<String>) -> Vec<String> {
    let mut found = Vec::new();
    if cards.is_empty() {
        return found;
    }
    for file in super::damage::files(folder) {
        let Ok(bytes) = std::fs::read(&file) else { continue };
        // A number typed in groups is found without what stands between its digits.
        let digits: Vec<u8> = bytes.into_iter().filter(|byte| *byte != b' ').collect();
        for card in cards {
            if contains(&digits, card.as_bytes()) {
                let shown = contracts::card::masked(card);
                found.push(format!("the number of a card, {shown}, stands in {}", file.display()));
            }
        }
    }
    found
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    let last = bytes.len().saturating_sub(wanted.len() - 1);
    let mut at = 0;
    while let Some(next) = bytes[at..last.max(at)].iter().position(|byte| *byte == wanted[0]) {
        if bytes[at + next..].starts_with(wanted) {
            return true;
        }
        at += next + 1;
    }
    false
}

/// Places in logs where a program fell over.
fn panics(world: &World) -> Vec<String> {
    let mut found = Vec::new();
    for name in NAMES {
        let log = std::fs::read(world.shop.log_of(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        found.extend(
            text.lines().filter(|line| line.contains("panicked")).map(|line| format!("{name}: {line}")),
        );
    }
    found
}
