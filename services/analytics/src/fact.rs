//! What was heard, as little of it as the figures need.

use std::str::FromStr;

use contracts::{Currency, Money, OrderId};
use kit::Timestamp;

/// Something that happened to an order or a cart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fact {
    /// When it was told.
    pub at: Timestamp,
    /// The order, or the cart.
    pub about: String,
    /// What happened.
    pub kind: Kind,
    /// Which of several: the product of a line, the payment, the refund, the reason; else empty.
    pub item: String,
    /// How much money, in minor units; 0 if it is not about money.
    pub amount: i64,
    /// The currency; none if it is not about money.
    pub currency: Option<Currency>,
    /// How many pieces; 0 if it is not about goods.
    pub pieces: u32,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Something was put into a cart.
    Filled,
    /// An order was made of a cart.
    Ordered,
    /// A cart was not touched for long and is gone.
    Expired,
    /// An order was placed.
    Placed,
    /// Stock is held; payment is due.
    Due,
    /// An order was confirmed.
    Confirmed,
    /// An order was cancelled; the item is the reason.
    Cancelled,
    /// An order was refused its stock.
    Refused,
    /// A card was charged; the item is the payment.
    Captured,
    /// Money was given back; the item is the refund.
    GivenBack,
    /// A line of an order was sold; the item is the product.
    Sold,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 11] = [
        Self::Filled,
        Self::Ordered,
        Self::Expired,
        Self::Placed,
        Self::Due,
        Self::Confirmed,
        Self::Cancelled,
        Self::Refused,
        Self::Captured,
        Self::GivenBack,
        Self::Sold,
    ];

    /// The word in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Filled => "filled",
            Self::Ordered => "ordered",
            Self::Expired => "expired",
            Self::Placed => "placed",
            Self::Due => "due",
            Self::Confirmed => "confirmed",
            Self::Cancelled => "cancelled",
            Self::Refused => "refused",
            Self::Captured => "captured",
            Self::GivenBack => "given_back",
            Self::Sold => "sold",
        }
    }

    /// Whether such a fact counts by itself, whatever else is known of the order. The others are looked
    /// at together: only all of them say how far an order or a cart came.
    pub fn stands_alone(self) -> bool {
        matches!(self, Self::Captured | Self::GivenBack | Self::Sold)
    }
}

/// Not the word of a kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the word of something that happened")]
pub struct UnknownKind;

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(text: &str) -> Result<Self, UnknownKind> {
        Self::ALL.into_iter().find(|kind| kind.word() == text).ok_or(UnknownKind)
    }
}

impl Fact {
    /// Something that happened then.
    pub fn new(at: Timestamp, about: impl ToString, kind: Kind) -> Self {
        Self { at, about: about.to_string(), kind, item: String::new(), amount: 0, currency: None, pieces: 0 }
    }

    /// Money of an order that moved then.
    pub fn money(at: Timestamp, order: OrderId, kind: Kind, amount: Money) -> Self {
        Self { amount: amount.amount(), currency: Some(amount.currency()), ..Self::new(at, order, kind) }
    }

    /// The same about one of several things.
    #[must_use]
    pub fn of(self, item: impl ToString) -> Self {
        Self { item: item.to_string(), ..self }
    }

    /// Whether this one, being known, makes the other one no news: it says the same, or said it earlier.
    pub fn says_already(&self, other: &Self) -> bool {
        let what = |fact: &Self| (fact.at.as_millisecond(), fact.amount, fact.currency, fact.pieces);
        (self.kind, &self.about, &self.item) == (other.kind, &other.about, &other.item)
            && what(self) <= what(other)
    }

    /// The facts that are looked at together with this one: all that have the same.
    pub fn group(&self) -> (&str, Option<(Kind, &str)>) {
        (&self.about, self.kind.stands_alone().then_some((self.kind, self.item.as_str())))
    }
}
