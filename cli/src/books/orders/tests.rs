//! Sound files have no fault, and each rule that is broken once is found and named.

use contracts::order::{Item, OrderLine, RefundView};
use contracts::payment::PaymentRefund;
use contracts::{Currency, OrderId, PaymentId, RefundId};
use kit::Example;
use kit::id::Id;
use proptest::prelude::*;

use super::*;

fn euros(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap()
}

fn line() -> OrderLine {
    let quantity = 2.try_into().unwrap();
    OrderLine {
        sku: Sku::example(),
        quantity,
        unit_price: euros(500),
        total: euros(1000),
        ..OrderLine::example()
    }
}

pub(crate) fn held() -> HoldView {
    let item = Item { sku: Sku::example(), quantity: 2.try_into().unwrap() };
    HoldView {
        hold: Example::example(),
        order: OrderId::example(),
        state: "held".into(),
        items: vec![item],
        expires_at: kit::Timestamp::UNIX_EPOCH,
        pinned: false,
    }
}

/// An order of ten euros that waits for its payment.
pub(crate) fn waiting() -> OrderFile {
    let order = OrderView {
        order: OrderId::example(),
        stage: Stage::AwaitingPayment,
        lines: vec![line()],
        total: euros(1000),
        refunded: euros(0),
        refunds: vec![],
        payment: None,
        ..OrderView::example()
    };
    let payment = PaymentView {
        payment: PaymentId::example(),
        order: OrderId::example(),
        amount: euros(1000),
        captured: euros(0),
        refunded: euros(0),
        state: PaymentState::Pending,
        refunds: vec![],
        ..PaymentView::example()
    };
    OrderFile { order, payments: vec![payment], hold: Some(held()) }
}

/// The same, paid and sold.
pub(crate) fn sold() -> OrderFile {
    at(Stage::Confirmed)
}

fn at(stage: Stage) -> OrderFile {
    let mut file = waiting();
    file.order.stage = stage;
    let paid = |file: &mut OrderFile| {
        file.order.payment = Some(PaymentId::example());
        file.payments[0].state = PaymentState::Captured;
        file.payments[0].captured = euros(1000);
        file.hold.as_mut().unwrap().state = "sold".into();
    };
    match stage {
        Stage::Placed => file.payments.clear(),
        Stage::AwaitingPayment => {}
        Stage::Confirmed | Stage::NeedsAttention => paid(&mut file),
        Stage::Refunded => {
            paid(&mut file);
            give_back(&mut file, 1000, RefundState::Done);
        }
        Stage::Cancelled => {
            file.payments[0].state = PaymentState::Declined;
            file.hold.as_mut().unwrap().state = "released".into();
        }
    }
    file
}

/// Money goes back: as far as the order knows, and as far as it is made.
fn give_back(file: &mut OrderFile, cents: i64, state: RefundState) {
    let refund = RefundId::from_bits(file.order.refunds.len() as u128 + 1);
    file.order.refunds.push(RefundView { refund, amount: euros(cents), state, reason: String::new() });
    let word = if state == RefundState::Done { "done" } else { "pending" };
    let made = PaymentRefund { refund, amount: euros(cents), state: word.into(), message: String::new() };
    file.payments[0].refunds.push(made);
    if state == RefundState::Done {
        file.order.refunded = euros(file.order.refunded.amount() + cents);
        file.payments[0].refunded = euros(file.payments[0].refunded.amount() + cents);
    }
}

#[track_caller]
fn broken(rule: Rule, says: &str, file: OrderFile) {
    let faults = file.faults();
    let found: Vec<_> = faults.iter().map(|fault| (fault.rule, fault.says.as_str())).collect();
    assert_eq!(found, [(rule, says)]);
    assert_eq!(faults[0].look, format!("shopctl trace {}", file.order.order));
}

#[test]
fn an_order_is_sound_at_every_stage() {
    for stage in Stage::ALL {
        assert_eq!(at(stage).faults(), [], "{stage}");
    }
}

#[test]
fn an_order_whose_money_is_on_its_way_back_is_sound() {
    let mut file = at(Stage::Confirmed);
    give_back(&mut file, 300, RefundState::Pending);
    assert_eq!(file.faults(), []);
    // The payment is made before the order hears of it.
    file.payments[0].refunded = euros(300);
    file.payments[0].refunds[0].state = "done".into();
    assert_eq!(file.faults(), []);
    // Cancelled, charged all the same, and being given back.
    let mut file = at(Stage::Confirmed);
    give_back(&mut file, 1000, RefundState::Pending);
    file.order.stage = Stage::Cancelled;
    file.hold.as_mut().unwrap().state = "released".into();
    assert_eq!(file.faults(), []);
}

#[test]
fn an_order_of_which_nobody_knows_whether_it_was_paid_may_wait_without_its_stock() {
    let mut file = at(Stage::AwaitingPayment);
    file.hold.as_mut().unwrap().state = "expired".into();
    assert_eq!(file.faults().len(), 1);
    file.payments[0].state = PaymentState::Unknown;
    assert_eq!(file.faults(), []);
}

#[test]
fn stock_that_is_held_for_an_order_that_ended_is_named() {
    let mut file = at(Stage::Cancelled);
    file.hold = Some(held());
    broken(Rule::Holds, "is cancelled, but its stock is still held", file);
}

#[test]
fn stock_of_a_paid_order_that_has_not_left_the_house_is_named() {
    let mut file = at(Stage::Confirmed);
    file.hold = Some(held());
    broken(Rule::Holds, "is confirmed, but its stock is still held", file.clone());
    file.hold.as_mut().unwrap().state = "released".into();
    broken(Rule::Holds, "is confirmed, but its stock is released", file.clone());
    file.hold = None;
    broken(Rule::Holds, "is confirmed, but the inventory has not heard of it", file);
}

#[test]
fn a_hold_of_something_else_than_was_ordered_is_named() {
    let mut file = at(Stage::Confirmed);
    let sku = Sku::example();
    file.hold.as_mut().unwrap().items[0].quantity = 3.try_into().unwrap();
    broken(Rule::Holds, &format!("is of {sku}:2, but its hold is of {sku}:3"), file);
}

#[test]
fn money_of_an_order_that_was_not_sold_is_named() {
    let mut file = at(Stage::Cancelled);
    (file.payments[0].state, file.payments[0].captured) = (PaymentState::Captured, euros(1000));
    let says = "is cancelled, so 0.00 EUR of it should be kept, but it is 10.00 EUR";
    broken(Rule::Money, says, file);
}

#[test]
fn a_sale_that_was_not_paid_is_named() {
    let mut file = at(Stage::Confirmed);
    (file.payments[0].state, file.payments[0].captured) = (PaymentState::Declined, euros(0));
    let says = "is confirmed, so 10.00 EUR of it should be kept, but it is 0.00 EUR";
    broken(Rule::Money, says, file);
}

#[test]
fn money_that_went_back_unknown_to_the_order_is_named() {
    let mut file = at(Stage::NeedsAttention);
    file.payments[0].refunded = euros(300);
    let amount = euros(300);
    let refund =
        PaymentRefund { refund: RefundId::example(), amount, state: "done".into(), message: String::new() };
    file.payments[0].refunds.push(refund);
    broken(Rule::Money, "has 0.00 EUR given back, but by its payment it is 3.00 EUR", file);
}

#[test]
fn an_order_with_two_payments_or_with_one_of_another_sum_is_named() {
    let mut file = at(Stage::AwaitingPayment);
    let other = PaymentView { payment: PaymentId::from_bits(7), ..file.payments[0].clone() };
    let says = format!("has more than one payment: {}, {}", file.payments[0].payment, other.payment);
    file.payments.push(other);
    broken(Rule::Payments, &says, file);

    let mut file = at(Stage::AwaitingPayment);
    file.payments[0].amount = euros(900);
    let id = file.payments[0].payment;
    broken(Rule::Payments, &format!("costs 10.00 EUR, but its payment {id} is of 9.00 EUR"), file);
}

#[test]
fn a_payment_that_the_order_names_and_nobody_has_is_named() {
    let mut file = at(Stage::Cancelled);
    let gone = PaymentId::from_bits(9);
    file.order.payment = Some(gone);
    broken(Rule::Payments, &format!("is paid by {gone}, of which payment knows nothing"), file);
}

#[test]
fn refunds_that_do_not_add_up_are_named() {
    let mut file = at(Stage::Refunded);
    file.payments[0].refunds[0].amount = euros(900);
    let id = file.payments[0].payment;
    let says = format!("has a payment {id} with 10.00 EUR given back, but its refunds add up to 9.00 EUR");
    broken(Rule::Payments, &says, file);
}

#[test]
fn what_belongs_to_an_order_that_nobody_placed_is_named() {
    let file = waiting();
    assert_eq!(stray_payment(&file.payments[0]).rule, Rule::Payments);
    assert_eq!(stray_hold(&held()).rule, Rule::Holds);
}

proptest! {
    #[test]
    fn a_sale_with_any_refunds_is_sound_and_a_cent_more_or_less_is_a_fault(
        parts in proptest::collection::vec((1..300i64, proptest::bool::ANY), 0..4), cent in prop_oneof![Just(1), Just(-1)],
    ) {
        let mut file = at(Stage::Confirmed);
        // The last is 100 at least short of everything, so that it stays a sale.
        for (cents, is_done) in &parts {
            if file.order.refunds.iter().map(|one| one.amount.amount()).sum::<i64>() + cents < 900 {
                give_back(&mut file, *cents, if *is_done { RefundState::Done } else { RefundState::Pending });
            }
        }
        prop_assert_eq!(file.faults(), []);
        let pending = file.order.refunds.iter().any(|one| one.state == RefundState::Pending);
        let payment = &mut file.payments[0];
        payment.captured = euros(payment.captured.amount() + cent);
        // What is charged is one figure, what is kept another; while money is on its way, the second may be anything between.
        let faults = file.faults();
        prop_assert!(faults.iter().any(|fault| fault.rule == Rule::Payments));
        prop_assert!(pending && cent < 0 || faults.iter().any(|fault| fault.rule == Rule::Money));
    }
}
