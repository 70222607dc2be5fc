//! Sales by hour or day: for each currency a line over time, a table with bars, and the sum.

use contracts::analytics::{CurrencySales, Sales, SalesFigures};
use jiff::Timestamp;

use super::chart::{Chart, Column};
use super::spark::spark;
use super::text::{bucket, cells, fit, major, span};
use super::{Style, WIDTH_MIN};
use crate::output::{Tone, paint};

/// How the row of the sum is called.
const TOTAL: &str = "total";

/// Draws sales.
pub(crate) fn sales(sales: &Sales, width: usize, style: Style) -> String {
    let width = width.max(WIDTH_MIN);
    let mut lines = Vec::new();
    if sales.currencies.is_empty() {
        lines.push(fit("nothing was ordered, paid or given back", width, style));
        lines.push(fit(&format!("from {}", span(sales.from, sales.to)), width, style));
    }
    for one in &sales.currencies {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        draw(sales, one, width, style, &mut lines);
    }
    lines.join("\n") + "\n"
}

fn draw(sales: &Sales, one: &CurrencySales, width: usize, style: Style, lines: &mut Vec<String>) {
    let heading = format!("{} by {}, {}", one.currency, sales.by.word(), span(sales.from, sales.to));
    lines.push(paint(style.colour, Tone::Strong, &fit(&heading, width, style)));
    let rows = filled(sales, one);
    let revenue: Vec<i64> = rows.iter().map(|(_, figures)| figures.revenue).collect();
    if rows.len() > 1 {
        let label = "revenue  ";
        let drawn = spark(&revenue, width - cells(label), style);
        lines.push(format!("{label}{}", paint(style.colour, Tone::Hue(0), &drawn)));
    }
    let figures: Vec<&SalesFigures> = rows.iter().map(|(_, figures)| figures).chain([&one.total]).collect();
    let amount = |amount: i64| major(amount, one.currency);
    let times = rows.iter().map(|(at, _)| bucket(*at, sales.by)).chain([TOTAL.to_owned()]).collect();
    let column = |of: &dyn Fn(&SalesFigures) -> String| figures.iter().map(|figures| of(figures)).collect();
    let basket = |of: &SalesFigures| of.average_basket.map_or("-".to_owned(), amount);
    let columns = vec![
        Column::words(if sales.by.word() == "hour" { "HOUR" } else { "DAY" }, 0, times),
        Column::numbers("PLACED", 4, column(&|of| of.placed.to_string())),
        Column::numbers("ORDERS", 1, column(&|of| of.orders.to_string())),
        Column::numbers("BASKET", 2, column(&basket)),
        Column::numbers("GIVEN BACK", 3, column(&|of| amount(of.refunded))),
        Column::numbers("REVENUE", 0, column(&|of| amount(of.revenue))),
    ];
    let values = revenue.into_iter().map(Some).chain([None]).collect();
    lines.extend(Chart { columns, values }.draw(width, style));
}

/// Every hour or day of the time, also those in which nothing happened.
pub(super) fn filled(sales: &Sales, one: &CurrencySales) -> Vec<(Timestamp, SalesFigures)> {
    let (from, long) = (sales.from.as_millisecond(), sales.by.millis());
    let count = (sales.to.as_millisecond() - from) / long;
    let mut told = one.buckets.iter().peekable();
    let mut rows = Vec::new();
    for number in 0..count.clamp(0, sales.by.buckets_max()) {
        let Ok(at) = Timestamp::from_millisecond(from + number * long) else { break };
        let figures = told.next_if(|bucket| bucket.at <= at).map(|bucket| bucket.figures).unwrap_or_default();
        rows.push((at, figures));
    }
    rows
}
