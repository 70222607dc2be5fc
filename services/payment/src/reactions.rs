//! What the service does when it hears of an order.

use contracts::order::{OrderCancelled, PaymentDue, RefundDue};
use contracts::payment::{PaymentRefundFailed, PaymentState, check_method};
use kit::{Result, Tx};

use crate::charging::{self, ChargeCard};
use crate::payment::{Payment, Verdict};
use crate::provider::Decline;
use crate::refund::{Refund, may_give_back};
use crate::refunding::RefundCard;
use crate::store;

/// A payment is due: the card will be charged, under the number of the payment.
pub fn payment_due(tx: &mut Tx<'_>, event: PaymentDue) -> Result<()> {
    tx.about(event.order);
    if store::find_payment_of(tx, event.order)?.is_some() {
        return Ok(());
    }
    let method = check_method(&event.payment_method);
    let payment = Payment::due(tx.new_id(), &event, &method, tx.now());
    store::insert_payment(tx, &payment)?;
    match method {
        Err(invalid) => charging::settle(tx, &payment, Verdict::Declined(Decline::of_method(&invalid))),
        // Nothing is due, so there is nothing to ask anybody.
        Ok(()) if payment.amount.is_zero() => {
            charging::settle(tx, &payment, Verdict::Captured { charge: String::new() })
        }
        Ok(()) => tx.perform(&ChargeCard::of(&payment)),
    }
}

/// An order was cancelled: if its card has not been tried, it will not be. If it has, the outcome is
/// awaited and told, and the order service answers a capture with a refund.
pub fn order_cancelled(tx: &mut Tx<'_>, event: OrderCancelled) -> Result<()> {
    tx.about(event.order);
    let Some(payment) = store::find_payment_of(tx, event.order)? else { return Ok(()) };
    // An unknown outcome that is being asked about again has a fresh row of work, but was tried.
    if payment.state != PaymentState::Pending || !tx.take_back::<ChargeCard>(&payment.id.to_string())? {
        return Ok(());
    }
    tracing::debug!(order.id = %event.order, "Payment {} of {} was cancelled untried", payment.id, event.order);
    store::mark_cancelled(tx, payment.id)
}

/// Money has to be given back: never more than was captured, counting what is under way.
pub fn refund_due(tx: &mut Tx<'_>, event: RefundDue) -> Result<()> {
    tx.about(event.order);
    if store::find_refund(tx, event.refund)?.is_some() {
        return Ok(());
    }
    let payment = store::find_payment(tx, event.payment)?;
    let refund = Refund::due(&event, tx.now());
    match may_give_back(payment.as_ref(), &event) {
        Ok(payment) => {
            store::promise(tx, payment.id, refund.amount)?;
            store::insert_refund(tx, &refund)?;
            tx.perform(&RefundCard::of(payment, &refund))
        }
        Err(message) => {
            tracing::warn!(order.id = %event.order, "Refund {} was refused: {message}", event.refund);
            store::insert_refund(tx, &refund.failed(&message))?;
            tx.emit(&PaymentRefundFailed {
                order: event.order,
                payment: event.payment,
                refund: event.refund,
                amount: event.amount,
                message,
                maybe_done: false,
            })
        }
    }
}
