//! What others tell us, and deadlines that pass: each becomes a signal for the saga.

use contracts::inventory::{HoldExpired, ShortLine, StockRefused, StockReserved};
use contracts::order::{RefundState, attention};
use contracts::payment::{
    PaymentCaptured, PaymentDeclined, PaymentOutcomeUnknown, PaymentRefundFailed, PaymentRefunded,
};
use contracts::{OrderId, RefundId};
use kit::{Result, Tx};

use crate::advance::{Cause, advance};
use crate::checkout::{PAYMENT_LIMIT, PLACED_LIMIT, Signal, Standing, UNKNOWN_LIMIT};
use crate::order::{Order, Refund, Why, one_line};
use crate::refusal::Contradiction;
use crate::store;

/// All lines are held: the payment comes next.
pub(crate) fn stock_reserved(tx: &mut Tx<'_>, event: StockReserved) -> Result<()> {
    let order = store::get_order(tx, event.order)?;
    advance(tx, order, Cause::of(Signal::StockReserved, Why::default())).map(drop)
}

/// Lines are short. After the capture this means that the hold was lost and the stock is gone, so
/// that the money goes back.
pub(crate) fn stock_refused(tx: &mut Tx<'_>, event: StockRefused) -> Result<()> {
    let mut order = store::get_order(tx, event.order)?;
    let why = Why::new("out_of_stock", short_lines(&event.short));
    order.ended = why.clone();
    advance(tx, order, Cause::of(Signal::StockRefused, why)).map(drop)
}

/// What was held is free again.
pub(crate) fn hold_expired(tx: &mut Tx<'_>, event: HoldExpired) -> Result<()> {
    let order = store::get_order(tx, event.order)?;
    let why = Why::new("hold_expired", "the time for which its stock was held ran out");
    advance(tx, order, Cause::of(Signal::HoldExpired, why)).map(drop)
}

/// The card was charged: the order is paid, or the money goes back if it has ended meanwhile.
pub(crate) fn payment_captured(tx: &mut Tx<'_>, event: PaymentCaptured) -> Result<()> {
    let mut order = store::get_order(tx, event.order)?;
    let Some(signal) = order.captured(event.payment, event.amount)? else { return Ok(()) };
    let message = match order.ended.message.as_str() {
        "" => String::new(),
        ended => format!("paid after the order had ended: {ended}"),
    };
    advance(tx, order, Cause::of(signal, Why::new("late_capture", message))).map(drop)
}

/// The card was not charged and will not be.
pub(crate) fn payment_declined(tx: &mut Tx<'_>, event: PaymentDeclined) -> Result<()> {
    let mut order = store::get_order(tx, event.order)?;
    let Some(signal) = order.declined(event.payment)? else { return Ok(()) };
    let why = Why::new(code(&event.code), or(one_line(&event.message), "the payment was declined"));
    advance(tx, order, Cause::of(signal, why)).map(drop)
}

/// Nobody knows whether the card was charged.
pub(crate) fn payment_outcome_unknown(tx: &mut Tx<'_>, event: PaymentOutcomeUnknown) -> Result<()> {
    let mut order = store::get_order(tx, event.order)?;
    let Some(signal) = order.outcome_unknown(event.payment, event.given_up) else { return Ok(()) };
    let heard = or(one_line(&event.message), "the provider did not answer");
    let why = outcome_lost(&order, &heard);
    advance(tx, order, Cause::of(signal, why)).map(drop)
}

/// Money was given back.
pub(crate) fn payment_refunded(tx: &mut Tx<'_>, event: PaymentRefunded) -> Result<()> {
    let mut order = store::get_order(tx, event.order)?;
    let refund = find_refund(tx, &order, event.refund)?;
    let Some(signal) = order.refund_done(&refund, event.amount)? else { return Ok(()) };
    store::mark_refund(tx, event.order, event.refund, RefundState::Done)?;
    let cause = Cause {
        signal,
        why: Why::new("refunded", refund.view.reason),
        amount: Some(event.amount),
        refund: Some(event.refund),
    };
    advance(tx, order, cause).map(drop)
}

/// Money could not be given back, or nobody knows whether it was: a person must look.
pub(crate) fn payment_refund_failed(tx: &mut Tx<'_>, event: PaymentRefundFailed) -> Result<()> {
    let mut order = store::get_order(tx, event.order)?;
    let refund = find_refund(tx, &order, event.refund)?;
    if event.maybe_done {
        let Some(signal) = order.refund_unknown(&refund, event.amount)? else { return Ok(()) };
        store::mark_refund_unknown(tx, event.order, event.refund)?;
        let why = order.why();
        return advance(tx, order, Cause::of(signal, why)).map(drop);
    }
    let Some(signal) = order.refund_failed(&refund, event.amount)? else { return Ok(()) };
    store::mark_refund(tx, event.order, event.refund, RefundState::Failed)?;
    let heard = or(one_line(&event.message), "the provider refused");
    let message = format!("{} could not be given back: {heard}", event.amount);
    advance(tx, order, Cause::of(signal, Why::new("refund_failed", message))).map(drop)
}

/// The deadline of an order passed. What the timer was set for may have ended meanwhile: then the
/// order waits for nobody, or longer.
pub(crate) fn deadline_passed(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    let id: OrderId = key.parse()?;
    let order = store::get_order(tx, id)?;
    if order.deadline.is_none_or(|deadline| deadline > tx.now()) {
        return Ok(());
    }
    let why = match order.standing {
        Standing::AwaitingOutcome => {
            let hours = UNKNOWN_LIMIT.as_secs() / 3600;
            outcome_lost(&order, &format!("it was not found out within {hours} h"))
        }
        Standing::AwaitingPayment => {
            let minutes = PAYMENT_LIMIT.as_secs() / 60;
            Why::new("too_late", format!("nothing was heard of the payment within {minutes} min"))
        }
        _ => Why::new("too_late", format!("its stock was not held within {} s", PLACED_LIMIT.as_secs())),
    };
    advance(tx, order, Cause::of(Signal::TooLate, why)).map(drop)
}

fn outcome_lost(order: &Order, heard: &str) -> Why {
    let message = format!("nobody knows whether {} were charged: {heard}", order.total);
    Why::new(attention::PAYMENT_OUTCOME_UNKNOWN, message)
}

fn find_refund(tx: &Tx<'_>, order: &Order, refund: RefundId) -> Result<Refund> {
    Ok(store::find_refund(tx, order, refund)?.ok_or(Contradiction::UnknownRefund(refund))?)
}

/// Every line that is short, for people.
fn short_lines(short: &[ShortLine]) -> String {
    let line = |line: &ShortLine| {
        let ShortLine { sku, asked, available } = line;
        match available {
            0 => format!("none of {sku} is left, {asked} were asked for"),
            1 => format!("only 1 of {sku} is left, {asked} were asked for"),
            more => format!("only {more} of {sku} are left, {asked} were asked for"),
        }
    };
    or(short.iter().map(line).collect::<Vec<_>>().join("; "), "the stock is gone")
}

/// A reason as programs expect it, whatever the provider calls it.
fn code(text: &str) -> String {
    let plain = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    if plain && (1..=64).contains(&text.len()) { text.to_owned() } else { "payment_declined".to_owned() }
}

fn or(text: String, otherwise: &str) -> String {
    if text.is_empty() { otherwise.to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_short_line_is_named() {
        let short = |sku: &str, asked: i64, available| ShortLine {
            sku: sku.parse().unwrap(),
            asked: asked.try_into().unwrap(),
            available,
        };
        assert_eq!(
            short_lines(&[short("mug-blue", 2, 1), short("tee", 3, 0), short("pen", 9, 4)]),
            "only 1 of mug-blue is left, 2 were asked for; none of tee is left, 3 were asked for; \
             only 4 of pen are left, 9 were asked for"
        );
    }

    #[test]
    fn a_reason_is_a_plain_word_whatever_the_provider_says() {
        assert_eq!(code("card_declined"), "card_declined");
        for odd in ["", "Card Declined", "card\ndeclined", "declined: 51", &"a".repeat(65)] {
            assert_eq!(code(odd), "payment_declined", "{odd:?}");
        }
    }
}
