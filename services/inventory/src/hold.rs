//! A hold: stock that is set aside for one order, until it is sold, given back, or its time is over.

use std::collections::BTreeMap;
use std::str::FromStr;

use contracts::inventory::HoldView;
use contracts::order::{Item, OrderLine};
use contracts::{HoldId, OrderId, Quantity};
use kit::{Error, Result, Timestamp};

/// The timer of a hold; its key is the order.
pub const EXPIRY: &str = "hold_expiry";

/// Stock that is, or was, set aside for an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hold {
    /// Its number.
    pub id: HoldId,
    /// For which order.
    pub order: OrderId,
    /// Where it stands.
    pub state: HoldState,
    /// Whether it stays until a person decides, whatever the time.
    pub pinned: bool,
    /// When its time is over.
    pub expires_at: Timestamp,
}

/// Where a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoldState {
    /// The stock is set aside.
    Held,
    /// It ended; nothing is set aside any more.
    Ended(Ending),
    /// Some lines were short, so nothing was set aside.
    Refused,
}

/// How a hold ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The order was cancelled.
    Released,
    /// Its time ran out.
    Expired,
    /// The order was paid.
    Sold,
}

impl HoldState {
    const ALL: [Self; 5] = [
        Self::Held,
        Self::Ended(Ending::Released),
        Self::Ended(Ending::Expired),
        Self::Ended(Ending::Sold),
        Self::Refused,
    ];

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Ended(Ending::Released) => "released",
            Self::Ended(Ending::Expired) => "expired",
            Self::Ended(Ending::Sold) => "sold",
            Self::Refused => "refused",
        }
    }
}

/// Not the word of a state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not the state of a hold")]
pub struct UnknownState;

impl FromStr for HoldState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.word() == text).ok_or(UnknownState)
    }
}

impl Hold {
    /// Whether stock is set aside by it.
    pub fn is_live(&self) -> bool {
        self.state == HoldState::Held
    }

    /// Whether its stock should be free by now.
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_live() && !self.pinned && self.expires_at <= now
    }

    /// What others see of it.
    pub fn into_view(self, items: Vec<Item>) -> HoldView {
        HoldView {
            hold: self.id,
            order: self.order,
            state: self.state.word().to_owned(),
            items,
            expires_at: self.expires_at,
            pinned: self.pinned,
        }
    }
}

/// What the lines of an order ask for, each product once and by its number, so that every order
/// goes through the shelves in the same direction.
///
/// # Errors
/// If there are no lines, or one product is asked for more often than a line can say.
pub fn items_of(lines: &[OrderLine]) -> Result<Vec<Item>> {
    if lines.is_empty() {
        return Err(Error::invalid("nothing_to_hold", "an order without lines holds nothing"));
    }
    let mut pieces = BTreeMap::new();
    for line in lines {
        *pieces.entry(&line.sku).or_insert(0) += i64::from(line.quantity.get());
    }
    let item = |(sku, pieces)| Ok(Item { sku: Clone::clone(sku), quantity: Quantity::try_from(pieces)? });
    pieces.into_iter().map(item).collect()
}

#[cfg(test)]
mod tests {
    use contracts::basics::QUANTITY_MAX;
    use kit::Example;

    use super::*;

    #[test]
    fn every_state_has_a_word_of_its_own() {
        for state in HoldState::ALL {
            assert_eq!(state.word().parse(), Ok(state));
        }
        assert_eq!("lost".parse::<HoldState>(), Err(UnknownState));
    }

    #[test]
    fn a_pinned_hold_is_never_overdue() {
        let hold = Hold {
            id: HoldId::example(),
            order: OrderId::example(),
            state: HoldState::Held,
            pinned: false,
            expires_at: Timestamp::UNIX_EPOCH,
        };
        assert!(hold.is_overdue(Timestamp::UNIX_EPOCH));
        assert!(!hold.is_overdue(Timestamp::MIN));
        assert!(!Hold { pinned: true, ..hold.clone() }.is_overdue(Timestamp::MAX));
        assert!(!Hold { state: HoldState::Ended(Ending::Sold), ..hold }.is_overdue(Timestamp::MAX));
    }

    #[test]
    fn a_product_that_is_listed_twice_is_asked_for_once() {
        let items = items_of(&[line("tee", 1), line("mug", 2), line("tee", 3)]).unwrap();
        let said: Vec<_> = items.iter().map(|item| (item.sku.as_str(), item.quantity.get())).collect();
        assert_eq!(said, [("mug", 2), ("tee", 4)]);
    }

    #[test]
    fn an_order_asks_for_something_and_not_for_everything() {
        assert_eq!(items_of(&[]).unwrap_err().reason, "nothing_to_hold");
        let most = i64::from(QUANTITY_MAX);
        assert_eq!(items_of(&[line("mug", most), line("mug", 1)]).unwrap_err().reason, "invalid_quantity");
    }

    fn line(sku: &str, quantity: i64) -> OrderLine {
        OrderLine {
            sku: sku.parse().unwrap(),
            quantity: quantity.try_into().unwrap(),
            ..OrderLine::example()
        }
    }
}
