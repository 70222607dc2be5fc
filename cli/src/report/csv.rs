//! The same figures as CSV: a header, amounts in major units, times in UTC.
//!
//! A spreadsheet takes a text that begins with `=`, `+`, `-` or `@` for a formula and runs it. Names come
//! from whoever fills the catalog, so such a text gets an apostrophe before it, which spreadsheets do not
//! show. Numbers stay as they are: nobody but the shop writes them.

use contracts::analytics::{Funnel, Sales, TopProducts};

use super::sales::filled;
use super::text::major;
use crate::failure::{Failure, exit};

/// Sales: a row for each hour or day of each currency, also those in which nothing happened.
///
/// # Errors
/// Never, unless there is no memory.
pub(crate) fn sales(sales: &Sales) -> Result<String, Failure> {
    let header = [
        "at",
        "currency",
        "placed",
        "orders",
        "ordered",
        "average_basket",
        "captured",
        "refunded",
        "revenue",
    ];
    let rows = sales.currencies.iter().flat_map(|one| {
        let amount = |amount: i64| major(amount, one.currency);
        filled(sales, one).into_iter().map(move |(at, of)| {
            vec![
                at.to_string(),
                one.currency.to_string(),
                of.placed.to_string(),
                of.orders.to_string(),
                amount(of.ordered),
                of.average_basket.map(amount).unwrap_or_default(),
                amount(of.captured),
                amount(of.refunded),
                amount(of.revenue),
            ]
        })
    });
    write(&header, rows)
}

/// Products: a row each, the one that brought most of its currency first.
///
/// # Errors
/// As [`sales`].
pub(crate) fn products(top: &TopProducts) -> Result<String, Failure> {
    let rows = top.items.iter().map(|item| {
        vec![
            text(item.sku.as_str()),
            text(&item.name),
            item.currency.to_string(),
            item.orders.to_string(),
            item.pieces.to_string(),
            major(item.amount, item.currency),
        ]
    });
    write(&["sku", "name", "currency", "orders", "pieces", "amount"], rows)
}

/// The funnel: a row for each step, and for each reason of loss.
///
/// # Errors
/// As [`sales`].
pub(crate) fn funnel(funnel: &Funnel) -> Result<String, Failure> {
    let (carts, orders) = (&funnel.carts, &funnel.orders);
    let steps = [
        ("carts_filled", carts.filled),
        ("carts_ordered", carts.ordered),
        ("carts_expired", carts.expired),
        ("carts_open", carts.open),
        ("orders_placed", orders.placed),
        ("orders_payment_due", orders.payment_due),
        ("orders_confirmed", orders.confirmed),
        ("orders_open", orders.open),
        ("orders_lost", orders.lost),
    ];
    let steps =
        steps.map(|(step, number)| vec![step.to_owned(), String::new(), String::new(), number.to_string()]);
    let losses = orders
        .reasons
        .iter()
        .map(|loss| vec!["lost".to_owned(), text(&loss.step), text(&loss.reason), loss.orders.to_string()]);
    write(&["step", "lost_after", "reason", "number"], steps.into_iter().chain(losses))
}

/// A text that no spreadsheet runs.
fn text(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

fn write(header: &[&str], rows: impl Iterator<Item = Vec<String>>) -> Result<String, Failure> {
    let bug = |error: &dyn std::fmt::Display| {
        Failure::new(exit::BUG, "bug", format!("the figures cannot be written as CSV: {error}"))
    };
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header).map_err(|error| bug(&error))?;
    for row in rows {
        writer.write_record(&row).map_err(|error| bug(&error))?;
    }
    let bytes = writer.into_inner().map_err(|error| bug(&error))?;
    String::from_utf8(bytes).map_err(|error| bug(&error))
}
