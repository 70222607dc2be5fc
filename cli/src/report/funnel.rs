//! How far carts and orders came, and why the others were lost.

use contracts::analytics::Funnel;

use super::chart::{Chart, Column};
use super::text::{fit, share, span};
use super::{Style, WIDTH_MIN};
use crate::output::{Tone, paint};

/// A row: what it is called, how many, of how many.
type Row = (String, u64, u64);

/// Draws the way from cart to confirmed.
pub(crate) fn funnel(funnel: &Funnel, width: usize, style: Style) -> String {
    let width = width.max(WIDTH_MIN);
    let span = span(funnel.from, funnel.to);
    let (carts, orders) = (&funnel.carts, &funnel.orders);
    if carts.filled == 0 && orders.placed == 0 {
        let lines = ["nothing was put into a cart or ordered".to_owned(), format!("from {span}")];
        return lines.map(|line| fit(&line, width, style)).join("\n") + "\n";
    }
    let mut rows: Vec<Row> = vec![
        ("carts with something in them".into(), carts.filled, carts.filled),
        ("  became an order".into(), carts.ordered, carts.filled),
        ("  expired".into(), carts.expired, carts.filled),
        ("  still there".into(), carts.open, carts.filled),
        ("orders placed".into(), orders.placed, orders.placed),
        ("  payment became due".into(), orders.payment_due, orders.placed),
        ("  confirmed".into(), orders.confirmed, orders.placed),
        ("  still on their way".into(), orders.open, orders.placed),
        ("  lost".into(), orders.lost, orders.placed),
    ];
    for loss in &orders.reasons {
        let when = if loss.step == "placed" { " before payment" } else { "" };
        rows.push((format!("    {}{when}", loss.reason), loss.orders, orders.placed));
    }
    let columns = vec![
        Column::words("STEP", 0, rows.iter().map(|(name, _, _)| name.clone()).collect()),
        Column::numbers("NUMBER", 0, rows.iter().map(|(_, number, _)| number.to_string()).collect()),
        Column::numbers("SHARE", 1, rows.iter().map(|(_, number, whole)| share(*number, *whole)).collect()),
    ];
    let values = rows.iter().map(|(_, number, _)| Some(i64::try_from(*number).unwrap_or(i64::MAX))).collect();
    let heading = format!("from cart to confirmed, {span}");
    let mut lines = vec![paint(style.colour, Tone::Strong, &fit(&heading, width, style))];
    lines.extend(Chart { columns, values }.draw(width, style));
    lines.join("\n") + "\n"
}
