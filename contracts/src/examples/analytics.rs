//! Examples of what analytics says.

use jiff::{Timestamp, ToSpan};
use kit::Example;

use crate::analytics::{
    AnalyticsState, By, CartFunnel, CurrencySales, Funnel, GetAnalytics, GetFunnel, GetSales, GetTopProducts,
    Loss, OrderFunnel, ProductSales, Rebuild, RebuildAnalytics, RebuildProgress, Sales, SalesBucket,
    SalesFigures, TopProducts,
};
use crate::{Currency, Sku};

/// The first hour of 1970.
fn hour() -> (Timestamp, Timestamp) {
    (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + 1.hour())
}

impl Example for GetSales {
    fn example() -> Self {
        let (from, to) = hour();
        Self { from, to, by: By::Hour, currency: None }
    }
}

impl Example for Sales {
    fn example() -> Self {
        let (from, to) = hour();
        let figures = SalesFigures {
            placed: 3,
            orders: 2,
            ordered: 3870,
            captured: 3870,
            refunded: 1290,
            ..SalesFigures::default()
        };
        let total = figures.worked_out();
        let buckets = vec![SalesBucket { at: from, figures: total }];
        Self {
            from,
            to,
            by: By::Hour,
            currencies: vec![CurrencySales { currency: Currency::EUR, total, buckets }],
        }
    }
}

impl Example for GetTopProducts {
    fn example() -> Self {
        let (from, to) = hour();
        Self { from, to, limit: Some(10), currency: None }
    }
}

impl Example for TopProducts {
    fn example() -> Self {
        let (from, to) = hour();
        let item = ProductSales {
            sku: Sku::example(),
            name: "Mug, blue".into(),
            currency: Currency::EUR,
            orders: 2,
            pieces: 3,
            amount: 3870,
        };
        Self { from, to, items: vec![item] }
    }
}

impl Example for GetFunnel {
    fn example() -> Self {
        let (from, to) = hour();
        Self { from, to }
    }
}

impl Example for Funnel {
    fn example() -> Self {
        let (from, to) = hour();
        let reason = Loss { step: "payment_due".into(), reason: "card_declined".into(), orders: 1 };
        Self {
            from,
            to,
            carts: CartFunnel { filled: 5, ordered: 3, expired: 1, open: 1 },
            orders: OrderFunnel {
                placed: 3,
                payment_due: 3,
                confirmed: 2,
                lost: 1,
                open: 0,
                reasons: vec![reason],
            },
        }
    }
}

impl Example for GetAnalytics {
    fn example() -> Self {
        Self {}
    }
}

impl Example for AnalyticsState {
    fn example() -> Self {
        let (from, to) = hour();
        let rebuild = RebuildProgress { generation: 2, began_at: to, counted: 20 };
        Self {
            generation: 1,
            facts: 24,
            oldest: Some(from),
            newest: Some(to),
            rebuilt_at: None,
            rebuild: Some(rebuild),
        }
    }
}

impl Example for RebuildAnalytics {
    fn example() -> Self {
        Self {}
    }
}

impl Example for Rebuild {
    fn example() -> Self {
        Self { began: true, generation: 2 }
    }
}
