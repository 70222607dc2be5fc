//! The inventory as a whole: a real database, the order service's events, and a clock that waits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod alerts;
mod bad_input;
mod books;
mod clock;
mod holds;
mod lists;
mod quarantine;
mod stock;

use std::ops::Deref;
use std::time::Duration;

use contracts::inventory::{
    AdjustStock, GetLedger, GetStock, HoldView, LedgerEntry, ListHolds, ReceiveStock, SetMarks, StockView,
};
use contracts::order::{
    OrderCancelled, OrderConfirmed, OrderLine, OrderNeedsAttention, OrderPlaced, PaymentDue,
};
use contracts::{OrderId, Sku};
use kit::id::Id;
use kit::testing::Scratch;
use kit::{Example, Result, Timestamp};

/// For how long an order's stock is held in these tests, if nothing else is said.
const HOLD: Duration = Duration::from_secs(600);

/// What a test looks at the inventory through. Whatever happened in it, at its end the books agree.
struct House {
    scratch: Scratch,
}

impl House {
    fn empty() -> Self {
        Self { scratch: Scratch::of(inventory::service()) }
    }

    async fn with(stock: &[(&str, u64)]) -> Self {
        let house = Self::empty();
        for (sku, pieces) in stock {
            house.receives(sku, *pieces).await.unwrap();
        }
        house
    }

    async fn receives(&self, sku: &str, quantity: u64) -> Result<StockView> {
        self.ask(&ReceiveStock { sku: named(sku), quantity, reason: "delivery 4711".into() }).await
    }

    async fn adjusts(&self, sku: &str, change: i64) -> Result<StockView> {
        self.ask(&AdjustStock { sku: named(sku), change, reason: "counted".into() }).await
    }

    async fn marks(&self, sku: &str, low_mark: u64, high_mark: u64) -> Result<StockView> {
        self.ask(&SetMarks { sku: named(sku), low_mark, high_mark }).await
    }

    async fn stock_of(&self, sku: &str) -> StockView {
        self.ask(&GetStock { sku: named(sku) }).await.unwrap()
    }

    /// Pieces on hand, and pieces held.
    async fn count(&self, sku: &str) -> (u64, u64) {
        let stock = self.stock_of(sku).await;
        assert_eq!(stock.available, stock.on_hand - stock.held);
        (stock.on_hand, stock.held)
    }

    async fn ledger_of(&self, sku: &str) -> Vec<LedgerEntry> {
        self.ask(&GetLedger { sku: named(sku), after: None, limit: Some(200) }).await.unwrap().items
    }

    /// The causes of a product's changes, the oldest first.
    async fn causes(&self, sku: &str) -> Vec<String> {
        self.ledger_of(sku).await.into_iter().rev().map(|entry| entry.cause).collect()
    }

    async fn hold_of(&self, order: OrderId) -> Option<HoldView> {
        let asked = ListHolds { order: Some(order), ..ListHolds::default() };
        self.ask(&asked).await.unwrap().items.pop()
    }

    async fn state_of(&self, order: OrderId) -> String {
        self.hold_of(order).await.map_or_else(|| "none".into(), |hold| hold.state)
    }

    fn hears_placed(&self, order: OrderId, lines: &[(&str, i64)]) {
        self.hears_placed_until(order, lines, self.now() + HOLD);
    }

    fn hears_placed_until(&self, order: OrderId, lines: &[(&str, i64)], hold_until: Timestamp) {
        self.hear(&OrderPlaced { order, lines: lines_of(lines), hold_until, ..OrderPlaced::example() });
    }

    fn hears_payment_due(&self, order: OrderId, hold_until: Timestamp) {
        self.hear(&PaymentDue { order, hold_until, ..PaymentDue::example() });
    }

    fn hears_confirmed(&self, order: OrderId, lines: &[(&str, i64)]) {
        self.hear(&OrderConfirmed { order, lines: lines_of(lines), ..OrderConfirmed::example() });
    }

    fn hears_cancelled(&self, order: OrderId) {
        self.hear(&OrderCancelled { order, ..OrderCancelled::example() });
    }

    fn hears_needs_attention(&self, order: OrderId) {
        self.hear(&OrderNeedsAttention { order, ..OrderNeedsAttention::example() });
    }

    fn number(&self, sql: &str) -> i64 {
        self.sql(|rows| rows.get(sql, [], |row| row.get(0))).unwrap()
    }

    /// Every way in which the books could contradict themselves.
    fn check_books(&self) {
        let sums = "SELECT count(*) FROM stock AS s
             WHERE on_hand <> (SELECT coalesce(sum(on_hand_change), 0) FROM ledger WHERE sku = s.sku)
                OR held <> (SELECT coalesce(sum(held_change), 0) FROM ledger WHERE sku = s.sku)";
        assert_eq!(self.number(sums), 0, "the sum of the changes is the stock");
        let steps = "SELECT count(*) FROM (
                 SELECT on_hand, held,
                        sum(on_hand_change) OVER w AS on_hand_sum, sum(held_change) OVER w AS held_sum
                 FROM ledger WINDOW w AS (PARTITION BY sku ORDER BY entry))
             WHERE on_hand <> on_hand_sum OR held <> held_sum";
        assert_eq!(self.number(steps), 0, "every entry shows the balances after it");
        let holds = "SELECT count(*) FROM stock AS s
             WHERE held <> (SELECT coalesce(sum(l.quantity), 0) FROM holds AS h JOIN hold_lines AS l ON l.hold = h.id
                            WHERE h.state = 'held' AND l.sku = s.sku)";
        assert_eq!(self.number(holds), 0, "what is held is held for somebody");
        let timers = "SELECT count(*) FROM holds AS h
             WHERE (state = 'held' AND pinned = 0)
                <> EXISTS (SELECT 1 FROM timer WHERE kind = 'hold_expiry' AND key = h.order_id AND due_at_ms = h.expires_at_ms)";
        assert_eq!(self.number(timers), 0, "a hold has a timer for as long as it can expire");
        let sold = "SELECT count(*) FROM (
                 SELECT 1 FROM ledger WHERE cause = 'sold' GROUP BY order_id, sku HAVING count(*) > 1)";
        assert_eq!(self.number(sold), 0, "nothing is sold twice to one order");
    }
}

impl Deref for House {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.scratch
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.check_books();
        }
    }
}

fn named(sku: &str) -> Sku {
    sku.parse().unwrap()
}

fn order(number: u128) -> OrderId {
    OrderId::from_bits(number)
}

fn lines_of(lines: &[(&str, i64)]) -> Vec<OrderLine> {
    let line = |(sku, quantity): &(&str, i64)| OrderLine {
        sku: named(sku),
        quantity: (*quantity).try_into().unwrap(),
        ..OrderLine::example()
    };
    lines.iter().map(line).collect()
}

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}
