//! Inventory: stock, what is held of it, and a ledger in which every change has a cause.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::order::Item;
use crate::{HoldId, OrderId, Quantity, Sku};

kit::subjects! {
    ask "inventory.get" GetStock -> StockView by [operator], "Shows the stock of one product.";
    ask "inventory.list" ListStock -> StockPage by [operator], "Lists stock by sku, a page at a time.";
    ask "inventory.ledger" GetLedger -> LedgerPage by [operator], "Shows the changes of one product's stock, the newest first.";
    ask "inventory.audit" AuditStock -> StockAudit by [operator], "Adds up the ledger and the live holds of each product, to compare them with its stock.";
    ask "inventory.holds" ListHolds -> HoldPage by [operator], "Lists what is held for orders, the oldest first.";
    change "inventory.receive" ReceiveStock -> StockView by [operator], "Puts received pieces into stock.";
    change "inventory.adjust" AdjustStock -> StockView by [operator], "Corrects the stock of a product, up or down.";
    change "inventory.set_marks" SetMarks -> StockView by [operator], "Sets when stock counts as low, and when as enough again.";
    change "inventory.release" ReleaseStock -> StockView by [operator], "Lets stock that an alarm put aside be sold again.";
    event "events.inventory.reserved" StockReserved of order, "All lines of an order are held.";
    event "events.inventory.refused" StockRefused of order, "Nothing is held for an order: some lines are short.";
    event "events.inventory.hold_expired" HoldExpired of order, "What was held for an order is free again: its time ran out.";
    event "events.inventory.low_stock" StockLow of sku, "The available stock of a product fell to its low mark.";
    event "events.inventory.restocked" StockRestocked of sku, "The available stock of a product rose to its high mark again.";
}

/// Reasons the inventory gives.
pub mod reason {
    /// No stock of such a product was ever received.
    pub const UNKNOWN_SKU: &str = "unknown_sku";
    /// Less would remain than is held for orders.
    pub const NOT_ENOUGH_STOCK: &str = "not_enough_stock";
    /// More pieces than can be counted.
    pub const TOO_MUCH_STOCK: &str = "too_much_stock";
    /// The low mark must be below the high mark.
    pub const INVALID_MARKS: &str = "invalid_marks";
    /// A delivery of nothing, or of more pieces than can be counted.
    pub const INVALID_QUANTITY: &str = "invalid_quantity";
    /// Nothing was put aside by an alarm.
    pub const NOT_QUARANTINED: &str = "not_quarantined";
    /// A correction of nothing.
    pub const NOTHING_TO_ADJUST: &str = "nothing_to_adjust";
}

/// The most pieces of one product, and of one delivery.
pub const STOCK_MAX: u64 = 1_000_000_000;
/// Length of the reason of a change in characters.
pub const REASON_CHARS_MAX: usize = 200;

/// Shows the stock of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetStock {
    /// Which.
    pub sku: Sku,
}

/// The stock of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockView {
    /// The product.
    pub sku: Sku,
    /// Pieces in the house.
    pub on_hand: u64,
    /// Pieces of them that are held for orders.
    pub held: u64,
    /// Pieces that can be ordered.
    pub available: u64,
    /// At this number of available pieces stock counts as low. 0: never.
    pub low_mark: u64,
    /// At this number stock counts as enough again.
    pub high_mark: u64,
    /// Whether it counts as low now.
    pub low: bool,
    /// Whether an alarm put it aside: nothing of it can be ordered until it is released. What is held for
    /// orders stays held.
    #[serde(default)]
    pub quarantined: bool,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// Lists stock by sku.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListStock {
    /// Only what counts as low.
    #[serde(default)]
    pub low: bool,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockPage {
    /// The products.
    pub items: Vec<StockView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// Shows the changes of one product's stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetLedger {
    /// Which.
    pub sku: Sku,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerPage {
    /// The changes.
    pub items: Vec<LedgerEntry>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// One change of stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Its number.
    pub entry: u64,
    /// `received`, `adjusted`, `held`, `released`, `expired` or `sold`; `counted` by a scale, `quarantined` by an
    /// alarm, or `freed` of that.
    pub cause: String,
    /// Pieces more or fewer in the house.
    pub on_hand_change: i64,
    /// Pieces more or fewer held.
    pub held_change: i64,
    /// Pieces in the house after it.
    pub on_hand: u64,
    /// Pieces held after it.
    pub held: u64,
    /// For which order, if for one.
    pub order: Option<OrderId>,
    /// Why, for people.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Adds up what the stock should be, by sku.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditStock {
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of products with their sums.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockAudit {
    /// The products.
    pub items: Vec<StockSums>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// The stock of one product, and what it should be, all of the same moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockSums {
    /// The product.
    pub sku: Sku,
    /// Pieces in the house.
    pub on_hand: i64,
    /// Pieces held for orders.
    pub held: i64,
    /// Pieces in the house by the ledger: the sum of its changes.
    pub ledger_on_hand: i64,
    /// Pieces held by the ledger: the sum of its changes.
    pub ledger_held: i64,
    /// Pieces in all holds that are live.
    pub holds: i64,
    /// Where the pieces came from and went; older versions did not say.
    #[serde(default)]
    pub flow: Option<StockFlow>,
}

/// Where the pieces of a product came from and went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockFlow {
    /// Pieces received, by the ledger.
    pub received: i64,
    /// Pieces more, less pieces fewer, by corrections and counts in the ledger.
    pub adjusted: i64,
    /// Pieces in all holds that were sold.
    pub sold: i64,
}

/// Lists what is held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListHolds {
    /// Only for this order, also if it is held no longer. Without it: whatever is held now.
    #[serde(default)]
    pub order: Option<OrderId>,
    /// Only for these orders, also if they are held no longer; 200 of them at most.
    #[serde(default)]
    pub orders: Vec<OrderId>,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldPage {
    /// The holds.
    pub items: Vec<HoldView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// Stock that is, or was, held for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldView {
    /// Its number.
    pub hold: HoldId,
    /// For which order.
    pub order: OrderId,
    /// `held`, `released`, `expired` or `sold`; `refused` if some lines were short.
    pub state: String,
    /// What is, or was, held; of a refused one what was asked for.
    pub items: Vec<Item>,
    /// When it expires, while it is held and not pinned.
    pub expires_at: Timestamp,
    /// Whether it stays held until a person decides, whatever the time.
    #[serde(default)]
    pub pinned: bool,
}

/// Puts received pieces into stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiveStock {
    /// Of which product. Whether the catalog has it is not asked: goods may come before their page.
    pub sku: Sku,
    /// How many pieces: at least 1, at most [`STOCK_MAX`].
    pub quantity: u64,
    /// Why, for people.
    #[serde(default)]
    pub reason: String,
}

/// Corrects the stock of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AdjustStock {
    /// Which.
    pub sku: Sku,
    /// Pieces more, or fewer if negative; not 0.
    pub change: i64,
    /// Why, for people.
    pub reason: String,
}

/// Lets stock that an alarm put aside be sold again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReleaseStock {
    /// Of which product.
    pub sku: Sku,
    /// Why it can be sold after all, for people.
    pub reason: String,
}

/// Sets when stock counts as low.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetMarks {
    /// Of which product.
    pub sku: Sku,
    /// At this number of available pieces stock counts as low. 0: never.
    pub low_mark: u64,
    /// At this number stock counts as enough again; above the low mark.
    pub high_mark: u64,
}

/// A line that is short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShortLine {
    /// Which product.
    pub sku: Sku,
    /// How many pieces were asked for.
    pub asked: Quantity,
    /// How many could be had.
    pub available: u64,
}

/// All lines of an order are held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockReserved {
    /// For which order.
    pub order: OrderId,
    /// The hold.
    pub hold: HoldId,
    /// When it expires.
    pub expires_at: Timestamp,
}

/// Nothing is held for an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRefused {
    /// For which order.
    pub order: OrderId,
    /// Every line that is short.
    pub short: Vec<ShortLine>,
}

/// What was held for an order is free again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldExpired {
    /// For which order.
    pub order: OrderId,
    /// The hold.
    pub hold: HoldId,
}

/// Stock fell to its low mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockLow {
    /// Of which product.
    pub sku: Sku,
    /// How many pieces can still be ordered.
    pub available: u64,
    /// The mark.
    pub low_mark: u64,
}

/// Stock rose to its high mark again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRestocked {
    /// Of which product.
    pub sku: Sku,
    /// How many pieces can be ordered.
    pub available: u64,
}
