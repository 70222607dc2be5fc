//! What others may ask: showing payments, and asking the provider again.

use contracts::payment::{
    AuditPayments, GetPayment, ListPayments, PaymentAudit, PaymentPage, PaymentState, PaymentView,
    ReconcilePayment, reason,
};
use contracts::{OrderId, PaymentId};
use kit::{Ctx, Error, Result, page};

use crate::charging::ChargeCard;
use crate::payment::Payment;
use crate::refund::RefundState;
use crate::refunding::RefundCard;
use crate::store;

/// Shows a payment, by its number or its order.
pub async fn get_payment(ctx: Ctx, asked: GetPayment) -> Result<PaymentView> {
    let which = match (asked.payment, asked.order) {
        (Some(payment), None) => Which::Payment(payment),
        (None, Some(order)) => Which::Order(order),
        _ => {
            let message = "nothing was looked up: name a payment or an order, and only one of them";
            return Err(Error::invalid(reason::NAME_ONE, message));
        }
    };
    ctx.look_up(move |sql| {
        let found = match which {
            Which::Payment(payment) => store::find_payment(sql, payment)?.ok_or_else(|| no_payment(payment)),
            Which::Order(order) => store::find_payment_of(sql, order)?.ok_or_else(|| no_payment_of(order)),
        };
        store::view(sql, &found?)
    })
    .await
}

/// Lists payments, the newest first.
pub async fn list_payments(ctx: Ctx, asked: ListPayments) -> Result<PaymentPage> {
    let limit = page::limit(asked.limit)?;
    let after = page::after(asked.after.as_deref())?;
    contracts::basics::check_orders_asked(&asked.orders)?;
    ctx.read(move |sql| {
        let found = if asked.orders.is_empty() {
            store::list_payments(sql, &asked.states, after, limit + 1)?
        } else {
            store::list_payments_of(sql, &asked.orders, &asked.states, after, limit + 1)?
        };
        let views = found.iter().map(|payment| store::view(sql, payment)).collect::<Result<Vec<_>>>()?;
        let (items, next) = page::cut(views, limit, |last| last.payment);
        Ok(PaymentPage { items, next })
    })
    .await
}

/// Compares payments with what the provider has of them, by their number.
pub async fn audit_payments(ctx: Ctx, asked: AuditPayments) -> Result<PaymentAudit> {
    let limit = page::limit(asked.limit)?;
    // Not a number of ours: the provider may know keys that we do not.
    let after = asked.after.unwrap_or_default();
    let found = ctx.read(move |sql| store::ledger::list_sums(sql, &after, limit + 1)).await?;
    let (items, next) = page::cut(found, limit, |last| last.payment.clone());
    Ok(PaymentAudit { items, next })
}

/// Asks the provider again, under the same keys, about whatever nobody knows of a payment.
pub async fn reconcile_payment(ctx: Ctx, asked: ReconcilePayment) -> Result<PaymentView> {
    ctx.write(move |tx| {
        let payment = store::find_payment(tx, asked.payment)?.ok_or_else(|| no_payment(asked.payment))?;
        tx.about(payment.order);
        let refunds = store::list_refunds_in(tx, payment.id, RefundState::Unknown)?;
        if payment.state != PaymentState::Unknown && refunds.is_empty() {
            return Err(known(&payment));
        }
        if payment.state == PaymentState::Unknown {
            tx.perform(&ChargeCard::of(&payment))?;
        }
        for refund in &refunds {
            tx.perform(&RefundCard::of(&payment, refund))?;
        }
        store::view(tx, &payment)
    })
    .await
}

enum Which {
    Payment(PaymentId),
    Order(OrderId),
}

fn no_payment(payment: PaymentId) -> Error {
    Error::not_found(reason::UNKNOWN_PAYMENT, format!("there is no payment {payment}"))
}

fn no_payment_of(order: OrderId) -> Error {
    Error::not_found(reason::UNKNOWN_PAYMENT, format!("there is no payment of {order}"))
}

fn known(payment: &Payment) -> Error {
    Error::conflict(
        reason::OUTCOME_KNOWN,
        format!(
            "the provider was not asked again: nothing about {} is unknown, it is {}",
            payment.id, payment.state
        ),
    )
}
