//! What must be true of a world once it is quiet, whatever happened before.

use std::collections::{BTreeMap, BTreeSet};

use cli::books::{OrderFile, stock};
use contracts::inventory::{AuditStock, HoldView, ListHolds};
use contracts::order::{ListOrders, OrderView, Stage};
use contracts::payment::{ListPayments, PaymentView};
use contracts::{OrderId, Sku};
use kit::engine::outbox;
use kit::message::stream_of;
use kit::{Request, Result};

use crate::bank::Figures;
use crate::people::{Ledger, Person};
use crate::port::lock;
use crate::shop;
use crate::world::World;

/// Rows of a page; a world has fewer of anything.
const PAGE: Option<u32> = Some(200);

/// What was found in a world that is quiet.
#[derive(Debug, Default)]
pub struct Audit {
    /// What is wrong; nothing if all is well.
    pub faults: Vec<String>,
    /// How many orders stand where.
    pub stages: BTreeMap<Stage, u64>,
}

/// Looks at the books of a world that is quiet.
///
/// # Errors
/// If a service does not answer although nothing stands in its way.
pub fn of(world: &mut World, keeper: &Person, ledger: &Ledger) -> Result<Audit> {
    let mut faults = std::mem::take(&mut world.findings);
    faults.extend(world.bank.complaints.iter().map(|complaint| format!("the bank: {complaint}")));
    // Between the word of the server and its row there is a moment; a service that ends in it, or cannot
    // write, sends again.
    let sure =
        world.nodes.iter().any(|node| node.name == "notification" && node.life == 0 && node.full_until == 0);
    if sure && !world.faults.contains_key("disk full") {
        faults.extend(world.letters.complaints());
    }
    faults.extend(ledger.contradictions.iter().map(|said| format!("contradiction: {said}")));
    let orders = asked(world, keeper, ListOrders { limit: PAGE, ..ListOrders::default() })?.items;
    let payments = asked(world, keeper, ListPayments { limit: PAGE, ..ListPayments::default() })?.items;
    let of: Vec<OrderId> = orders.iter().map(|order| order.order).collect();
    let mut holds = Vec::new();
    if !of.is_empty() {
        holds = asked(world, keeper, ListHolds { orders: of, limit: PAGE, ..ListHolds::default() })?.items;
    }
    check_accepted(ledger, &orders, &mut faults);
    check_orders(&orders, &payments, &holds, &mut faults);
    check_bank(&world.bank.figures(), &orders, &mut faults);
    let sums = asked(world, keeper, AuditStock { limit: PAGE, ..AuditStock::default() })?.items;
    for sum in &sums {
        faults.extend(stock::faults(sum).into_iter().map(|fault| format!("{} {}", fault.about, fault.says)));
        let sold = pieces(&holds, &sum.sku, "sold");
        let delivered = ledger.delivered.get(&sum.sku).copied().unwrap_or(0);
        if sum.on_hand + sold != delivered {
            faults.push(format!("{}: {} on hand and {sold} sold of {delivered}", sum.sku, sum.on_hand));
        }
    }
    for node in 0..world.nodes.len() {
        check_telling(world, node, &mut faults)?;
        check_hearing(world, node, &mut faults)?;
    }
    let mut stages = BTreeMap::new();
    for order in &orders {
        *stages.entry(order.stage).or_default() += 1;
    }
    Ok(Audit { faults, stages })
}

fn asked<R: Request>(world: &mut World, keeper: &Person, request: R) -> Result<R::Reply> {
    let keeper = keeper.clone();
    answered(world, async move { keeper.ask(&request, None).await })?
}

/// Lets the world go on until somebody has an answer.
///
/// # Errors
/// If nothing happens any more before there is one.
pub fn answered<T: Send + 'static>(
    world: &mut World,
    asking: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    let slot = std::sync::Arc::new(std::sync::Mutex::new(None));
    let filled = std::sync::Arc::clone(&slot);
    world.tasks.begin(None, async move {
        let answer = asking.await;
        *lock(&filled) = Some(answer);
    });
    world.follows();
    loop {
        if let Some(answer) = lock(&slot).take() {
            return Ok(answer);
        }
        if !world.step() {
            return Err(kit::Error::internal("nothing happens any more"));
        }
    }
}

fn check_accepted(ledger: &Ledger, orders: &[OrderView], faults: &mut Vec<String>) {
    let known: BTreeMap<OrderId, &OrderView> = orders.iter().map(|order| (order.order, order)).collect();
    let mut accepted = BTreeSet::new();
    for (key, told) in &ledger.accepted {
        accepted.insert(told.order);
        match known.get(&told.order) {
            None => faults.push(format!("{} was accepted under {key} and is not there", told.order)),
            Some(order) if order.lines != told.lines || order.total != told.total => {
                faults.push(format!("{} is another than was accepted", told.order));
            }
            Some(_) => {}
        }
    }
    for order in orders.iter().filter(|order| !accepted.contains(&order.order)) {
        faults.push(format!("{} is there and nobody was told", order.order));
    }
}

fn check_orders(
    orders: &[OrderView],
    payments: &[PaymentView],
    holds: &[HoldView],
    faults: &mut Vec<String>,
) {
    for order in orders {
        let payments: Vec<_> = payments.iter().filter(|one| one.order == order.order).cloned().collect();
        let hold = holds.iter().find(|hold| hold.order == order.order).cloned();
        let file = OrderFile { order: order.clone(), payments, hold };
        faults.extend(file.faults().into_iter().map(|fault| format!("{} {}", fault.about, fault.says)));
        if matches!(order.stage, Stage::Placed | Stage::AwaitingPayment) {
            faults.push(format!("{} never ended: {}", order.order, order.stage));
        }
    }
}

/// By the bank's own books, not by ours.
fn check_bank(bank: &BTreeMap<OrderId, Figures>, orders: &[OrderView], faults: &mut Vec<String>) {
    let known: BTreeSet<OrderId> = orders.iter().map(|order| order.order).collect();
    for order in bank.keys().filter(|order| !known.contains(order)) {
        faults.push(format!("the bank took money for {order}, which nobody placed"));
    }
    for order in orders {
        let figures = bank.get(&order.order).copied().unwrap_or_default();
        let kept = figures.charged - figures.refunded;
        let wanted = match order.stage {
            Stage::Confirmed => order.total.amount() - order.refunded.amount(),
            Stage::Cancelled | Stage::Refunded => 0,
            // A person has it in hand: the money is somewhere between.
            _ => kept,
        };
        if figures.charges > 1 || kept != wanted || kept < 0 {
            let stage = order.stage;
            faults
                .push(format!("{} is {stage} of {}, and the bank has {figures:?}", order.order, order.total));
        }
    }
}

fn pieces(holds: &[HoldView], sku: &Sku, state: &str) -> i64 {
    let of = holds.iter().filter(|hold| hold.state == state).flat_map(|hold| &hold.items);
    of.filter(|item| item.sku == *sku).map(|item| i64::from(item.quantity.get())).sum()
}

/// The stream says what the outbox says, row by row.
fn check_telling(world: &World, teller: usize, faults: &mut Vec<String>) -> Result<()> {
    let node = &world.nodes[teller];
    let rows = node.read(|sql| outbox::from(sql, 1, usize::MAX >> 1))?;
    let stream = world.broker.streams.get(&teller);
    let told = stream.map(|stream| stream.messages.iter().map(|message| (message.sequence, &message.id)));
    let told: Vec<_> = told.into_iter().flatten().collect();
    let rows: Vec<_> = rows.iter().map(|row| (row.seq, &row.id)).collect();
    if rows != told {
        faults.push(format!("{}: {} rows, and another {} in the stream", node.name, rows.len(), told.len()));
    }
    Ok(())
}

/// Everything that was told was heard, once, and nothing is left lying.
fn check_hearing(world: &World, hearer: usize, faults: &mut Vec<String>) -> Result<()> {
    let node = &world.nodes[hearer];
    let Some(live) = node.live.as_ref() else {
        faults.push(format!("{} is down", node.name));
        return Ok(());
    };
    for (source, subjects) in live.service().sources() {
        let Some(stream) = shop::number(source).and_then(|teller| world.broker.streams.get(&teller)) else {
            continue;
        };
        let told =
            stream.messages.iter().filter(|message| subjects.contains(&message.subject.as_str())).count();
        let heard: usize = node.read(|sql| {
            sql.get(
                "SELECT count(*) FROM journal WHERE kind = 'event' AND source = ?1",
                [stream_of(source)],
                |row| row.get(0),
            )
        })?;
        if told != heard {
            faults.push(format!("{} acted on {heard} of {told} events of {source}", node.name));
        }
    }
    let left: (u64, u64) = node.read(|sql| {
        sql.get(
            "SELECT (SELECT count(*) FROM dead_letter), (SELECT count(*) FROM journal WHERE outcome = 'internal')",
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    })?;
    if left != (0, 0) {
        faults.push(format!("{}: {} dead letters, {} failures of its own", node.name, left.0, left.1));
    }
    Ok(())
}
