//! Shops that are broken on purpose. Each has a mistake that real shops had; the simulation must find
//! it, or it proves nothing about the shop that is not broken.

use std::fmt;
use std::str::FromStr;

use contracts::order::{OrderCancelled, OrderConfirmed, OrderPlaced};
use contracts::payment::PaymentCaptured;
use kit::{Error, Event, Result, Service, Tx};
use serde::de::DeserializeOwned;

use crate::bank::GOOD_CARD_NUMBER;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// A hearer acknowledges what it has not yet acted on, and goes on wherever the broker thinks.
    AcknowledgesBeforeCommit,
    /// A hearer does not look where it stands, so that what comes twice is done twice.
    SkipsThePosition,
    /// A hearer does not notice that messages went astray on their way, and acknowledges them with the next.
    GoesOnBehindAGap,
    /// A relay does not say which number it expects.
    PublishesBlindly,
    /// A relay remembers how far it told, and believes that more than what it sees.
    KeepsACursor,
    /// A payment is tried again under another key.
    NewKeyAfterATimeOut,
    /// Whoever gets no answer asks again under another key.
    AsksUnderAnotherKey,
    /// A service answers before what it answers is on the disk.
    AnswersBeforeTheDisk,
    /// Deadlines stand in memory only.
    ForgetsTimers,
    /// Work on the outside world stands in memory only.
    ForgetsEffects,
    /// What was held for an order is given back each time its end is heard of, held or not.
    ReleasesTwice,
    /// More is promised than is there, and the balance is kept from showing it.
    ClampsStockAtZero,
    /// A card that was charged after its order was cancelled is not heard of.
    IgnoresLateAnswers,
    /// A hearer does not look whether it heard what was told before an event.
    IgnoresWhatIsMissing,
    /// A letter is handed over once more although it was said that it is there.
    NotifiesTwice,
    /// A relay tells something else than stands in its outbox, which those who hear it do not notice.
    TellsOtherwise,
    /// The number of the card is written to the buyer, and so stands in a database and in a letter.
    WritesTheCardDown,
}

impl Broken {
    /// Every one.
    pub const ALL: [Self; 17] = [
        Self::AcknowledgesBeforeCommit,
        Self::SkipsThePosition,
        Self::GoesOnBehindAGap,
        Self::PublishesBlindly,
        Self::KeepsACursor,
        Self::NewKeyAfterATimeOut,
        Self::AsksUnderAnotherKey,
        Self::AnswersBeforeTheDisk,
        Self::ForgetsTimers,
        Self::ForgetsEffects,
        Self::ReleasesTwice,
        Self::ClampsStockAtZero,
        Self::IgnoresLateAnswers,
        Self::IgnoresWhatIsMissing,
        Self::NotifiesTwice,
        Self::TellsOtherwise,
        Self::WritesTheCardDown,
    ];

    /// Its name on a command line.
    pub fn word(self) -> String {
        let mut word = String::new();
        for letter in format!("{self:?}").chars() {
            if letter.is_ascii_uppercase() && !word.is_empty() {
                word.push('-');
            }
            word.push(letter.to_ascii_lowercase());
        }
        word
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.word())
    }
}

impl FromStr for Broken {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.into_iter().map(Self::word).collect::<Vec<_>>().join(", ");
        Self::ALL
            .into_iter()
            .find(|broken| broken.word() == text)
            .ok_or_else(|| format!("no shop is broken like that; there are {}", known()))
    }
}

/// Breaks a service, if this is one that breaks.
pub fn breaks(broken: Broken, service: Service) -> Service {
    match (broken, service.name()) {
        (Broken::ReleasesTwice, "inventory") => {
            service.hears_instead(OrderCancelled::SUBJECT, |tx, body, really| {
                really(tx, body)?;
                let event: OrderCancelled = read(body)?;
                changes_held(tx, &event.order.to_string(), "max(0, held - quantity)")
            })
        }
        (Broken::ClampsStockAtZero, "inventory") => {
            service.hears_instead(OrderPlaced::SUBJECT, |tx, body, really| {
                let event: OrderPlaced = read(body)?;
                // Room for as many as are wanted, so that nobody is refused; then as many as there are.
                for line in &event.lines {
                    tx.execute(
                        "UPDATE stock SET on_hand = on_hand + ?2 WHERE sku = ?1",
                        (line.sku.as_str(), line.quantity.get()),
                    )?;
                }
                really(tx, body)?;
                for line in &event.lines {
                    tx.execute(
                        "UPDATE stock SET on_hand = max(0, on_hand - ?2), held = min(held, max(0, on_hand - ?2))
                         WHERE sku = ?1",
                        (line.sku.as_str(), line.quantity.get()),
                    )?;
                }
                Ok(())
            })
        }
        (Broken::IgnoresLateAnswers, "order") => {
            service.hears_instead(PaymentCaptured::SUBJECT, |tx, body, really| {
                let event: PaymentCaptured = read(body)?;
                let cancelled = tx.find(
                    "SELECT 1 FROM orders WHERE id = ?1 AND standing = 'cancelled'",
                    [event.order.to_string()],
                    |_| Ok(()),
                )?;
                if cancelled.is_some() { Ok(()) } else { really(tx, body) }
            })
        }
        (Broken::WritesTheCardDown, "notification") => {
            service.hears_instead(OrderConfirmed::SUBJECT, |tx, body, really| {
                really(tx, body)?;
                let event: OrderConfirmed = read(body)?;
                tx.execute(
                    "UPDATE notifications SET text = text || ' Paid with ' || ?2 WHERE about = ?1",
                    (event.order.to_string(), GOOD_CARD_NUMBER),
                )?;
                Ok(())
            })
        }
        _ => service,
    }
}

/// Breaks what a service finds when it starts.
///
/// # Errors
/// If the table cannot be written.
pub fn forgets(broken: Broken, tx: &mut Tx<'_>) -> Result<()> {
    let table = match broken {
        Broken::ForgetsTimers => "timer",
        Broken::ForgetsEffects => "effect",
        _ => return Ok(()),
    };
    tx.execute(&format!("DELETE FROM {table}"), [])?;
    Ok(())
}

fn changes_held(tx: &mut Tx<'_>, order: &str, held: &str) -> Result<()> {
    tx.execute(
        &format!(
            "UPDATE stock SET held = (
                 SELECT {held} FROM hold_lines JOIN holds ON holds.id = hold_lines.hold
                 WHERE hold_lines.sku = stock.sku AND holds.order_id = ?1
             )
             WHERE sku IN (
                 SELECT sku FROM hold_lines JOIN holds ON holds.id = hold_lines.hold WHERE holds.order_id = ?1
             )"
        ),
        [order],
    )?;
    Ok(())
}

fn read<E: DeserializeOwned>(body: &[u8]) -> Result<E> {
    serde_json::from_slice(body).map_err(|error| Error::internal("no event").caused_by(error))
}
