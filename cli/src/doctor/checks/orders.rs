//! Orders and payments that wait for too long, or for a person.

use std::time::Duration;

use contracts::order::Stage;

use super::{above, age, time};
use crate::doctor::facts::Facts;
use crate::doctor::limits::UNKNOWN;
use crate::doctor::report::{Level, Report};
use crate::show::count;

pub(super) fn check(report: &mut Report, facts: &Facts) {
    check_orders(report, facts);
    check_payments(report, facts);
}

fn check_orders(report: &mut Report, facts: &Facts) {
    const CHECK: &str = "orders";
    let orders = match &facts.orders {
        Ok(orders) => orders,
        Err(why) => {
            let says = format!("how the orders stand is not known: {why}");
            return unknown(report, facts, (CHECK, "order"), says);
        }
    };
    for (stage, many) in &orders.stages {
        report.measure_of("orders", "Orders by stage.", ("stage", stage.word()), *many as f64);
    }
    report.measure("orders_overdue", "Orders past the deadline of their stage.", orders.overdue as f64);
    let of = |stage| orders.stages.get(&stage).copied().unwrap_or(0);
    if orders.overdue > 0 {
        let says =
            format!("{} past the deadline of their stage", count(orders.overdue, "order is", "orders are"));
        report.say(
            CHECK,
            Level::Warn,
            says,
            &["shopctl order ls --stage placed,awaiting_payment", "shopctl audit      names each"],
        );
    }
    let attention = of(Stage::NeedsAttention);
    if attention > 0 {
        let newest = facts.attention.as_ref().ok().and_then(|orders| orders.first());
        let newest = newest.map(|order| {
            format!("; the latest, {} ago: {}", time(age(order.changed_at, facts.at)), order.message)
        });
        let says = format!(
            "{} a person{}",
            count(attention, "order needs", "orders need"),
            newest.unwrap_or_default()
        );
        report.say(CHECK, Level::Warn, says, &["shopctl order ls --stage needs_attention"]);
    }
    let all: u64 = orders.stages.values().sum();
    let waiting = of(Stage::Placed) + of(Stage::AwaitingPayment);
    report.else_ok(
        CHECK,
        format!("{}, {waiting} of them on their way, none overdue", count(all, "order", "orders")),
    );
}

fn check_payments(report: &mut Report, facts: &Facts) {
    const CHECK: &str = "payments";
    let payments = match &facts.unknown {
        Ok(payments) => payments,
        Err(why) => {
            let says = format!("how the payments stand is not known: {why}");
            return unknown(report, facts, (CHECK, "payment"), says);
        }
    };
    report.measure(
        "payments_unknown",
        "Payments of which nobody knows whether they were made.",
        payments.len() as f64,
    );
    let oldest = payments.iter().min_by_key(|payment| payment.created_at);
    let waited = oldest.map_or(Duration::ZERO, |payment| age(payment.created_at, facts.at));
    report.measure("payments_unknown_seconds", "For how long the longest of them.", waited.as_secs_f64());
    let level = above(&waited, &UNKNOWN);
    if let Some(payment) = oldest.filter(|_| level > Level::Ok) {
        let many = count(payments.len() as u64, "payment", "payments");
        let says = format!("whether {many} went through is not known, the oldest for {}", time(waited));
        report.say(CHECK, level, says, &[&format!("shopctl trace {}", payment.order)]);
    }
    let many = payments.len();
    report.else_ok(
        CHECK,
        if many == 0 {
            "the outcome of every payment is known".to_owned()
        } else {
            format!("{} being found out, none for long", count(many as u64, "payment is", "payments are"))
        },
    );
}

/// A service that does not answer at all is a finding already; then this is only left out.
fn unknown(report: &mut Report, facts: &Facts, (check, service): (&'static str, &str), says: String) {
    let is_silent = facts.services.iter().any(|one| one.name == service && one.answer.is_err());
    let logs = format!("shopctl logs {service}");
    let (level, mend): (Level, &[&str]) =
        if is_silent { (Level::Skipped, &[]) } else { (Level::Warn, &[&logs]) };
    report.say(check, level, says, mend);
}
