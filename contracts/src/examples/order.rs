//! Examples of what order says.

use jiff::Timestamp;
use kit::Example;

use crate::order::{
    CancelOrder, CountOrders, GetHistory, GetOrder, LineRequest, ListOrders, OrderCancelled, OrderConfirmed,
    OrderCounts, OrderHistory, OrderLine, OrderMove, OrderNeedsAttention, OrderPage, OrderPlaced,
    OrderRefunded, OrderView, PaymentDue, PlaceOrder, RefundDue, RefundOrder, Stage,
};
use crate::{Email, Money, OrderId, PaymentId, Quantity, RefundId, Sku};

impl Example for OrderLine {
    fn example() -> Self {
        let (unit_price, quantity) = (Money::example(), Quantity::example());
        let total = unit_price.times(quantity.get()).unwrap_or(unit_price);
        Self { sku: Sku::example(), name: "Mug, blue".into(), quantity, unit_price, total }
    }
}

impl Example for PlaceOrder {
    fn example() -> Self {
        let line = LineRequest { sku: Sku::example(), quantity: Quantity::example(), unit_price: None };
        Self {
            cart: None,
            cart_version: None,
            lines: vec![line],
            accept_prices: false,
            customer: None,
            email: Some(Email::example()),
            payment_method: "pm_card_visa".into(),
        }
    }
}

impl Example for GetOrder {
    fn example() -> Self {
        Self { order: OrderId::example() }
    }
}

impl Example for ListOrders {
    fn example() -> Self {
        Self { stages: vec![Stage::NeedsAttention], limit: Some(50), ..Self::default() }
    }
}

impl Example for OrderPage {
    fn example() -> Self {
        Self { items: vec![OrderView::example()], next: None }
    }
}

impl Example for CountOrders {
    fn example() -> Self {
        Self {}
    }
}

impl Example for OrderCounts {
    fn example() -> Self {
        Self { stages: Stage::ALL.into_iter().map(|stage| (stage, 0)).collect(), overdue: 0 }
    }
}

impl Example for GetHistory {
    fn example() -> Self {
        Self { order: OrderId::example() }
    }
}

impl Example for OrderHistory {
    fn example() -> Self {
        let first = OrderMove {
            from: None,
            to: Stage::Placed,
            cause: "asked_to_place".into(),
            note: String::new(),
            at: Timestamp::UNIX_EPOCH,
        };
        Self { order: OrderId::example(), moves: vec![first] }
    }
}

impl Example for CancelOrder {
    fn example() -> Self {
        Self { order: OrderId::example(), reason: "changed my mind".into() }
    }
}

impl Example for RefundOrder {
    fn example() -> Self {
        Self { order: OrderId::example(), amount: Some(Money::example()), reason: "broken on arrival".into() }
    }
}

impl Example for OrderView {
    fn example() -> Self {
        let line = OrderLine::example();
        Self {
            order: OrderId::example(),
            stage: Stage::Confirmed,
            reason: String::new(),
            message: String::new(),
            customer: None,
            email: Some(Email::example()),
            total: line.total,
            refunded: Money::zero(line.total.currency()),
            lines: vec![line],
            payment_method: "pm_card_visa".into(),
            payment: Some(PaymentId::example()),
            refunds: vec![],
            cart: None,
            version: 3,
            placed_at: Timestamp::UNIX_EPOCH,
            changed_at: Timestamp::UNIX_EPOCH,
            deadline: None,
            trace: "4bf92f3577b34da6a3ce929d0e0e4736".into(),
        }
    }
}

impl Example for OrderPlaced {
    fn example() -> Self {
        let line = OrderLine::example();
        Self {
            order: OrderId::example(),
            customer: None,
            total: line.total,
            lines: vec![line],
            cart: None,
            hold_until: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Example for PaymentDue {
    fn example() -> Self {
        Self {
            order: OrderId::example(),
            amount: OrderLine::example().total,
            payment_method: "pm_card_visa".into(),
            hold_until: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Example for OrderConfirmed {
    fn example() -> Self {
        let line = OrderLine::example();
        Self {
            order: OrderId::example(),
            email: Some(Email::example()),
            total: line.total,
            lines: vec![line],
            payment: PaymentId::example(),
        }
    }
}

impl Example for OrderCancelled {
    fn example() -> Self {
        Self {
            order: OrderId::example(),
            email: Some(Email::example()),
            reason: "card_declined".into(),
            message: "the card was declined: insufficient funds".into(),
        }
    }
}

impl Example for RefundDue {
    fn example() -> Self {
        Self {
            order: OrderId::example(),
            payment: PaymentId::example(),
            refund: RefundId::example(),
            amount: Money::example(),
            reason: "broken on arrival".into(),
        }
    }
}

impl Example for OrderRefunded {
    fn example() -> Self {
        Self {
            order: OrderId::example(),
            email: Some(Email::example()),
            refund: RefundId::example(),
            amount: Money::example(),
            refunded: Money::example(),
            in_full: false,
        }
    }
}

impl Example for OrderNeedsAttention {
    fn example() -> Self {
        Self {
            order: OrderId::example(),
            reason: "payment_outcome_unknown".into(),
            message: "nobody knows whether the card was charged".into(),
        }
    }
}
