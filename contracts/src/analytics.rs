//! Analytics: the figures of the shop, by hour and day, from what all services told.
//!
//! What happened counts in the hour (UTC) in which it was told, not in which it was heard: money that is
//! given back counts in the hour of the refund, however long ago the sale was. Sums are minor units of one
//! currency, and may be below zero.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Currency, Sku};

kit::subjects! {
    ask "analytics.sales" GetSales -> Sales by [operator], "Tells revenue, orders and the average basket, by hour or day.";
    ask "analytics.top_products" GetTopProducts -> TopProducts by [operator], "Tells which products brought most.";
    ask "analytics.funnel" GetFunnel -> Funnel by [operator], "Tells how many carts and orders came how far, and why the others were lost.";
    ask "analytics.state" GetAnalytics -> AnalyticsState by [operator], "Tells how many facts the figures are made of, and whether they are being rebuilt.";
    change "analytics.rebuild" RebuildAnalytics -> Rebuild by [operator], "Builds all figures anew from the facts, beside those that are shown until then.";
}

/// Reasons the analytics gives.
pub mod reason {
    /// The end is not after the beginning.
    pub const INVALID_SPAN: &str = "invalid_span";
    /// More hours or days were asked for than are told at once, or more lines than an answer may have.
    pub const SPAN_TOO_LONG: &str = "span_too_long";
}

/// The most hours in one answer by hour: a month of 31 days.
pub const HOURS_MAX: i64 = 24 * 31;
/// The most days in one answer, and in the span of products and of the funnel.
pub const DAYS_MAX: i64 = 400;
/// The most hours or days with sales, over all currencies, in one answer.
pub const BUCKETS_MAX: usize = 4000;
/// The most products of each currency in one answer.
pub const PRODUCTS_MAX: u32 = 100;
/// The products of each currency in an answer when nobody says.
pub const PRODUCTS_DEFAULT: u32 = 10;
/// The most lines of products in one answer, over all currencies.
pub const PRODUCT_LINES_MAX: usize = 500;
/// The most reasons of loss that are told apart; the rarest beyond are one line, `other`.
pub const REASONS_MAX: usize = 50;

/// How long one bucket of time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// An hour, from minute 0.
    Hour,
    /// A day of UTC.
    Day,
}

impl By {
    /// How long it is, in milliseconds.
    pub fn millis(self) -> i64 {
        match self {
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
        }
    }

    /// How many there may be in one answer.
    pub fn buckets_max(self) -> i64 {
        match self {
            Self::Hour => HOURS_MAX,
            Self::Day => DAYS_MAX,
        }
    }

    /// The word on the wire.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// Asks for sales.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetSales {
    /// From the hour or day of this moment.
    pub from: Timestamp,
    /// To the end of the hour or day before this moment.
    pub to: Timestamp,
    /// In hours or days.
    pub by: By,
    /// Only in this currency.
    #[serde(default)]
    pub currency: Option<Currency>,
}

/// Sales.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sales {
    /// The beginning of the first hour or day.
    pub from: Timestamp,
    /// The end of the last.
    pub to: Timestamp,
    /// In hours or days.
    pub by: By,
    /// One for each currency in which anything was ordered, paid or given back.
    pub currencies: Vec<CurrencySales>,
}

/// The sales in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CurrencySales {
    /// The currency.
    pub currency: Currency,
    /// Of the whole time.
    pub total: SalesFigures,
    /// Of each hour or day; those in which nothing happened are left out.
    pub buckets: Vec<SalesBucket>,
}

/// The sales of an hour or a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesBucket {
    /// Its beginning.
    pub at: Timestamp,
    /// What was sold.
    pub figures: SalesFigures,
}

/// What was sold in some time, in minor units of one currency.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalesFigures {
    /// Orders that were placed, whatever became of them.
    pub placed: u64,
    /// Orders that were confirmed.
    pub orders: u64,
    /// What the confirmed orders cost together.
    pub ordered: i64,
    /// What a confirmed order cost on average, rounded to the nearest; none without one.
    pub average_basket: Option<i64>,
    /// What was charged.
    pub captured: i64,
    /// What was given back.
    pub refunded: i64,
    /// What was charged less what was given back.
    pub revenue: i64,
}

impl SalesFigures {
    /// The same with the average and the revenue worked out.
    #[must_use]
    pub fn worked_out(mut self) -> Self {
        let orders = i64::try_from(self.orders).unwrap_or(i64::MAX);
        let half = orders / 2;
        self.average_basket = (orders > 0).then(|| self.ordered.saturating_add(half) / orders);
        self.revenue = self.captured.saturating_sub(self.refunded);
        self
    }
}

/// Asks for the products that brought most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetTopProducts {
    /// From the hour of this moment.
    pub from: Timestamp,
    /// To the end of the hour before this moment.
    pub to: Timestamp,
    /// At most so many of each currency, 10 if not said, 100 at most.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Only in this currency.
    #[serde(default)]
    pub currency: Option<Currency>,
}

/// The products that brought most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopProducts {
    /// The beginning of the first hour.
    pub from: Timestamp,
    /// The end of the last.
    pub to: Timestamp,
    /// By currency, and in each the one that brought most first.
    pub items: Vec<ProductSales>,
}

/// What was sold of a product, in confirmed orders. Money that was given back is not taken off: nobody
/// says for which product it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductSales {
    /// The product.
    pub sku: Sku,
    /// Its name, the last that was heard.
    pub name: String,
    /// The currency.
    pub currency: Currency,
    /// In how many orders.
    pub orders: u64,
    /// How many pieces.
    pub pieces: u64,
    /// For how much, in minor units.
    pub amount: i64,
}

/// Asks how far carts and orders came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetFunnel {
    /// From the hour of this moment.
    pub from: Timestamp,
    /// To the end of the hour before this moment.
    pub to: Timestamp,
}

/// How far carts and orders came. Each counts once, in the hour in which it began: a cart when something
/// was first put into it, an order when it was placed; what became of it later counts there too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Funnel {
    /// The beginning of the first hour.
    pub from: Timestamp,
    /// The end of the last.
    pub to: Timestamp,
    /// The carts that began in this time.
    pub carts: CartFunnel,
    /// The orders that began in this time, also those that were made without a cart.
    pub orders: OrderFunnel,
}

/// How far carts came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CartFunnel {
    /// Something was put into so many.
    pub filled: u64,
    /// Of these, an order was made of so many.
    pub ordered: u64,
    /// So many were not touched for long and are gone.
    pub expired: u64,
    /// So many are still there.
    pub open: u64,
}

/// How far orders came.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderFunnel {
    /// So many were placed.
    pub placed: u64,
    /// Of these, stock was held and payment became due for so many.
    pub payment_due: u64,
    /// So many were confirmed; what was given back later still counts.
    pub confirmed: u64,
    /// So many were lost.
    pub lost: u64,
    /// So many are still on their way.
    pub open: u64,
    /// Why orders were lost, the most frequent first.
    pub reasons: Vec<Loss>,
}

/// Why orders were lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// How far they had come: `placed`, or `payment_due`.
    pub step: String,
    /// Why, for programs: `out_of_stock`, `card_declined`, `asked_to_cancel`, `too_late`, ...
    pub reason: String,
    /// How many.
    pub orders: u64,
}

/// Asks what the figures are made of.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetAnalytics {}

/// What the figures are made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnalyticsState {
    /// Counts how often the figures were built, from 1.
    pub generation: u64,
    /// How many facts were heard.
    pub facts: u64,
    /// When the oldest thing that counts was told; none before the first.
    pub oldest: Option<Timestamp>,
    /// When the newest was.
    pub newest: Option<Timestamp>,
    /// When the last rebuild ended; none if there was none.
    pub rebuilt_at: Option<Timestamp>,
    /// The rebuild that runs, if one does.
    pub rebuild: Option<RebuildProgress>,
}

/// How far a rebuild is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RebuildProgress {
    /// The generation that is being built.
    pub generation: u64,
    /// When it began.
    pub began_at: Timestamp,
    /// How many facts have been counted.
    pub counted: u64,
}

/// Builds all figures anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RebuildAnalytics {}

/// A rebuild that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuild {
    /// Whether it began now; else one was running already, and this is that one.
    pub began: bool,
    /// The generation that is being built; once it is shown, the rebuild is done.
    pub generation: u64,
}
