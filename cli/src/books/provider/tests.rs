//! Sound ledgers have no fault; one wrong figure always has.

use contracts::order::RefundView;
use contracts::{Money, RefundId};
use kit::Example;
use kit::id::Id;
use proptest::prelude::*;

use super::super::orders::tests::waiting;
use super::*;

fn order(stage: Stage, refunded: i64, pending: i64) -> OrderView {
    let mut order = OrderView { stage, ..waiting().order };
    let euros = |cents| Money::new(cents, order.total.currency()).unwrap();
    let refund = |number, cents, state| RefundView {
        refund: RefundId::from_bits(number),
        amount: euros(cents),
        state,
        reason: String::new(),
    };
    let mut refunds = Vec::new();
    if refunded > 0 {
        refunds.push(refund(1, refunded, RefundState::Done));
    }
    if pending > 0 {
        refunds.push(refund(2, pending, RefundState::Pending));
    }
    (order.refunded, order.refunds) = (euros(refunded), refunds);
    order
}

fn provided(charged: i64, refunded: i64) -> Provided {
    let order = OrderId::example();
    Provided { order, charges: u32::from(charged > 0), charged, refunds: u32::from(refunded > 0), refunded }
}

fn sums(state: PaymentState) -> PaymentSums {
    let captured = if state == PaymentState::Captured { 1000 } else { 0 };
    PaymentSums {
        payment: "pay_x".into(),
        order: OrderId::example(),
        state: Some(state),
        amount: 1000,
        captured,
        refunded: 0,
        refunding: 0,
        charges: u32::from(captured > 0),
        charged: captured,
        refunds: 0,
        given_back: 0,
    }
}

#[test]
fn the_provider_has_the_total_exactly_when_the_order_is_a_sale() {
    for (stage, refunded, charged, back) in [
        (Stage::Placed, 0, 0, 0),
        (Stage::AwaitingPayment, 0, 1000, 0),
        (Stage::Confirmed, 0, 1000, 0),
        (Stage::Confirmed, 300, 1000, 300),
        (Stage::Refunded, 1000, 1000, 1000),
        (Stage::Cancelled, 0, 0, 0),
        (Stage::NeedsAttention, 0, 1000, 0),
    ] {
        assert_eq!(of_order(&order(stage, refunded, 0), Some(&provided(charged, back))), [], "{stage}");
    }
    assert_eq!(of_order(&order(Stage::Confirmed, 0, 0), None).len(), 1);
    assert_eq!(of_order(&order(Stage::Refunded, 300, 0), Some(&provided(1000, 300))).len(), 1);
    assert_eq!(of_order(&order(Stage::Cancelled, 0, 0), Some(&provided(1000, 0))).len(), 1);
    let twice = Provided { charges: 2, ..provided(1000, 0) };
    let says = &of_order(&order(Stage::Confirmed, 0, 0), Some(&twice))[0].says;
    assert_eq!(says, "was charged 2 times by the provider");
}

#[test]
fn money_for_an_order_that_nobody_placed_is_named() {
    let known = BTreeSet::from([OrderId::example()]);
    let stray = Provided { order: OrderId::from_bits(9), ..provided(500, 0) };
    assert_eq!(strays(&[provided(1000, 0), stray], &known).len(), 1);
}

#[test]
fn a_charge_under_a_key_that_nobody_has_is_named() {
    let stray = PaymentSums { state: None, charged: 700, charges: 1, ..sums(PaymentState::Captured) };
    assert_eq!(
        of_payment(&stray)[0].says,
        "was charged 700 at the provider under pay_x, of which payment knows nothing"
    );
}

#[test]
fn what_is_being_tried_may_be_done_already() {
    for state in [PaymentState::Pending, PaymentState::Unknown] {
        assert_eq!(of_payment(&PaymentSums { charges: 1, charged: 1000, ..sums(state) }), []);
        assert_eq!(of_payment(&PaymentSums { charges: 1, charged: 999, ..sums(state) }).len(), 1);
    }
    let going = PaymentSums { refunding: 300, ..sums(PaymentState::Captured) };
    assert_eq!(of_payment(&going), []);
    assert_eq!(of_payment(&PaymentSums { given_back: 300, ..going.clone() }), []);
    assert_eq!(of_payment(&PaymentSums { given_back: 301, ..going }).len(), 1);
}

proptest! {
    #[test]
    fn one_wrong_figure_is_always_found(
        refunded in 0..1000i64, off in prop_oneof![-1000..0i64, 1..1000i64], which in 0..3usize, settled in 0..3usize,
    ) {
        let state = [PaymentState::Captured, PaymentState::Declined, PaymentState::Cancelled][settled];
        let back = if settled == 0 { refunded } else { 0 };
        let mut books = PaymentSums { refunded: back, given_back: back, ..sums(state) };
        prop_assert_eq!(of_payment(&books), []);
        *[&mut books.captured, &mut books.charged, &mut books.given_back][which] += off;
        prop_assert!(!of_payment(&books).is_empty());

        let sale = order(Stage::Confirmed, refunded, 0);
        prop_assert_eq!(of_order(&sale, Some(&provided(1000, refunded))), []);
        prop_assert!(!of_order(&sale, Some(&provided(1000 + off, refunded))).is_empty());
        prop_assert!(!of_order(&sale, Some(&provided(1000, refunded + off))).is_empty());
    }
}
