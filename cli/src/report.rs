//! Figures as people read them: tables with bars, a line of blocks over time, and CSV.
//!
//! Pure: from what the analytics answered and a width to a text. No line is wider than that width.
//!
//! # Layout
//! - [`sales`], [`products`], [`funnel`]: one report each
//! - [`chart`]: a table with a bar behind each row; [`spark`]: values over time on one line
//! - [`csv`]: the same for a spreadsheet; [`text`]: amounts, shares, and cutting to a width

mod chart;
pub(crate) mod csv;
mod funnel;
mod products;
mod sales;
mod spark;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use funnel::funnel;
pub(crate) use products::products;
pub(crate) use sales::sales;

/// A drawing is not made narrower than this.
pub(crate) const WIDTH_MIN: usize = 40;
/// How wide a drawing is that no terminal shows.
pub(crate) const WIDTH_DEFAULT: usize = 100;
/// A drawing is not made wider than this.
pub(crate) const WIDTH_MAX: usize = 400;

/// How to draw.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Only characters that every terminal and every log has.
    pub(crate) ascii: bool,
    /// With the colours of a terminal.
    pub(crate) colour: bool,
}
