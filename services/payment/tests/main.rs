//! The payment service on a scratch database, with the built-in provider as its outside world.

#![expect(clippy::unwrap_used, reason = "what a test is sure of, it unwraps")]

mod auditing;
mod bad_input;
mod cancelling;
mod charging;
mod clock;
mod provider;
mod reconciling;
mod refunding;
mod showing;

use std::sync::Arc;
use std::time::Duration;

use contracts::order::{OrderCancelled, PaymentDue, RefundDue};
use contracts::payment::{GetPayment, PaymentView};
use contracts::{Currency, Money, OrderId, RefundId};
use kit::Example;
use kit::id::Id;
use kit::testing::Scratch;
use payment::audit::{Figures, differences, provider_figures};

/// The service, with what its tests say in the words of the shop.
struct Shop(Scratch);

impl std::ops::Deref for Shop {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.0
    }
}

impl Shop {
    fn open() -> Self {
        Self(Scratch::of(payment::service()))
    }

    /// The service with a provider behind a line of its own.
    fn through(line: &Arc<provider::Line>) -> Self {
        Self(Scratch::of(payment::service_with(Arc::clone(line) as _)))
    }

    /// Hears that the payment of an order of 12.90 EUR is due.
    fn due(&self, order: OrderId, method: &str) {
        self.hear(&due(order, method));
    }

    fn cancelled(&self, order: OrderId) {
        self.hear(&OrderCancelled { order, ..OrderCancelled::example() });
    }

    /// Hears that money has to be given back.
    async fn refund(&self, order: OrderId, refund: RefundId, cents: i64) {
        let payment = self.payment_of(order).await.payment;
        self.hear(&RefundDue { order, payment, refund, amount: euro(cents), reason: String::new() });
    }

    /// An order that is paid with 12.90 EUR.
    async fn paid(&self, method: &str) -> OrderId {
        let order = order(1);
        self.due(order, method);
        self.work().await;
        assert_eq!(self.payment_of(order).await.captured, euro(1290));
        order
    }

    async fn payment_of(&self, order: OrderId) -> PaymentView {
        self.ask(&GetPayment { payment: None, order: Some(order) }).await.unwrap()
    }

    /// Tries and waits until nothing is left to try.
    async fn work_it_off(&self) {
        for _ in 0..30 {
            self.work().await;
            self.advance(Duration::from_secs(31)).await;
        }
    }

    /// What the provider has in its own books for an order.
    fn provider_has(&self, order: OrderId) -> Figures {
        self.sql(|sql| provider_figures(sql, order)).unwrap()
    }

    fn books_agree(&self) {
        assert_eq!(self.sql(|sql| differences(sql, 100)).unwrap(), []);
        assert_eq!(self.dead_letters(), []);
    }
}

fn due(order: OrderId, method: &str) -> PaymentDue {
    PaymentDue { order, amount: euro(1290), payment_method: method.into(), ..PaymentDue::example() }
}

fn order(number: u128) -> OrderId {
    OrderId::from_bits(number)
}

fn refund(number: u128) -> RefundId {
    RefundId::from_bits(number)
}

fn euro(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).unwrap()
}

/// One charge of 12.90 EUR, nothing given back.
const CHARGED_ONCE: Figures = Figures { charges: 1, charged: 1290, refunds: 0, refunded: 0 };
const NOT_CHARGED: Figures = Figures { charges: 0, charged: 0, refunds: 0, refunded: 0 };
