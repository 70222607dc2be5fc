//! Order: from placed to an end. The order service decides; the others do and report.

mod events;
mod stage;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{CartId, CustomerId, Email, Money, OrderId, PaymentId, Quantity, RefundId, Sku};

pub use events::{
    OrderCancelled, OrderConfirmed, OrderNeedsAttention, OrderPlaced, OrderRefunded, PaymentDue, RefundDue,
};
pub use stage::{RefundState, Stage, UnknownRefundState, UnknownStage};

kit::subjects! {
    change "order.place" PlaceOrder -> OrderView by [owner operator], "Turns a cart or some lines into an order, at the prices of now.";
    ask "order.get" GetOrder -> OrderView by [owner operator], "Shows one order.";
    ask "order.list" ListOrders -> OrderPage by [owner operator], "Lists orders, the newest first, a page at a time.";
    ask "order.count" CountOrders -> OrderCounts by [operator], "Counts the orders by stage.";
    ask "order.history" GetHistory -> OrderHistory by [owner operator], "Shows every move of an order, with its time and cause.";
    change "order.cancel" CancelOrder -> OrderView by [owner operator], "Cancels an order that has not been paid.";
    change "order.refund" RefundOrder -> OrderView by [operator], "Gives back money of a confirmed order, all of it or a part.";
    event "events.order.placed" OrderPlaced of order, "An order was accepted; stock comes next.";
    event "events.order.payment_due" PaymentDue of order, "Stock is held; the payment comes next.";
    event "events.order.confirmed" OrderConfirmed of order, "The order is paid; its stock is sold.";
    event "events.order.cancelled" OrderCancelled of order, "The order ended without a sale; whatever was held for it is free.";
    event "events.order.refund_due" RefundDue of order, "Money of an order has to be given back.";
    event "events.order.refunded" OrderRefunded of order, "Money of an order was given back.";
    event "events.order.needs_attention" OrderNeedsAttention of order, "An order cannot go on by itself; a person must look.";
}

/// Reasons the order service gives.
pub mod reason {
    /// There is no such order.
    pub const UNKNOWN_ORDER: &str = "unknown_order";
    /// Neither lines nor a cart with something in it, or both.
    pub const NOTHING_TO_ORDER: &str = "nothing_to_order";
    /// A product is not in the catalog, or not in sale.
    pub const UNKNOWN_SKU: &str = "unknown_sku";
    /// Products of different currencies.
    pub const MIXED_CURRENCIES: &str = "mixed_currencies";
    /// A price differs from what was stated or shown; the details have both.
    pub const PRICE_CHANGED: &str = "price_changed";
    /// The cart was changed since it was read.
    pub const VERSION_CONFLICT: &str = "version_conflict";
    /// More lines or a larger sum than an order may have.
    pub const ORDER_TOO_LARGE: &str = "order_too_large";
    /// The order is at a stage that does not allow this.
    pub const WRONG_STAGE: &str = "wrong_stage";
    /// More money than was paid and not yet given back.
    pub const REFUND_EXCEEDS_PAYMENT: &str = "refund_exceeds_payment";
    /// The payment method is malformed, or looks like the number of a card.
    pub const INVALID_PAYMENT_METHOD: &str = "invalid_payment_method";
    /// A refund of nothing.
    pub const INVALID_AMOUNT: &str = "invalid_amount";
    /// The order has as many refunds as an order may have.
    pub const TOO_MANY_REFUNDS: &str = "too_many_refunds";
}

/// Why an order needs a person, as its `reason` says.
pub mod attention {
    /// Nobody knows whether the card was charged.
    pub const PAYMENT_OUTCOME_UNKNOWN: &str = "payment_outcome_unknown";
    /// Nobody knows whether money went back.
    pub const REFUND_OUTCOME_UNKNOWN: &str = "refund_outcome_unknown";
}

/// Length of a payment method in characters.
pub const PAYMENT_METHOD_CHARS_MAX: usize = 100;
/// Length of the reason of a cancellation or a refund in characters.
pub const REASON_CHARS_MAX: usize = 300;

/// Turns a cart or some lines into an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// Which cart; or `lines`.
    #[serde(default)]
    pub cart: Option<CartId>,
    /// The version of the cart that was shown; refused if it has changed since.
    #[serde(default)]
    pub cart_version: Option<u64>,
    /// What to order; or `cart`.
    #[serde(default)]
    pub lines: Vec<LineRequest>,
    /// Order even if a price of the cart changed since it was added.
    #[serde(default)]
    pub accept_prices: bool,
    /// For whom, if staff orders for a customer. Everybody else orders for themselves, and may leave
    /// it out.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// Where to write to; nobody is written to if not said.
    #[serde(default)]
    pub email: Option<Email>,
    /// How to pay: the token of a payment method, such as `pm_card_visa`. Never a card's number.
    pub payment_method: String,
}

/// A line to order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LineRequest {
    /// Which product.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Quantity,
    /// What the buyer was told one piece costs; refused if it costs something else now.
    #[serde(default)]
    pub unit_price: Option<Money>,
}

/// Shows one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetOrder {
    /// Which.
    pub order: OrderId,
}

/// Lists orders, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListOrders {
    /// Only at these stages; at any if none is said.
    #[serde(default)]
    pub stages: Vec<Stage>,
    /// Only of this customer. Everybody but staff is shown their own, whether they say so or not.
    #[serde(default)]
    pub customer: Option<CustomerId>,
    /// Only those placed at or after this time.
    #[serde(default)]
    pub placed_from: Option<Timestamp>,
    /// Only those placed before this time.
    #[serde(default)]
    pub placed_before: Option<Timestamp>,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of orders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderPage {
    /// The orders.
    pub items: Vec<OrderView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// Counts the orders by stage.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountOrders {}

/// How many orders there are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderCounts {
    /// By stage; a stage without orders is 0.
    pub stages: BTreeMap<Stage, u64>,
    /// Orders past the deadline of their stage.
    pub overdue: u64,
}

/// Shows every move of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetHistory {
    /// Which.
    pub order: OrderId,
}

/// Every move of an order, the first first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderHistory {
    /// Which.
    pub order: OrderId,
    /// The moves.
    pub moves: Vec<OrderMove>,
}

/// One move of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderMove {
    /// The stage before; none for the first.
    pub from: Option<Stage>,
    /// The stage after; the same if only something was noted.
    pub to: Stage,
    /// What caused it: `stock_reserved`, `payment_captured`, `asked_to_cancel`, ...
    pub cause: String,
    /// More, for staff. Others read of it only what the order shows as its message.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// Cancels an order that has not been paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    /// Which.
    pub order: OrderId,
    /// Why, for people.
    #[serde(default)]
    pub reason: String,
}

/// Gives back money of a confirmed order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RefundOrder {
    /// Which.
    pub order: OrderId,
    /// How much; all that remains if not said.
    #[serde(default)]
    pub amount: Option<Money>,
    /// Why, for people.
    #[serde(default)]
    pub reason: String,
}

/// An order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderView {
    /// Its number.
    pub order: OrderId,
    /// Where it stands.
    pub stage: Stage,
    /// Why it was cancelled or given back, or needs attention, for programs; empty otherwise.
    pub reason: String,
    /// The same, for people.
    pub message: String,
    /// For whom, if it is not a guest.
    pub customer: Option<CustomerId>,
    /// Where to write to.
    pub email: Option<Email>,
    /// What was ordered, at the prices of that moment.
    pub lines: Vec<OrderLine>,
    /// The sum of the lines.
    pub total: Money,
    /// How much was given back.
    pub refunded: Money,
    /// How it is paid.
    pub payment_method: String,
    /// The payment, once there is one.
    pub payment: Option<PaymentId>,
    /// Money to give back, and given back, the first first.
    pub refunds: Vec<RefundView>,
    /// The cart it was made of.
    pub cart: Option<CartId>,
    /// Counts its changes, from 1.
    pub version: u64,
    /// When it was placed.
    pub placed_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// When the present stage must have ended; none if it waits for nobody.
    pub deadline: Option<Timestamp>,
    /// The flow in which it was placed, as 32 hexadecimal digits.
    pub trace: String,
}

/// A line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderLine {
    /// The product.
    pub sku: Sku,
    /// Its name when it was ordered.
    pub name: String,
    /// How many pieces.
    pub quantity: Quantity,
    /// What one piece cost when it was ordered.
    pub unit_price: Money,
    /// What the line cost.
    pub total: Money,
}

/// Money of an order to give back, or given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundView {
    /// Its number.
    pub refund: RefundId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub state: RefundState,
    /// Why, for people.
    pub reason: String,
}

/// A product and how many pieces of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Which product.
    pub sku: Sku,
    /// How many pieces.
    pub quantity: Quantity,
}
