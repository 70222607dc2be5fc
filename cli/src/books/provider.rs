//! The provider's own ledger: what it has really taken and given back, against what we have.

use std::collections::BTreeSet;

use contracts::OrderId;
use contracts::order::{OrderView, RefundState, Stage};
use contracts::payment::{PaymentState, PaymentSums};

use super::{Fault, Rule};

/// What the provider has taken and given back for an order, by its own ledger. Amounts are minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Provided {
    /// For which order.
    pub order: OrderId,
    /// How many charges took money.
    pub charges: u32,
    /// How much they took.
    pub charged: i64,
    /// How many times money went back, or is about to.
    pub refunds: u32,
    /// How much that is.
    pub refunded: i64,
}

/// What is wrong with an order by the provider's ledger. None: it has never heard of the order.
///
/// What was charged less what was given back is nothing, or the total of a sale less the refunds that the
/// order knows. While a person has the order in hand it is anything between.
pub fn of_order(order: &OrderView, provided: Option<&Provided>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut wrong = |says: String| faults.push(Fault::of_order(Rule::Provider, order.order, says));
    let (charges, charged, refunded) =
        provided.map_or((0, 0, 0), |provided| (provided.charges, provided.charged, provided.refunded));
    let kept = charged - refunded;
    let pending = order.refunds.iter().filter(|refund| refund.state == RefundState::Pending);
    let pending: i64 = pending.map(|refund| refund.amount.amount()).sum();
    let (total, back) = (order.total.amount(), order.refunded.amount());
    if charges > 1 {
        wrong(format!("was charged {charges} times by the provider"));
    }
    let (least, most) = match order.stage {
        Stage::Placed => (0, 0),
        // It may be charged before anybody here knows.
        Stage::AwaitingPayment | Stage::NeedsAttention => (0, total),
        Stage::Confirmed => (total - back - pending, total - back),
        // All of it went back.
        Stage::Refunded => (0, 0),
        Stage::Cancelled => (0, pending),
    };
    if kept < least || kept > most {
        let (stage, wanted) =
            (order.stage, if least == most { least.to_string() } else { format!("{least} to {most}") });
        wrong(format!(
            "is {stage}, so the provider should have {wanted} of it, but it took {charged} and gave {refunded} back"
        ));
    }
    faults
}

/// Money that the provider took for orders that nobody placed.
pub fn strays(provided: &[Provided], known: &BTreeSet<OrderId>) -> Vec<Fault> {
    let strays = provided.iter().filter(|provided| provided.charges > 0 && !known.contains(&provided.order));
    let fault = |provided: &Provided| {
        let says =
            format!("was charged {} by the provider, but no such order was ever placed", provided.charged);
        Fault::of_order(Rule::Provider, provided.order, says)
    };
    strays.map(fault).collect()
}

/// What is wrong with a payment by the provider's figures of the same moment. What is being tried, or of
/// which nobody knows, may be done there already.
pub fn of_payment(sums: &PaymentSums) -> Vec<Fault> {
    let mut faults = Vec::new();
    let id = kit::text::printable(&sums.payment);
    let mut wrong = |says: String| faults.push(Fault::of_order(Rule::Provider, sums.order, says));
    let Some(state) = sums.state else {
        wrong(format!(
            "was charged {} at the provider under {id}, of which payment knows nothing",
            sums.charged
        ));
        return faults;
    };
    if sums.charges > 1 {
        wrong(format!("has a payment {id} that the provider charged {} times", sums.charges));
    }
    let is_settled = !matches!(state, PaymentState::Pending | PaymentState::Unknown);
    let fits =
        if is_settled { sums.charged == sums.captured } else { [0, sums.amount].contains(&sums.charged) };
    if !fits {
        let (ours, theirs) = (if is_settled { sums.captured } else { sums.amount }, sums.charged);
        wrong(format!("has a payment {id} that is {state} of {ours}, but the provider took {theirs}"));
    }
    let (least, most) = (sums.refunded, sums.refunded + sums.refunding);
    if sums.given_back < least || sums.given_back > most {
        let says =
            format!("has a payment {id} with {least} given back, but the provider gave {}", sums.given_back);
        wrong(says);
    }
    faults
}

#[cfg(test)]
mod tests;
