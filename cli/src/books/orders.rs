//! One order with its payment and its hold: three services, one story.

use std::collections::BTreeMap;

use contracts::inventory::HoldView;
use contracts::order::{OrderView, RefundState, Stage};
use contracts::payment::{PaymentState, PaymentView};
use contracts::{Money, Sku};

use super::{Fault, Rule};

/// Refunds that a payment shows; if there are more, their sum is not known.
const REFUNDS_SHOWN: usize = 200;

/// What the three services say of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderFile {
    /// What the order service says.
    pub order: OrderView,
    /// What the payment service says: one payment, or none yet.
    pub payments: Vec<PaymentView>,
    /// What the inventory says; none if it has not heard of the order.
    pub hold: Option<HoldView>,
}

impl OrderFile {
    /// What is wrong with it.
    pub fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.check_payments(&mut faults);
        self.check_money(&mut faults);
        self.check_hold(&mut faults);
        faults
    }

    fn wrong(&self, faults: &mut Vec<Fault>, rule: Rule, says: String) {
        faults.push(Fault::of_order(rule, self.order.order, says));
    }

    fn check_payments(&self, faults: &mut Vec<Fault>) {
        let order = &self.order;
        if self.payments.len() > 1 {
            let ids: Vec<String> = self.payments.iter().map(|payment| payment.payment.to_string()).collect();
            self.wrong(faults, Rule::Payments, format!("has more than one payment: {}", ids.join(", ")));
        }
        if let Some(named) = order.payment
            && self.payments.iter().all(|payment| payment.payment != named)
        {
            self.wrong(faults, Rule::Payments, format!("is paid by {named}, of which payment knows nothing"));
        }
        for payment in &self.payments {
            let id = payment.payment;
            if payment.amount != order.total {
                let (due, total) = (payment.amount, order.total);
                let says = format!("costs {total}, but its payment {id} is of {due}");
                self.wrong(faults, Rule::Payments, says);
            }
            let whole = if payment.state == PaymentState::Captured { payment.amount.amount() } else { 0 };
            if payment.captured.amount() != whole {
                let says = format!(
                    "has a payment {id} that is {}, of which {} was charged",
                    payment.state, payment.captured
                );
                self.wrong(faults, Rule::Payments, says);
            }
            let made = payment.refunds.iter().filter(|refund| refund.state == "done");
            let made: i64 = made.map(|refund| refund.amount.amount()).sum();
            if payment.refunds.len() < REFUNDS_SHOWN && made != payment.refunded.amount() {
                let says = format!(
                    "has a payment {id} with {} given back, but its refunds add up to {}",
                    payment.refunded,
                    self.money(made)
                );
                self.wrong(faults, Rule::Payments, says);
            }
        }
    }

    /// What was charged and not given back is what the stage of the order says. What is being given
    /// back may be with the buyer already.
    fn check_money(&self, faults: &mut Vec<Fault>) {
        let order = &self.order;
        let sum =
            |of: fn(&PaymentView) -> Money| self.payments.iter().map(|one| of(one).amount()).sum::<i64>();
        let (charged, back) = (sum(|one| one.captured), sum(|one| one.refunded));
        let kept = charged - back;
        let pending = order.refunds.iter().filter(|refund| refund.state == RefundState::Pending);
        let pending: i64 = pending.map(|refund| refund.amount.amount()).sum();
        let refunded = order.refunded.amount();
        let (least, most) = match order.stage {
            Stage::Placed | Stage::AwaitingPayment => (0, 0),
            Stage::Confirmed | Stage::Refunded => {
                let rest = order.total.amount() - refunded;
                (rest - pending, rest)
            }
            Stage::Cancelled => (0, pending),
            Stage::NeedsAttention => (0, order.total.amount()),
        };
        if kept < least || kept > most {
            let wanted = match least == most {
                true => self.money(most),
                false => format!("{} to {}", self.money(least), self.money(most)),
            };
            let (stage, kept) = (words(order.stage), self.money(kept));
            self.wrong(
                faults,
                Rule::Money,
                format!("{stage}, so {wanted} of it should be kept, but it is {kept}"),
            );
        } else if back < refunded || back > refunded + pending {
            let (here, there) = (order.refunded, self.money(back));
            self.wrong(
                faults,
                Rule::Money,
                format!("has {here} given back, but by its payment it is {there}"),
            );
        }
    }

    fn check_hold(&self, faults: &mut Vec<Fault>) {
        let order = &self.order;
        let state = self.hold.as_ref().map(|hold| hold.state.as_str());
        let paid = |wanted| self.payments.iter().any(|payment| payment.state == wanted);
        let is_live = state == Some("held");
        let fits = match order.stage {
            Stage::Placed => state.is_some(),
            // An order that may be paid goes on waiting also without its hold.
            Stage::AwaitingPayment => is_live || paid(PaymentState::Unknown),
            Stage::Confirmed => state == Some("sold"),
            Stage::Cancelled | Stage::Refunded => !is_live,
            Stage::NeedsAttention => !is_live || !paid(PaymentState::Captured),
        };
        if !fits {
            let stock = match state {
                None => "the inventory has not heard of it".to_owned(),
                Some("held") => "its stock is still held".to_owned(),
                Some(state) => format!("its stock is {}", kit::text::printable(state)),
            };
            self.wrong(faults, Rule::Holds, format!("{}, but {stock}", words(order.stage)));
        }
        if let Some(hold) = self.hold.as_ref().filter(|hold| !hold.items.is_empty()) {
            let ordered = pieces(order.lines.iter().map(|line| (&line.sku, line.quantity.get())));
            let held = pieces(hold.items.iter().map(|item| (&item.sku, item.quantity.get())));
            if ordered != held {
                self.wrong(
                    faults,
                    Rule::Holds,
                    format!("is of {}, but its hold is of {}", list(&ordered), list(&held)),
                );
            }
        }
    }

    fn money(&self, amount: i64) -> String {
        let currency = self.order.total.currency();
        // Less than nothing is no amount of money; as a finding it is shown all the same.
        Money::new(amount.abs(), currency)
            .map(|money| if amount < 0 { format!("-{money}") } else { money.to_string() })
            .unwrap_or_else(|_| format!("{amount} minor units"))
    }
}

/// The payment of an order that nobody placed.
pub fn stray_payment(payment: &PaymentView) -> Fault {
    let says = format!("has a payment {}, but no such order was ever placed", payment.payment);
    Fault::of_order(Rule::Payments, payment.order, says)
}

/// Stock that is held for an order that nobody placed.
pub fn stray_hold(hold: &HoldView) -> Fault {
    let says = "has stock held, but no such order was ever placed".to_owned();
    Fault::of_order(Rule::Holds, hold.order, says)
}

/// Where an order stands, as the middle of a sentence.
fn words(stage: Stage) -> &'static str {
    match stage {
        Stage::Placed => "waits for its stock",
        Stage::AwaitingPayment => "waits for its payment",
        Stage::Confirmed => "is confirmed",
        Stage::Cancelled => "is cancelled",
        Stage::Refunded => "is refunded",
        Stage::NeedsAttention => "needs attention",
    }
}

fn pieces<'a>(lines: impl Iterator<Item = (&'a Sku, u32)>) -> BTreeMap<&'a Sku, u64> {
    let mut sums = BTreeMap::new();
    for (sku, quantity) in lines {
        *sums.entry(sku).or_default() += u64::from(quantity);
    }
    sums
}

fn list(pieces: &BTreeMap<&Sku, u64>) -> String {
    let each = pieces.iter().map(|(sku, quantity)| format!("{sku}:{quantity}"));
    each.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
pub(crate) mod tests;
