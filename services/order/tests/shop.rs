//! An order service with a small catalog, and neighbours that say what a test wants.

use std::time::Duration;

use contracts::cart::{CartLine, CartView, GetCart};
use contracts::catalog::{MissingProduct, Quote, QuotePrices, Quotes};
use contracts::inventory::{HoldExpired, ShortLine, StockRefused, StockReserved};
use contracts::order::{
    CancelOrder, GetHistory, GetOrder, LineRequest, OrderMove, OrderView, PlaceOrder, RefundDue, RefundOrder,
    Stage,
};
use contracts::payment::{
    PaymentCaptured, PaymentDeclined, PaymentOutcomeUnknown, PaymentRefundFailed, PaymentRefunded,
};
use contracts::{CartId, Currency, Money, OrderId, PaymentId, RefundId, Sku};
use kit::testing::{Scratch, customer, guest, operator};
use kit::{Caller, Error, Event, Example, Result};

/// The order service, and what is around it.
pub(crate) struct Shop {
    pub(crate) service: Scratch,
}

/// The prices of the catalog, in cents.
const CATALOG: [(&str, &str, i64); 4] = [
    ("mug-blue", "Mug, blue", 1290),
    ("tee", "Tee, black", 2000),
    ("pen", "Pen", 99),
    ("gold", "Gold", 9_999_999_999),
];

impl Shop {
    /// A shop that sells what stands in the catalog, and a book in dollars; an old lamp no longer.
    pub(crate) fn open() -> Self {
        let service = Scratch::of(order::service());
        service.stub(|asked: QuotePrices| {
            let mut quotes = Quotes { items: vec![], missing: vec![] };
            for sku in asked.skus {
                match (CATALOG.iter().find(|(known, ..)| *known == sku.as_str()), sku.as_str()) {
                    (Some((_, name, cents)), _) => {
                        quotes.items.push(Quote {
                            sku,
                            name: (*name).into(),
                            price: eur(*cents),
                            version: 1,
                        });
                    }
                    (None, "book") => {
                        let price = Money::new(2500, "USD".parse().unwrap()).unwrap();
                        quotes.items.push(Quote { sku, name: "Book".into(), price, version: 1 });
                    }
                    (None, "old-lamp") => quotes.missing.push(MissingProduct { sku, why: "retired".into() }),
                    (None, text) if text.starts_with("item-") => {
                        quotes.items.push(Quote { name: sku.to_string(), sku, price: eur(100), version: 1 });
                    }
                    (None, _) => quotes.missing.push(MissingProduct { sku, why: "unknown".into() }),
                }
            }
            Ok(quotes)
        });
        Self { service }
    }

    /// The cart service answers with this cart.
    pub(crate) fn has_cart(&self, cart: CartView) {
        self.service.stub(move |asked: GetCart| {
            if asked.cart == cart.cart {
                Ok(cart.clone())
            } else {
                Err(Error::not_found("unknown_cart", "there is no cart"))
            }
        });
    }

    /// Places an order of two blue mugs: 25.80 EUR.
    pub(crate) async fn places_two_mugs(&self) -> OrderView {
        self.places(&[("mug-blue", 2)]).await
    }

    pub(crate) async fn places(&self, lines: &[(&str, i64)]) -> OrderView {
        self.service.ask(&wish(lines)).await.unwrap()
    }

    /// Places an order whose stock is held.
    pub(crate) async fn reserved_order(&self) -> OrderView {
        let order = self.places_two_mugs().await;
        self.reserves(&order);
        self.order(&order).await
    }

    /// Places an order that is paid.
    pub(crate) async fn confirmed_order(&self) -> OrderView {
        let order = self.reserved_order().await;
        self.captures(&order);
        self.order(&order).await
    }

    pub(crate) async fn order(&self, order: &OrderView) -> OrderView {
        self.service.ask(&GetOrder { order: order.order }).await.unwrap()
    }

    pub(crate) async fn stage_of(&self, order: &OrderView) -> Stage {
        self.order(order).await.stage
    }

    pub(crate) async fn history(&self, order: &OrderView) -> Vec<OrderMove> {
        self.service.ask(&GetHistory { order: order.order }).await.unwrap().moves
    }

    /// The causes of every move, in order.
    pub(crate) async fn causes(&self, order: &OrderView) -> Vec<String> {
        self.history(order).await.into_iter().map(|entry| entry.cause).collect()
    }

    pub(crate) async fn cancels(&self, order: &OrderView) -> Result<OrderView> {
        self.service.ask(&CancelOrder { order: order.order, reason: "changed my mind".into() }).await
    }

    pub(crate) async fn refunds(&self, order: &OrderView, cents: Option<i64>) -> Result<OrderView> {
        let reason = "broken on arrival".into();
        self.service.ask(&RefundOrder { order: order.order, amount: cents.map(eur), reason }).await
    }

    /// Somebody orders a pen, at a time of its own.
    pub(crate) async fn places_by(&self, caller: &Caller) -> OrderView {
        self.waits(Duration::from_millis(1)).await;
        self.service.ask_by(caller, &wish(&[("pen", 1)])).await.unwrap()
    }

    pub(crate) fn hears<E: Event>(&self, event: &E) {
        self.service.hear(event);
    }

    pub(crate) fn reserves(&self, order: &OrderView) {
        self.hears(&StockReserved { order: order.order, ..StockReserved::example() });
    }

    pub(crate) fn refuses(&self, order: &OrderView, short: &[(&str, i64, u64)]) {
        let line = |(sku, asked, available): &(&str, i64, u64)| ShortLine {
            sku: sku.parse().unwrap(),
            asked: (*asked).try_into().unwrap(),
            available: *available,
        };
        self.hears(&StockRefused { order: order.order, short: short.iter().map(line).collect() });
    }

    pub(crate) fn hold_expires(&self, order: &OrderView) {
        self.hears(&HoldExpired { order: order.order, ..HoldExpired::example() });
    }

    pub(crate) fn captures(&self, order: &OrderView) {
        self.hears(&PaymentCaptured {
            order: order.order,
            payment: PaymentId::example(),
            amount: order.total,
        });
    }

    pub(crate) fn declines(&self, order: &OrderView) {
        self.hears(&PaymentDeclined {
            order: order.order,
            payment: PaymentId::example(),
            code: "insufficient_funds".into(),
            message: "the card was declined: insufficient funds".into(),
        });
    }

    pub(crate) fn outcome_is_unknown(&self, order: &OrderView) {
        self.hears(&PaymentOutcomeUnknown { order: order.order, ..PaymentOutcomeUnknown::example() });
    }

    pub(crate) fn outcome_is_given_up(&self, order: &OrderView) {
        self.hears(&PaymentOutcomeUnknown {
            order: order.order,
            given_up: true,
            ..PaymentOutcomeUnknown::example()
        });
    }

    pub(crate) fn gives_back(&self, due: &RefundDue) {
        let RefundDue { order, payment, refund, amount, .. } = due.clone();
        self.hears(&PaymentRefunded { order, payment, refund, amount });
    }

    pub(crate) fn fails_to_give_back(&self, due: &RefundDue) {
        let RefundDue { order, payment, refund, amount, .. } = due.clone();
        self.hears(&PaymentRefundFailed {
            order,
            payment,
            refund,
            amount,
            message: "the account is closed".into(),
            maybe_done: false,
        });
    }

    pub(crate) fn loses_track_of(&self, due: &RefundDue) {
        let RefundDue { order, payment, refund, amount, .. } = due.clone();
        let message = "no answer within 2 s".into();
        self.hears(&PaymentRefundFailed { order, payment, refund, amount, message, maybe_done: true });
    }

    /// Every refund that was asked of the payment service, in order.
    pub(crate) fn refunds_due(&self) -> Vec<RefundDue> {
        self.service.told_of()
    }

    pub(crate) fn refund_due(&self) -> RefundDue {
        self.refunds_due().pop().expect("a refund that is due")
    }

    /// What was told, without `events.order.`.
    pub(crate) fn told(&self) -> Vec<String> {
        self.service.told().iter().map(|subject| subject.replace("events.order.", "")).collect()
    }

    pub(crate) async fn waits(&self, time: Duration) {
        self.service.advance(time).await;
    }

    pub(crate) fn nothing_is_dead(&self) {
        assert_eq!(self.service.dead_letters(), []);
    }

    /// The only thing that could not be believed.
    pub(crate) fn dead_reason(&self) -> String {
        let letters = self.service.dead_letters();
        assert_eq!(letters.len(), 1, "{letters:?}");
        letters[0].reason.clone()
    }
}

pub(crate) fn eur(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap()
}

pub(crate) fn sku(text: &str) -> Sku {
    text.parse().unwrap()
}

pub(crate) fn line(text: &str, pieces: i64) -> LineRequest {
    LineRequest { sku: sku(text), quantity: pieces.try_into().unwrap(), unit_price: None }
}

/// What a buyer sends to order some lines.
pub(crate) fn wish(lines: &[(&str, i64)]) -> PlaceOrder {
    PlaceOrder {
        lines: lines.iter().map(|(sku, pieces)| line(sku, *pieces)).collect(),
        ..PlaceOrder::example()
    }
}

/// What a buyer sends to order a cart.
pub(crate) fn wish_for_cart(cart: CartId) -> PlaceOrder {
    PlaceOrder { cart: Some(cart), lines: vec![], ..PlaceOrder::example() }
}

/// A cart at version 3 with one mug and two pens, at the prices it was added at.
pub(crate) fn cart() -> CartView {
    let line = |(sku, name, cents): (&str, &str, i64), pieces: i64| CartLine {
        sku: sku.parse().unwrap(),
        name: name.into(),
        quantity: pieces.try_into().unwrap(),
        unit_price: eur(cents),
        unit_price_when_added: eur(cents),
        price_changed: false,
        available: true,
    };
    CartView {
        version: 3,
        lines: vec![line(CATALOG[0], 1), line(CATALOG[2], 2)],
        total: Some(eur(1488)),
        ..CartView::example()
    }
}

pub(crate) fn another_refund() -> RefundId {
    "rfd_01h455vb4pex5vsknk084sn02q".parse().unwrap()
}

pub(crate) fn unknown_order() -> OrderId {
    OrderId::example()
}

/// The numbers of two customers.
pub(crate) const ANN: &str = "cus_01h455vb4pex5vsknk084sn02q";
pub(crate) const BEN: &str = "cus_01h455vb4pex5vsknk084sn02r";

/// Everybody who may have orders: two customers, two guests, and the shop itself.
pub(crate) fn everybody() -> [Caller; 5] {
    [customer(ANN), customer(BEN), guest("one"), guest("two"), operator()]
}
