//! The questions of the audit, page by page.

use std::time::Duration;

use cli::books::{OrderFile, Told};
use contracts::OrderId;
use contracts::inventory::{AuditStock, HoldPage, HoldView, ListHolds, StockAudit};
use contracts::order::{CountOrders, GetOrder, ListOrders, OrderPage, OrderView};
use contracts::payment::{ListPayments, PaymentPage, PaymentView};
use kit::admin::GetHealth;
use kit::client::{ConsumerState, StreamState};
use kit::limits::PAGE_MAX;
use kit::message::Request;
use kit::vitals::Health;
use kit::{Call, Client, Kind};

/// Who is asked, and how long an answer may take.
pub(super) struct Asking {
    client: Client,
    wait: Duration,
}

impl Asking {
    pub(super) fn new(client: Client, wait: Duration) -> Self {
        Self { client, wait }
    }

    async fn ask<R: Request>(&self, request: &R) -> kit::Result<R::Reply> {
        self.client.call(request, Call { timeout: self.wait, ..Call::default() }).await
    }

    pub(super) async fn count_orders(&self) -> kit::Result<u64> {
        Ok(self.ask(&CountOrders {}).await?.stages.values().sum())
    }

    pub(super) async fn sums(&self, after: Option<String>) -> kit::Result<StockAudit> {
        self.ask(&AuditStock { after, limit: Some(PAGE_MAX) }).await
    }

    pub(super) async fn orders(&self, asked: &ListOrders) -> kit::Result<OrderPage> {
        self.ask(asked).await
    }

    pub(super) async fn payments(&self, after: Option<String>) -> kit::Result<PaymentPage> {
        self.ask(&ListPayments { after, limit: Some(PAGE_MAX), ..ListPayments::default() }).await
    }

    pub(super) async fn live_holds(&self, after: Option<String>) -> kit::Result<HoldPage> {
        self.ask(&ListHolds { after, limit: Some(PAGE_MAX), ..ListHolds::default() }).await
    }

    /// The order; none if there is none of this number.
    pub(super) async fn order(&self, order: OrderId) -> kit::Result<Option<OrderView>> {
        match self.ask(&GetOrder { order }).await {
            Ok(order) => Ok(Some(order)),
            Err(error) if error.kind == Kind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The payments of some orders.
    pub(super) async fn payments_of(&self, orders: &[OrderId]) -> kit::Result<Vec<PaymentView>> {
        let mut asked =
            ListPayments { orders: orders.to_vec(), limit: Some(PAGE_MAX), ..ListPayments::default() };
        let mut found = Vec::new();
        loop {
            let page = self.ask(&asked).await?;
            found.extend(page.items);
            asked.after = page.next;
            if asked.after.is_none() {
                return Ok(found);
            }
        }
    }

    /// The holds of some orders, whatever became of them.
    pub(super) async fn holds_of(&self, orders: &[OrderId]) -> kit::Result<Vec<HoldView>> {
        let mut asked = ListHolds { orders: orders.to_vec(), limit: Some(PAGE_MAX), ..ListHolds::default() };
        let mut found = Vec::new();
        loop {
            let page = self.ask(&asked).await?;
            found.extend(page.items);
            asked.after = page.next;
            if asked.after.is_none() {
                return Ok(found);
            }
        }
    }

    /// What all three say of an order.
    pub(super) async fn file(&self, order: OrderId) -> kit::Result<Option<OrderFile>> {
        let Some(view) = self.order(order).await? else { return Ok(None) };
        let payments = self.payments_of(&[order]).await?;
        let hold = self.holds_of(&[order]).await?.pop();
        Ok(Some(OrderFile { order: view, payments, hold }))
    }

    pub(super) async fn health(&self, service: &str) -> kit::Result<Health> {
        let call = Call { timeout: self.wait, ..Call::default() };
        self.client.call_as(&format!("{service}.health"), &GetHealth {}, call).await
    }

    pub(super) async fn streams(&self) -> kit::Result<Vec<StreamState>> {
        self.client.streams().await
    }

    pub(super) async fn hearers(&self, stream: &str) -> kit::Result<Vec<ConsumerState>> {
        self.client.consumers(stream).await
    }

    /// What a service told, and what of it is in its stream. The service is asked first: its stream
    /// may know more by then, never less.
    pub(super) async fn told(&self, service: &str) -> kit::Result<Told> {
        let health = self.health(service).await?;
        let name = service.to_uppercase();
        let stream = self.streams().await?.into_iter().find(|stream| stream.name == name);
        Ok(Told { health, stream })
    }
}
