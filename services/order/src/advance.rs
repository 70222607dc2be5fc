//! One move of an order: its row, its history, its deadline and what is told, in one transaction.

use contracts::order::{
    OrderCancelled, OrderConfirmed, OrderLine, OrderNeedsAttention, OrderPlaced, OrderRefunded, PaymentDue,
    RefundDue, RefundState, RefundView,
};
use contracts::{Money, RefundId};
use kit::{Result, Tx};

use crate::checkout::{
    HOLD_MARGIN, Move, PAYMENT_LIMIT, PLACED_LIMIT, Signal, Standing, Tell, UNKNOWN_LIMIT, step,
};
use crate::order::{Order, Why};
use crate::refusal::Contradiction;
use crate::store::{self, Entry};

/// The timer of an order that waits, under its number.
pub(crate) const TIMER: &str = "stage_deadline";

/// What happened to an order, with all that others are told of it.
#[derive(Debug)]
pub(crate) struct Cause {
    pub(crate) signal: Signal,
    pub(crate) why: Why,
    /// How much is to go back, or went back.
    pub(crate) amount: Option<Money>,
    /// By which refund it went back.
    pub(crate) refund: Option<RefundId>,
}

impl Cause {
    pub(crate) fn of(signal: Signal, why: Why) -> Self {
        Self { signal, why, amount: None, refund: None }
    }

    /// What people read in the history.
    fn note(&self) -> String {
        match (self.amount, self.why.message.as_str()) {
            (Some(amount), "") => amount.to_string(),
            (Some(amount), message) => format!("{amount}: {message}"),
            (None, message) => message.to_owned(),
        }
    }
}

/// Records a new order, and tells of it.
pub(crate) fn place(tx: &mut Tx<'_>, order: &Order, lines: &[OrderLine]) -> Result<()> {
    store::insert_order(tx, order)?;
    store::insert_lines(tx, order.id, lines)?;
    let first = Entry { from: None, cause: "asked_to_place", note: "" };
    store::insert_move(tx, order, &first)?;
    set_deadline(tx, order)?;
    tx.emit(&OrderPlaced {
        order: order.id,
        customer: order.customer,
        lines: lines.to_vec(),
        total: order.total,
        cart: order.cart.map(|(cart, _)| cart),
        hold_until: tx.now() + (PLACED_LIMIT + HOLD_MARGIN),
    })?;
    let id = order.id;
    tracing::debug!(order.id = %id, "Order {id} was placed: {}", order.total);
    Ok(())
}

/// Lets the order become what the table says. Answers it as it is now.
///
/// # Errors
/// A refusal if somebody asked for what the order does not allow, a contradiction if this cannot
/// have happened; nothing has changed then.
pub(crate) fn advance(tx: &mut Tx<'_>, order: Order, mut cause: Cause) -> Result<Order> {
    let signal = cause.signal;
    let (to, tell) = match step(order.standing, signal) {
        Move::Go(to, tell) => (to, tell),
        Move::Stay(tell) => (order.standing, tell),
        Move::Note if store::was_noted(tx, &order, signal.word())? => return Ok(order),
        Move::Note => (order.standing, Tell::Nothing),
        Move::Echo => return Ok(order),
        Move::Refuse => return Err(order.refuse(signal).into()),
        Move::Impossible => {
            return Err(
                Contradiction::Impossible { signal, order: order.id, standing: order.standing }.into()
            );
        }
    };
    if matches!(tell, Tell::RefundDue | Tell::SoldOut) && cause.amount.is_none() {
        cause.amount = Some(order.remaining()).filter(|remaining| !remaining.is_zero());
    }
    let from = order.standing;
    let order = order.moved(to, tell, &cause.why, cause.amount, tx.now())?;
    store::update_order(tx, &order, from)?;
    let entry = Entry { from: Some(from), cause: signal.word(), note: &cause.note() };
    store::insert_move(tx, &order, &entry)?;
    if from != to {
        set_deadline(tx, &order)?;
    }
    announce(tx, &order, tell, &cause)?;
    tx.about(order.id);
    log(&order, from, signal);
    Ok(order)
}

fn set_deadline(tx: &mut Tx<'_>, order: &Order) -> Result<()> {
    let key = order.id.to_string();
    match order.deadline {
        Some(deadline) => tx.set_timer(TIMER, &key, deadline),
        None => tx.cancel_timer(TIMER, &key),
    }
}

fn announce(tx: &mut Tx<'_>, order: &Order, tell: Tell, cause: &Cause) -> Result<()> {
    let (id, email, why) = (order.id, order.email.clone(), &cause.why);
    match tell {
        Tell::Nothing => Ok(()),
        Tell::PaymentDue => tx.emit(&PaymentDue {
            order: id,
            amount: order.total,
            payment_method: order.payment_method.clone(),
            hold_until: tx.now() + (PAYMENT_LIMIT + UNKNOWN_LIMIT + HOLD_MARGIN),
        }),
        Tell::Confirmed => {
            let lines = store::list_lines(tx, order)?;
            let payment = known(order.payment, "payment")?;
            tx.emit(&OrderConfirmed { order: id, email, lines, total: order.total, payment })
        }
        Tell::Cancelled => {
            let Why { reason, message } = why.clone();
            tx.emit(&OrderCancelled { order: id, email, reason, message })
        }
        Tell::RefundDue => give_back(tx, order, cause),
        Tell::SoldOut => {
            give_back(tx, order, cause)?;
            announce(tx, order, Tell::NeedsAttention, cause)
        }
        Tell::Refunded => tx.emit(&OrderRefunded {
            order: id,
            email,
            refund: known(cause.refund, "refund")?,
            amount: known(cause.amount, "amount")?,
            refunded: order.refunded,
            in_full: order.refunded == order.total,
        }),
        Tell::NeedsAttention | Tell::RefundUnknown => {
            let Why { reason, message } = why.clone();
            tx.emit(&OrderNeedsAttention { order: id, reason, message })
        }
    }
}

/// Asks for money to be given back, if any remains: an order may have cost nothing, or all of it
/// may be on its way already.
fn give_back(tx: &mut Tx<'_>, order: &Order, cause: &Cause) -> Result<()> {
    let Some(amount) = cause.amount else { return Ok(()) };
    let (refund, reason) = (tx.new_id(), cause.why.message.clone());
    let view = RefundView { refund, amount, state: RefundState::Pending, reason: reason.clone() };
    store::insert_refund(tx, order, &view)?;
    tx.emit(&RefundDue { order: order.id, payment: known(order.payment, "payment")?, refund, amount, reason })
}

fn known<T>(value: Option<T>, what: &str) -> Result<T> {
    value.ok_or_else(|| kit::Error::internal(format!("a move without its {what}")))
}

/// Says what happened, without what people typed: that may hold anything.
fn log(order: &Order, from: Standing, signal: Signal) {
    let (id, to) = (order.id, order.standing);
    if to.needs_attention() {
        let message = order.why().message;
        tracing::warn!(order.id = %id, order.standing = %to, "Order {id} needs a person, after {signal}: {message}");
    } else if from == to {
        tracing::debug!(order.id = %id, order.standing = %to, "Order {id} is {to} still, after {signal}");
    } else {
        tracing::debug!(order.id = %id, order.standing = %to, "Order {id} is {to} now, after {signal}");
    }
}
