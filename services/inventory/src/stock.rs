//! The stock of one product: what may be done with it, and when it counts as low.

use contracts::Sku;
use contracts::inventory::{STOCK_MAX, StockView, reason};
use kit::{Error, Timestamp};
use serde_json::json;

use crate::ledger::Entry;

/// The stock of one product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stock {
    /// The product.
    pub sku: Sku,
    /// Pieces in the house.
    pub on_hand: u64,
    /// Pieces of them that are held for orders.
    pub held: u64,
    /// At this number of available pieces stock counts as low. 0: never.
    pub low_mark: u64,
    /// At this number it counts as enough again.
    pub high_mark: u64,
    /// Whether it counts as low now.
    pub low: bool,
    /// Whether it may not be sold until somebody releases it.
    pub quarantined: bool,
    /// When it last changed.
    pub changed_at: Timestamp,
}

/// A mark that the available stock has reached, and nobody has been told yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crossing {
    /// Down to the low mark.
    Low,
    /// Up to the high mark.
    High,
}

impl Stock {
    /// Pieces that can be ordered: of stock that is quarantined none.
    pub fn available(&self) -> u64 {
        if self.quarantined { 0 } else { self.free() }
    }

    /// Pieces that are held for nobody.
    pub fn free(&self) -> u64 {
        self.on_hand.saturating_sub(self.held)
    }

    /// The entry for goods that come in.
    ///
    /// # Errors
    /// [`StockError::TooMuch`] beyond what can be counted.
    pub fn receive<'a>(&'a self, pieces: u64, reason: &'a str) -> Result<Entry<'a>, StockError> {
        self.expect_room(pieces)?;
        Ok(Entry::received(&self.sku, pieces, reason))
    }

    /// The entry for a correction. What is held for orders cannot be corrected away.
    ///
    /// # Errors
    /// [`StockError::NothingToAdjust`], [`StockError::NotEnough`] or [`StockError::TooMuch`].
    pub fn adjust<'a>(&'a self, change: i64, reason: &'a str) -> Result<Entry<'a>, StockError> {
        let pieces = change.unsigned_abs();
        match change {
            0 => return Err(StockError::NothingToAdjust),
            1.. => self.expect_room(pieces)?,
            ..0 if pieces > self.free() => {
                let (sku, on_hand, held) = (self.sku.clone(), self.on_hand, self.held);
                return Err(StockError::NotEnough { sku, fewer: pieces, on_hand, held });
            }
            ..0 => {}
        }
        Ok(Entry::adjusted(&self.sku, change, reason))
    }

    /// The entry for what a scale counted: none if that is the number known. What is held for orders is not
    /// counted away; that it is not there is found when it is picked.
    pub fn count<'a>(&'a self, pieces: u64, reason: &'a str) -> Option<Entry<'a>> {
        let counted = pieces.clamp(self.held, STOCK_MAX);
        let change = counted.cast_signed() - self.on_hand.cast_signed();
        (change != 0).then(|| Entry::counted(&self.sku, change, reason))
    }

    /// The pieces in the house and those held after an entry; none if the stock does not allow it.
    pub fn after(&self, entry: &Entry<'_>) -> Option<(u64, u64)> {
        let on_hand = self.on_hand.checked_add_signed(entry.on_hand)?;
        let held = self.held.checked_add_signed(entry.held)?;
        (held <= on_hand && on_hand <= STOCK_MAX).then_some((on_hand, held))
    }

    /// The mark that has been reached since it was last looked at. Between the marks nothing
    /// happens, so that stock that goes up and down around one of them is told of once.
    pub fn crossing(&self) -> Option<Crossing> {
        let available = self.available();
        if self.low {
            (available >= self.high_mark).then_some(Crossing::High)
        } else {
            (self.low_mark > 0 && available <= self.low_mark).then_some(Crossing::Low)
        }
    }

    /// What others see of it.
    pub fn into_view(self) -> StockView {
        StockView {
            available: self.available(),
            sku: self.sku,
            on_hand: self.on_hand,
            held: self.held,
            low_mark: self.low_mark,
            high_mark: self.high_mark,
            low: self.low,
            quarantined: self.quarantined,
            changed_at: self.changed_at,
        }
    }

    fn expect_room(&self, more: u64) -> Result<(), StockError> {
        if more > STOCK_MAX.saturating_sub(self.on_hand) {
            return Err(StockError::TooMuch { sku: self.sku.clone(), more, on_hand: self.on_hand });
        }
        Ok(())
    }
}

/// Checks how many pieces are said to come in.
///
/// # Errors
/// [`StockError::InvalidQuantity`] if none, or more than can be counted.
pub fn check_delivery(pieces: u64) -> Result<(), StockError> {
    if (1..=STOCK_MAX).contains(&pieces) { Ok(()) } else { Err(StockError::InvalidQuantity) }
}

/// Checks the marks of a product. With a low mark of 0 it is never low, and the high mark is idle.
///
/// # Errors
/// [`StockError::InvalidMarks`].
pub fn check_marks(low_mark: u64, high_mark: u64) -> Result<(), StockError> {
    let ordered = low_mark == 0 || low_mark < high_mark;
    if ordered && high_mark <= STOCK_MAX { Ok(()) } else { Err(StockError::InvalidMarks) }
}

/// Why something cannot be done with stock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StockError {
    /// It is not quarantined.
    #[error("the stock of {0} is not quarantined, so nothing was released")]
    NotQuarantined(Sku),
    /// Nothing of the product was ever received.
    #[error("no stock of {0} was ever received")]
    UnknownSku(Sku),
    /// A delivery of nothing, or of too much.
    #[error("a delivery must have from 1 to {STOCK_MAX} pieces")]
    InvalidQuantity,
    /// A correction of nothing.
    #[error("a correction by 0 changes nothing")]
    NothingToAdjust,
    /// Less would remain than is held.
    #[error(
        "the stock of {sku} cannot go down by {fewer}: {on_hand} are on hand and {held} of them are held for orders"
    )]
    NotEnough {
        /// The product.
        sku: Sku,
        /// By how many pieces it was to go down.
        fewer: u64,
        /// Pieces in the house.
        on_hand: u64,
        /// Pieces held.
        held: u64,
    },
    /// More than can be counted.
    #[error(
        "the stock of {sku} cannot go up by {more}: {on_hand} are on hand, and at most {STOCK_MAX} can be counted"
    )]
    TooMuch {
        /// The product.
        sku: Sku,
        /// By how many pieces it was to go up.
        more: u64,
        /// Pieces in the house.
        on_hand: u64,
    },
    /// The marks contradict each other.
    #[error("the low mark must be 0 or below the high mark, and the high mark at most {STOCK_MAX}")]
    InvalidMarks,
}

impl From<StockError> for Error {
    fn from(error: StockError) -> Self {
        let message = error.to_string();
        match error {
            StockError::UnknownSku(_) => Self::not_found(reason::UNKNOWN_SKU, message),
            StockError::InvalidQuantity => Self::invalid(reason::INVALID_QUANTITY, message),
            StockError::NothingToAdjust => Self::invalid(reason::NOTHING_TO_ADJUST, message),
            StockError::NotQuarantined(_) => Self::conflict(reason::NOT_QUARANTINED, message),
            StockError::InvalidMarks => Self::invalid(reason::INVALID_MARKS, message),
            StockError::NotEnough { sku, fewer, on_hand, held } => {
                Self::refused(reason::NOT_ENOUGH_STOCK, message)
                    .with_details(json!({ "sku": sku, "fewer": fewer, "on_hand": on_hand, "held": held }))
            }
            StockError::TooMuch { sku, more, on_hand } => Self::refused(reason::TOO_MUCH_STOCK, message)
                .with_details(json!({ "sku": sku, "more": more, "on_hand": on_hand })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_cannot_be_adjusted_away() {
        let stock = Stock { on_hand: 7, held: 4, ..mugs() };
        assert_eq!(stock.adjust(-3, "broken").unwrap().on_hand, -3);
        let refused = stock.adjust(-4, "broken").unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the stock of mug-blue cannot go down by 4: 7 are on hand and 4 of them are held for orders"
        );
        assert!(stock.adjust(i64::MIN, "broken").is_err());
    }

    #[test]
    fn there_is_no_more_than_can_be_counted() {
        let stock = Stock { on_hand: STOCK_MAX - 1, ..mugs() };
        assert!(stock.receive(1, "").is_ok());
        assert!(matches!(stock.receive(2, ""), Err(StockError::TooMuch { more: 2, .. })));
        assert!(stock.adjust(1, "found").is_ok());
        assert!(matches!(stock.adjust(i64::MAX, "found"), Err(StockError::TooMuch { .. })));
    }

    #[test]
    fn a_correction_changes_something() {
        assert_eq!(mugs().adjust(0, "nothing"), Err(StockError::NothingToAdjust));
    }

    #[test]
    fn stock_is_low_at_the_low_mark_and_enough_at_the_high_mark() {
        let at = |available, low| {
            Stock { on_hand: available, low, low_mark: 5, high_mark: 10, ..mugs() }.crossing()
        };
        assert_eq!(at(6, false), None);
        assert_eq!(at(5, false), Some(Crossing::Low));
        assert_eq!(at(0, false), Some(Crossing::Low));
        assert_eq!(at(5, true), None);
        assert_eq!(at(9, true), None);
        assert_eq!(at(10, true), Some(Crossing::High));
        assert_eq!(at(10, false), None);
    }

    #[test]
    fn what_is_held_does_not_count_as_available() {
        let stock = Stock { on_hand: 8, held: 3, low_mark: 5, high_mark: 10, ..mugs() };
        assert_eq!(stock.crossing(), Some(Crossing::Low));
    }

    #[test]
    fn quarantined_stock_cannot_be_ordered_and_can_be_corrected() {
        let stock = Stock { quarantined: true, low_mark: 5, high_mark: 10, ..mugs() };
        assert_eq!((stock.available(), stock.crossing()), (0, Some(Crossing::Low)));
        stock.adjust(-7, "thrown away").unwrap();
    }

    #[test]
    fn a_count_does_not_go_below_what_is_held() {
        let stock = Stock { held: 3, ..mugs() };
        let change = |pieces| stock.count(pieces, "counted").map(|entry| entry.on_hand);
        assert_eq!((change(9), change(7), change(3), change(0)), (Some(2), None, Some(-4), Some(-4)));
    }

    #[test]
    fn without_a_low_mark_stock_is_never_low() {
        assert_eq!(Stock { on_hand: 0, ..mugs() }.crossing(), None);
    }

    #[test]
    fn the_low_mark_is_below_the_high_mark() {
        for (low, high) in [(0, 0), (0, 7), (1, 2), (5, STOCK_MAX)] {
            assert_eq!(check_marks(low, high), Ok(()), "{low} {high}");
        }
        for (low, high) in [(1, 1), (2, 1), (1, 0), (0, STOCK_MAX + 1), (u64::MAX - 1, u64::MAX)] {
            assert_eq!(check_marks(low, high), Err(StockError::InvalidMarks), "{low} {high}");
        }
    }

    fn mugs() -> Stock {
        Stock {
            sku: "mug-blue".parse().unwrap(),
            on_hand: 7,
            held: 0,
            low_mark: 0,
            high_mark: 0,
            low: false,
            quarantined: false,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }
}
