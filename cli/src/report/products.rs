//! The products that brought most, in each currency.

use contracts::analytics::{ProductSales, TopProducts};

use super::chart::{Chart, Column};
use super::text::{fit, major, span};
use super::{Style, WIDTH_MIN};
use crate::output::{Tone, paint};

/// Draws what was sold of each product.
pub(crate) fn products(top: &TopProducts, width: usize, style: Style) -> String {
    let width = width.max(WIDTH_MIN);
    let mut lines = Vec::new();
    if top.items.is_empty() {
        lines.push("nothing was sold".to_owned());
        lines.push(fit(&format!("from {}", span(top.from, top.to)), width, style));
    }
    for some in top.items.chunk_by(|a, b| a.currency == b.currency) {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        let heading = format!("products in {}, {}", some[0].currency, span(top.from, top.to));
        lines.push(paint(style.colour, Tone::Strong, &fit(&heading, width, style)));
        lines.extend(chart(some).draw(width, style));
    }
    lines.join("\n") + "\n"
}

fn chart(items: &[ProductSales]) -> Chart {
    let column = |of: &dyn Fn(&ProductSales) -> String| items.iter().map(of).collect();
    let columns = vec![
        Column::words("PRODUCT", 0, column(&|item| item.name.clone())),
        Column::words("SKU", 2, column(&|item| item.sku.to_string())),
        Column::numbers("ORDERS", 3, column(&|item| item.orders.to_string())),
        Column::numbers("PIECES", 1, column(&|item| item.pieces.to_string())),
        Column::numbers("SOLD FOR", 0, column(&|item| major(item.amount, item.currency))),
    ];
    Chart { columns, values: items.iter().map(|item| Some(item.amount)).collect() }
}
