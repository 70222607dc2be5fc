//! Buying, and waiting for how it ends.

use contracts::order::{GetOrder, LineRequest, OrderView, PlaceOrder, Stage};
use contracts::{OrderId, Quantity};
use kit::testing::eventually;
use kit::{Call, Result};

use crate::{Counter, sku_of};

/// A card that pays.
pub const GOOD_CARD: &str = "pm_card_visa";
/// A card that is declined.
pub const DECLINED_CARD: &str = "pm_card_visa_chargeDeclinedInsufficientFunds";

/// A request for some pieces of some products, paid with a good card.
pub fn order_of(items: &[(&str, i64)]) -> PlaceOrder {
    let lines = items
        .iter()
        .map(|(sku, pieces)| LineRequest {
            sku: sku_of(sku),
            quantity: Quantity::try_from(*pieces).expect("a quantity"),
            unit_price: None,
        })
        .collect();
    PlaceOrder {
        cart: None,
        cart_version: None,
        lines,
        accept_prices: false,
        customer: None,
        email: Some("ann@example.org".parse().expect("an address")),
        payment_method: GOOD_CARD.into(),
    }
}

impl Counter {
    /// Places an order, as a customer would.
    ///
    /// # Errors
    /// What the shop says.
    pub async fn places(&self, request: &PlaceOrder) -> Result<OrderView> {
        self.client().ask(request).await
    }

    /// Places an order of some pieces of one product, and keeps asking while the shop cannot
    /// answer: under the same key, so that it is ordered once.
    pub async fn insists_on(&self, request: &PlaceOrder, key: &str) -> Result<OrderView> {
        eventually("an answer to an order", || async {
            let call = Call { key: Some(key.to_owned()), ..Call::default() };
            match self.client().call(request, call).await {
                Err(error) if error.kind.is_retryable() => None,
                answer => Some(answer),
            }
        })
        .await
    }

    /// Shows an order.
    pub async fn order(&self, order: OrderId) -> OrderView {
        eventually("the order is shown", || async { self.client().ask(&GetOrder { order }).await.ok() }).await
    }

    /// Waits until an order waits for nobody any more.
    pub async fn settles(&self, order: OrderId) -> OrderView {
        eventually(&format!("{order} settles"), || async {
            let view = self.client().ask(&GetOrder { order }).await.ok()?;
            view.stage.is_settled().then_some(view)
        })
        .await
    }

    /// Waits until an order is at a stage.
    pub async fn reaches(&self, order: OrderId, stage: Stage) -> OrderView {
        eventually(&format!("{order} is {stage}"), || async {
            let view = self.client().ask(&GetOrder { order }).await.ok()?;
            (view.stage == stage).then_some(view)
        })
        .await
    }
}
