//! Once a shop is quiet, every order has ended, or is visibly in somebody's hands.

use contracts::order::{OrderView, RefundState, Stage};
use kit::Timestamp;

use super::{Fault, OrderFile, Rule, late};

/// What is wrong with an order of a shop that is quiet: one that waits, or whose money is on its way back, and
/// about which nobody will be told. One that needs attention is a person's, and so is what [`late::of_order`]
/// lists.
pub fn of_quiet(file: &OrderFile, now: Timestamp) -> Option<Fault> {
    let order = &file.order;
    let waits = matches!(order.stage, Stage::Placed | Stage::AwaitingPayment);
    let gives_back = order.stage != Stage::NeedsAttention
        && order.refunds.iter().any(|refund| refund.state == RefundState::Pending);
    if !(waits || gives_back) || !late::of_order(file, now).is_empty() {
        return None;
    }
    if !waits {
        let says = "has money on its way back although nothing goes on any more".to_owned();
        return Some(Fault::of_order(Rule::Ended, order.order, says));
    }
    let says = match order.deadline {
        Some(deadline) => {
            format!("is {} although nothing goes on any more, until {deadline}", order.stage)
        }
        None => format!("is {} although nothing goes on any more, and has no deadline", order.stage),
    };
    Some(Fault::of_order(Rule::Ended, order.order, says))
}

/// What is wrong with an order at any time: one that waits for something, and for no time at all.
pub fn waits_for_ever(order: &OrderView) -> Option<Fault> {
    let waits = matches!(order.stage, Stage::Placed | Stage::AwaitingPayment);
    (waits && order.deadline.is_none()).then(|| {
        let says = format!("is {} without a deadline, so that nothing would ever end it", order.stage);
        Fault::of_order(Rule::Ended, order.order, says)
    })
}

#[cfg(test)]
mod tests {
    use contracts::RefundId;
    use contracts::order::RefundView;
    use kit::id::Id;

    use super::super::orders::tests::{sold, waiting};
    use super::*;

    #[test]
    fn money_that_is_still_on_its_way_back_in_a_quiet_shop_is_named_unless_it_is_late_or_a_persons() {
        let mut file = sold();
        let now = file.order.changed_at + late::GRACE;
        let (refund, amount, reason) = (RefundId::from_bits(1), file.order.total, String::new());
        file.order.refunds = vec![RefundView { refund, amount, state: RefundState::Pending, reason }];
        let says = of_quiet(&file, now).unwrap().says;
        assert_eq!(says, "has money on its way back although nothing goes on any more");
        assert_eq!(of_quiet(&file, now + late::UNKNOWN_MAX), None, "it is listed as late");
        file.order.stage = Stage::NeedsAttention;
        assert_eq!(of_quiet(&file, now), None, "it is in the hands of a person");
        (file.order.stage, file.order.refunds[0].state) = (Stage::Refunded, RefundState::Done);
        assert_eq!(of_quiet(&file, now), None, "it is back");
    }

    #[test]
    fn an_order_that_waits_in_a_quiet_shop_is_named_unless_it_is_late_or_a_persons() {
        let now = Timestamp::from_second(2_000_000_000).unwrap();
        let mut file = waiting();
        file.order.deadline = Some(now + late::GRACE);
        assert_eq!(of_quiet(&file, now).unwrap().rule, Rule::Ended);
        file.order.deadline = Some(now - late::GRACE * 2);
        assert_eq!(of_quiet(&file, now), None, "it is listed as late");
        for stage in
            Stage::ALL.into_iter().filter(|stage| !matches!(stage, Stage::Placed | Stage::AwaitingPayment))
        {
            (file.order.stage, file.order.deadline) = (stage, None);
            assert_eq!((of_quiet(&file, now), waits_for_ever(&file.order)), (None, None), "{stage}");
        }
        for stage in [Stage::Placed, Stage::AwaitingPayment] {
            (file.order.stage, file.order.deadline) = (stage, None);
            assert!(waits_for_ever(&file.order).is_some() && of_quiet(&file, now).is_some(), "{stage}");
        }
    }
}
