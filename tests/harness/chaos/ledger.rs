//! What customers were told: the only book that the shop does not keep itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use contracts::order::{OrderView, PlaceOrder};
use contracts::{Money, OrderId, Sku};

/// Everything that was answered to anybody, and what never was.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// Orders that were accepted, with the key under which.
    pub accepted: BTreeMap<OrderId, String>,
    /// Orders for which a cancellation was accepted.
    pub cancelled: BTreeSet<OrderId>,
    /// Money that was promised back, a row a refund.
    pub refunds: Vec<(OrderId, Money)>,
    /// Pieces that were put into stock.
    pub received: BTreeMap<Sku, u64>,
    /// What was asked and never answered, though everything was mended.
    pub unanswered: Vec<String>,
    /// Answers that should not be.
    pub strange: Vec<String>,
    /// Numbers of cards that somebody typed where they do not belong.
    pub cards: BTreeSet<String>,
}

/// The book, shared by all customers, and written to a file line by line before the next step.
#[derive(Debug)]
pub struct Ledger {
    answers: Mutex<Answers>,
    file: Mutex<File>,
}

impl Ledger {
    /// A new book, written to a file.
    ///
    /// # Errors
    /// If the file cannot be made.
    pub fn new(file: &Path) -> std::io::Result<Self> {
        Ok(Self { answers: Mutex::default(), file: Mutex::new(File::create(file)?) })
    }

    /// All of it, as of now.
    pub fn read(&self) -> Answers {
        self.answers().clone()
    }

    /// An order was accepted under a key. What was accepted before under it is the same order, and what
    /// was accepted is what was asked for.
    pub fn accepted(&self, order: &OrderView, key: &str, asked: &PlaceOrder) {
        self.write(&format!("accepted {} {key}", order.order));
        let mut answers = self.answers();
        let other = answers.accepted.iter().find(|(known, under)| *under == key && **known != order.order);
        if let Some((other, _)) = other {
            let says = format!("one key, two orders: {key} is {other} and {}", order.order);
            answers.strange.push(says);
        }
        let lines = asked.lines.iter().map(|line| (&line.sku, line.quantity));
        if asked.cart.is_none() && !lines.eq(order.lines.iter().map(|line| (&line.sku, line.quantity))) {
            answers.strange.push(format!("{} is of something else than was asked for", order.order));
        }
        answers.accepted.insert(order.order, key.to_owned());
    }

    /// A cancellation was accepted.
    pub fn cancelled(&self, order: OrderId) {
        self.write(&format!("cancelled {order}"));
        self.answers().cancelled.insert(order);
    }

    /// Money was promised back.
    pub fn refunded(&self, order: OrderId, amount: Money) {
        self.write(&format!("refunded {order} {amount}"));
        self.answers().refunds.push((order, amount));
    }

    /// Pieces were put into stock.
    pub fn received(&self, sku: &Sku, pieces: u64) {
        self.write(&format!("received {sku} {pieces}"));
        *self.answers().received.entry(sku.clone()).or_default() += pieces;
    }

    /// Nobody answered.
    pub fn unanswered(&self, what: String) {
        self.write(&format!("unanswered {what}"));
        self.answers().unanswered.push(what);
    }

    /// An answer that should not be.
    pub fn strange(&self, what: String) {
        self.write(&format!("strange {what}"));
        self.answers().strange.push(what);
    }

    /// Somebody typed the number of a card where it does not belong. It stands in no file.
    pub fn typed(&self, card: &str) {
        self.answers().cards.insert(card.to_owned());
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self, line: &str) {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        // The ledger in memory is what counts; the file is for whoever looks for the cause of a finding.
        let _ = writeln!(file, "{line}");
    }
}
