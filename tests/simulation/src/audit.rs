//! What must be true of a world once it is quiet, whatever happened before.
//!
//! The rules are those of [`cli::books`], which `shopctl audit` and the tests of processes use too. Here stand only
//! those that nobody but a simulation can look at: it knows what people did, and nothing may be left lying.

use std::collections::{BTreeMap, BTreeSet};

use cli::books::stock;
use cli::books::whole::{self, Everything};
use contracts::order::Stage;
use contracts::{OrderId, Sku};
use kit::Result;

use crate::people::Ledger;
use crate::world::World;
use crate::{books, cards, deadlines};

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
/// If a database cannot be read.
pub fn of(world: &World, told: &Ledger) -> Result<Audit> {
    let mut faults = world.findings.clone();
    faults.extend(world.bank.complaints.iter().map(|complaint| format!("the bank: {complaint}")));
    faults.extend(told.contradictions.iter().map(|said| format!("contradiction: {said}")));
    check_nodes(world, &mut faults)?;
    let waits = deadlines::faults(world).into_iter().filter(|waits| !world.findings.contains(waits));
    faults.extend(waits);
    let all = books::of(world, told)?;
    let found = whole::faults(&all).into_iter().chain(cards::of(world)?);
    faults.extend(found.map(|fault| format!("{} {}", fault.about, fault.says)));
    check_told(&all, &mut faults);
    check_delivered(&all, told, &mut faults);
    let mut stages = BTreeMap::new();
    for order in &all.orders {
        *stages.entry(order.stage).or_default() += 1;
    }
    Ok(Audit { faults, stages })
}

/// Every service is up, and has left nothing lying.
fn check_nodes(world: &World, faults: &mut Vec<String>) -> Result<()> {
    for node in &world.nodes {
        if node.live.is_none() {
            faults.push(format!("{} is down", node.name));
            continue;
        }
        let left: (u64, u64) = node.read(|sql| {
            sql.get(
                "SELECT (SELECT count(*) FROM dead_letter),
                        (SELECT count(*) FROM journal WHERE outcome = 'internal')",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
        })?;
        if left != (0, 0) {
            faults.push(format!("{}: {} dead letters, {} failures of its own", node.name, left.0, left.1));
        }
    }
    Ok(())
}

/// Here everybody insists until there is an answer, so that there is no order of which nobody was told.
fn check_told(all: &Everything, faults: &mut Vec<String>) {
    let told: BTreeSet<OrderId> = all.accepted.iter().map(|accepted| accepted.told.order).collect();
    for order in all.orders.iter().filter(|order| !told.contains(&order.order)) {
        faults.push(format!("{} is there and nobody was told", order.order));
    }
}

/// What is on hand and what is sold is what the people brought, by their own count.
fn check_delivered(all: &Everything, told: &Ledger, faults: &mut Vec<String>) {
    for sums in &all.stock {
        let delivered = told.delivered.get(&sums.sku).copied().unwrap_or(0);
        faults.extend(stock::came_in(sums, delivered).map(|fault| format!("{} {}", fault.about, fault.says)));
        let sold = sold(all, &sums.sku);
        if sums.on_hand + sold != delivered {
            faults.push(format!("{}: {} on hand and {sold} sold of {delivered}", sums.sku, sums.on_hand));
        }
    }
}

fn sold(all: &Everything, sku: &Sku) -> i64 {
    let of = all.holds.iter().filter(|hold| hold.state == "sold").flat_map(|hold| &hold.items);
    of.filter(|item| item.sku == *sku).map(|item| i64::from(item.quantity.get())).sum()
}
