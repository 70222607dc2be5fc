//! Examples of what inventory says.

use jiff::Timestamp;
use kit::Example;

use crate::inventory::{
    AdjustStock, AuditStock, GetLedger, GetStock, HoldExpired, HoldPage, HoldView, LedgerEntry, LedgerPage,
    ListHolds, ListStock, ReceiveStock, ReleaseStock, SetMarks, ShortLine, StockAudit, StockFlow, StockLow,
    StockPage, StockRefused, StockReserved, StockRestocked, StockSums, StockView,
};
use crate::order::Item;
use crate::{HoldId, OrderId, Quantity, Sku};

impl Example for Item {
    fn example() -> Self {
        Self { sku: Sku::example(), quantity: Quantity::example() }
    }
}

impl Example for GetStock {
    fn example() -> Self {
        Self { sku: Sku::example() }
    }
}

impl Example for StockView {
    fn example() -> Self {
        Self {
            sku: Sku::example(),
            on_hand: 100,
            held: 2,
            available: 98,
            low_mark: 5,
            high_mark: 10,
            low: false,
            quarantined: false,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Example for ListStock {
    fn example() -> Self {
        Self { limit: Some(50), ..Self::default() }
    }
}

impl Example for StockPage {
    fn example() -> Self {
        Self { items: vec![StockView::example()], next: None }
    }
}

impl Example for GetLedger {
    fn example() -> Self {
        Self { sku: Sku::example(), after: None, limit: None }
    }
}

impl Example for LedgerPage {
    fn example() -> Self {
        let entry = LedgerEntry {
            entry: 1,
            cause: "received".into(),
            on_hand_change: 100,
            held_change: 0,
            on_hand: 100,
            held: 0,
            order: None,
            reason: "delivery 4711".into(),
            at: Timestamp::UNIX_EPOCH,
        };
        Self { items: vec![entry], next: None }
    }
}

impl Example for AuditStock {
    fn example() -> Self {
        Self { limit: Some(50), ..Self::default() }
    }
}

impl Example for StockAudit {
    fn example() -> Self {
        let sums = StockSums {
            sku: Sku::example(),
            on_hand: 100,
            held: 2,
            ledger_on_hand: 100,
            ledger_held: 2,
            holds: 2,
            flow: Some(StockFlow { received: 110, adjusted: -1, sold: 9 }),
        };
        Self { items: vec![sums], next: None }
    }
}

impl Example for ListHolds {
    fn example() -> Self {
        Self { order: Some(OrderId::example()), ..Self::default() }
    }
}

impl Example for HoldPage {
    fn example() -> Self {
        let hold = HoldView {
            hold: HoldId::example(),
            order: OrderId::example(),
            state: "held".into(),
            items: vec![Item::example()],
            expires_at: Timestamp::UNIX_EPOCH,
            pinned: false,
        };
        Self { items: vec![hold], next: None }
    }
}

impl Example for ReceiveStock {
    fn example() -> Self {
        Self { sku: Sku::example(), quantity: 100, reason: "delivery 4711".into() }
    }
}

impl Example for AdjustStock {
    fn example() -> Self {
        Self { sku: Sku::example(), change: -1, reason: "broken".into() }
    }
}

impl Example for ReleaseStock {
    fn example() -> Self {
        Self { sku: Sku::example(), reason: "the probe was warm, the goods were not".into() }
    }
}

impl Example for SetMarks {
    fn example() -> Self {
        Self { sku: Sku::example(), low_mark: 5, high_mark: 10 }
    }
}

impl Example for StockReserved {
    fn example() -> Self {
        Self { order: OrderId::example(), hold: HoldId::example(), expires_at: Timestamp::UNIX_EPOCH }
    }
}

impl Example for StockRefused {
    fn example() -> Self {
        let short = ShortLine { sku: Sku::example(), asked: Quantity::example(), available: 1 };
        Self { order: OrderId::example(), short: vec![short] }
    }
}

impl Example for HoldExpired {
    fn example() -> Self {
        Self { order: OrderId::example(), hold: HoldId::example() }
    }
}

impl Example for StockLow {
    fn example() -> Self {
        Self { sku: Sku::example(), available: 5, low_mark: 5 }
    }
}

impl Example for StockRestocked {
    fn example() -> Self {
        Self { sku: Sku::example(), available: 40 }
    }
}
