//! An analytics service that hears of orders, and the words in which the tests say what happened.

use std::time::Duration;

use contracts::analytics::{
    By, CurrencySales, Funnel, GetAnalytics, GetFunnel, GetSales, GetTopProducts, ProductSales,
    RebuildAnalytics, SalesFigures, TopProducts,
};
use contracts::cart::{CartExpired, ItemAdded};
use contracts::catalog::ProductChanged;
use contracts::inventory::StockRefused;
use contracts::order::{OrderCancelled, OrderConfirmed, OrderLine, OrderPlaced, PaymentDue};
use contracts::payment::{PaymentCaptured, PaymentRefunded};
use contracts::{CartId, Money, OrderId, Sku};
use kit::id::Id;
use kit::testing::Scratch;
use kit::{Event, Example, Timestamp};

/// Something that was told.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    Named(ProductChanged),
    Added(ItemAdded),
    Expired(CartExpired),
    Placed(OrderPlaced),
    Due(PaymentDue),
    Confirmed(OrderConfirmed),
    Cancelled(OrderCancelled),
    Refused(StockRefused),
    Captured(PaymentCaptured),
    Refunded(PaymentRefunded),
}

/// The service, and all it can be asked.
pub(crate) struct Shop(pub(crate) Scratch);

/// Every figure there is, as it is told.
#[derive(Debug, PartialEq)]
pub(crate) struct All {
    pub(crate) by_hour: Vec<CurrencySales>,
    pub(crate) products: Vec<ProductSales>,
    pub(crate) funnel: Funnel,
}

impl Shop {
    pub(crate) fn open() -> Self {
        Self(Scratch::of(analytics::service()))
    }

    /// The first of all days.
    pub(crate) fn day() -> Timestamp {
        "2026-01-01T00:00:00Z".parse().unwrap()
    }

    /// So many minutes into the first day.
    pub(crate) fn minute(minute: u64) -> Timestamp {
        Self::day() + Duration::from_secs(60 * minute)
    }

    pub(crate) fn hears(&self, at: Timestamp, said: &Said) {
        fn tell(shop: &Shop, at: Timestamp, event: &impl Event) {
            shop.0.hear_told_at(at, event);
        }
        match said {
            Said::Named(event) => tell(self, at, event),
            Said::Added(event) => tell(self, at, event),
            Said::Expired(event) => tell(self, at, event),
            Said::Placed(event) => tell(self, at, event),
            Said::Due(event) => tell(self, at, event),
            Said::Confirmed(event) => tell(self, at, event),
            Said::Cancelled(event) => tell(self, at, event),
            Said::Refused(event) => tell(self, at, event),
            Said::Captured(event) => tell(self, at, event),
            Said::Refunded(event) => tell(self, at, event),
        }
        assert_eq!(self.0.dead_letters(), []);
    }

    /// An order that was sold, start to end, in some minute.
    pub(crate) fn sold(&self, minute: u64, order: u128, lines: &[(&str, i64, i64)]) {
        for said in [placed(order, None, lines), due(order), captured(order, lines), confirmed(order, lines)]
        {
            self.hears(Self::minute(minute), &said);
        }
    }

    pub(crate) async fn sales(&self, by: By) -> Vec<CurrencySales> {
        let (from, to) = (Self::day(), Self::day() + Duration::from_secs(31 * 86_400));
        self.0.ask(&GetSales { from, to, by, currency: None }).await.unwrap().currencies
    }

    /// The sales in euros of one hour of the first day.
    pub(crate) async fn hour(&self, hour: u64) -> SalesFigures {
        let sales = self.sales(By::Hour).await;
        let euros = sales.iter().find(|sales| sales.currency == contracts::Currency::EUR);
        let at = Self::minute(hour * 60);
        euros
            .and_then(|euros| euros.buckets.iter().find(|bucket| bucket.at == at))
            .map(|bucket| bucket.figures)
            .unwrap_or_default()
    }

    pub(crate) async fn products(&self) -> Vec<ProductSales> {
        let (from, to) = (Self::day(), Self::day() + Duration::from_secs(31 * 86_400));
        let asked = GetTopProducts { from, to, limit: Some(100), currency: None };
        let TopProducts { items, .. } = self.0.ask(&asked).await.unwrap();
        items
    }

    pub(crate) async fn funnel(&self) -> Funnel {
        let (from, to) = (Self::day(), Self::day() + Duration::from_secs(31 * 86_400));
        self.0.ask(&GetFunnel { from, to }).await.unwrap()
    }

    pub(crate) async fn all(&self) -> All {
        All {
            by_hour: self.sales(By::Hour).await,
            products: self.products().await,
            funnel: self.funnel().await,
        }
    }

    /// Builds everything anew, and waits for the end.
    pub(crate) async fn rebuild(&self) {
        let asked = self.0.ask(&RebuildAnalytics {}).await.unwrap();
        assert!(asked.began);
        self.0.advance(Duration::ZERO).await;
        let state = self.0.ask(&GetAnalytics {}).await.unwrap();
        assert_eq!((state.generation, state.rebuild), (asked.generation, None));
    }
}

pub(crate) fn order_id(number: u128) -> OrderId {
    OrderId::from_bits(number)
}

pub(crate) fn cart_id(number: u128) -> CartId {
    CartId::from_bits(number)
}

pub(crate) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

/// Cents of euros; what is named `usd-…` is sold in dollars.
fn money(product: &str, cents: i64) -> Money {
    let currency = if product.starts_with("usd-") { "USD" } else { "EUR" };
    Money::new(cents, currency.parse().unwrap()).unwrap()
}

fn lines(lines: &[(&str, i64, i64)]) -> (Vec<OrderLine>, Money) {
    let line = |&(product, pieces, cents): &(&str, i64, i64)| OrderLine {
        sku: sku(product),
        name: format!("A {product}"),
        quantity: pieces.try_into().unwrap(),
        unit_price: money(product, cents),
        total: money(product, pieces * cents),
    };
    let total = lines.iter().map(|(_, pieces, cents)| pieces * cents).sum();
    (lines.iter().map(line).collect(), money(lines[0].0, total))
}

pub(crate) fn named(product: &str, name: &str, version: u64) -> Said {
    Said::Named(ProductChanged { sku: sku(product), name: name.into(), version, ..ProductChanged::example() })
}

pub(crate) fn added(cart: u128) -> Said {
    Said::Added(ItemAdded { cart: cart_id(cart), ..ItemAdded::example() })
}

pub(crate) fn expired(cart: u128) -> Said {
    Said::Expired(CartExpired { cart: cart_id(cart) })
}

pub(crate) fn placed(order: u128, cart: Option<u128>, sold: &[(&str, i64, i64)]) -> Said {
    let (lines, total) = lines(sold);
    let (order, cart) = (order_id(order), cart.map(cart_id));
    Said::Placed(OrderPlaced { order, cart, lines, total, ..OrderPlaced::example() })
}

pub(crate) fn due(order: u128) -> Said {
    Said::Due(PaymentDue { order: order_id(order), ..PaymentDue::example() })
}

pub(crate) fn confirmed(order: u128, sold: &[(&str, i64, i64)]) -> Said {
    let (lines, total) = lines(sold);
    Said::Confirmed(OrderConfirmed { order: order_id(order), lines, total, ..OrderConfirmed::example() })
}

pub(crate) fn cancelled(order: u128, reason: &str) -> Said {
    let (order, reason) = (order_id(order), reason.to_owned());
    Said::Cancelled(OrderCancelled { order, reason, ..OrderCancelled::example() })
}

pub(crate) fn refused(order: u128) -> Said {
    Said::Refused(StockRefused { order: order_id(order), short: vec![] })
}

pub(crate) fn captured(order: u128, sold: &[(&str, i64, i64)]) -> Said {
    let (_, amount) = lines(sold);
    let payment = Id::from_bits(order);
    Said::Captured(PaymentCaptured { order: order_id(order), payment, amount })
}

pub(crate) fn refunded(order: u128, refund: u128, cents: i64) -> Said {
    let (payment, refund) = (Id::from_bits(order), Id::from_bits(refund));
    Said::Refunded(PaymentRefunded { order: order_id(order), payment, refund, amount: money("", cents) })
}
