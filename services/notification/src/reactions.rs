//! What the notification service hears, and whom it writes to then.

use contracts::Email;
use contracts::auth::MailDue;
use contracts::inventory::{StockLow, StockRestocked};
use contracts::order::{OrderCancelled, OrderConfirmed, OrderNeedsAttention, OrderRefunded};
use kit::{Result, Tx};

use crate::delivery::SendNotification;
use crate::notice::Notice;
use crate::store;

/// Tells the customer that the order is paid.
pub fn order_confirmed(tx: &mut Tx<'_>, event: OrderConfirmed) -> Result<()> {
    write_to_customer(tx, event.email.as_ref(), &Notice::order_confirmed(&event))
}

/// Tells the customer that the order ended without a sale.
pub fn order_cancelled(tx: &mut Tx<'_>, event: OrderCancelled) -> Result<()> {
    write_to_customer(tx, event.email.as_ref(), &Notice::order_cancelled(&event))
}

/// Tells the customer that money was given back.
pub fn order_refunded(tx: &mut Tx<'_>, event: OrderRefunded) -> Result<()> {
    write_to_customer(tx, event.email.as_ref(), &Notice::order_refunded(&event))
}

/// Tells the owner of an address something about their account.
pub fn mail_due(tx: &mut Tx<'_>, event: MailDue) -> Result<()> {
    write_to(tx, event.email.as_str(), &Notice::mail_due(&event))
}

/// Tells the operator that an order waits for a person.
pub fn order_needs_attention(tx: &mut Tx<'_>, event: &OrderNeedsAttention, operator: &str) -> Result<()> {
    write_to(tx, operator, &Notice::order_needs_attention(event))
}

/// Tells the operator that stock ran low: once until it has risen again.
pub fn stock_low(tx: &mut Tx<'_>, event: &StockLow, operator: &str) -> Result<()> {
    match store::count_crossing(tx, &event.sku)? {
        Some(crossing) => write_to(tx, operator, &Notice::stock_low(event, crossing)),
        None => Ok(()),
    }
}

/// From now on, falling once more is another happening.
pub fn stock_restocked(tx: &mut Tx<'_>, event: StockRestocked) -> Result<()> {
    store::rearm(tx, &event.sku)
}

/// Writes to the customer, if there is an address.
fn write_to_customer(tx: &mut Tx<'_>, customer: Option<&Email>, notice: &Notice) -> Result<()> {
    match customer {
        Some(customer) => write_to(tx, customer.as_str(), notice),
        None => Ok(()),
    }
}

/// Writes to somebody, unless they have been written to about this.
pub fn write_to(tx: &mut Tx<'_>, recipient: &str, notice: &Notice) -> Result<()> {
    let written = notice.template.fill(&notice.values)?;
    let id = tx.new_id();
    if store::insert_notification(tx, id, recipient, notice, &written)? {
        tx.perform(&SendNotification { notification: id, generation: 1, about: notice.about.clone() })?;
    }
    Ok(())
}
