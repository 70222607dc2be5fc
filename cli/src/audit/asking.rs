//! The questions of the audit, page by page.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use cli::books::{OrderFile, Told, notices};
use contracts::OrderId;
use contracts::inventory::{AuditStock, HoldPage, HoldView, ListHolds, StockAudit};
use contracts::notification::{ListNotifications, NotificationPage};
use contracts::order::{CountOrders, GetOrder, ListOrders, OrderPage, OrderView};
use contracts::payment::{AuditPayments, ListPayments, PaymentAudit, PaymentPage, PaymentView};
use futures_util::future::join_all;
use kit::admin::GetHealth;
use kit::client::{ConsumerState, StreamState};
use kit::limits::PAGE_MAX;
use kit::message::{Request, owner};
use kit::vitals::Health;
use kit::{Call, Client, Kind};

use crate::stack::services;
use crate::stream::verify;

/// Who is asked, and how long an answer may take.
pub(super) struct Asking {
    client: Client,
    wait: Duration,
    /// Who did not answer, with why: nobody is waited for twice.
    silent: Mutex<BTreeMap<String, kit::Error>>,
}

impl Asking {
    pub(super) fn new(client: Client, wait: Duration) -> Self {
        Self { client, wait, silent: Mutex::default() }
    }

    /// Asks every service how it is, all at once, so that those who hang are known after one wait. Answers which
    /// services the shop has.
    pub(super) async fn find_silent(&self) -> Vec<&'static str> {
        let all = services::of(&self.client, self.wait).await;
        join_all(all.iter().map(|service| self.health(service))).await;
        all
    }

    async fn ask<R: Request>(&self, request: &R) -> kit::Result<R::Reply> {
        let call = Call { timeout: self.wait, ..Call::default() };
        self.unless_silent(owner(R::SUBJECT), self.client.call(request, call)).await
    }

    /// Waits for the answer of a service, unless it was waited for in vain before.
    async fn unless_silent<T>(
        &self,
        service: &str,
        answer: impl Future<Output = kit::Result<T>>,
    ) -> kit::Result<T> {
        let known = self.silent.lock().ok().and_then(|silent| silent.get(service).cloned());
        if let Some(error) = known {
            return Err(error);
        }
        let answer = answer.await;
        if let Err(error) = &answer
            && matches!(error.kind, Kind::TimedOut | Kind::Unavailable)
            && let Ok(mut silent) = self.silent.lock()
        {
            silent.insert(service.to_owned(), error.clone());
        }
        answer
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

    /// Payments beside what the provider has of them.
    pub(super) async fn provided(&self, after: Option<String>) -> kit::Result<PaymentAudit> {
        self.ask(&AuditPayments { after, limit: Some(PAGE_MAX) }).await
    }

    /// Messages to people, the newest first.
    pub(super) async fn notices(&self, after: Option<String>) -> kit::Result<NotificationPage> {
        self.ask(&ListNotifications { after, limit: Some(PAGE_MAX), ..ListNotifications::default() }).await
    }

    /// Whether the buyer of an order was written to. None: notification has not heard of everything yet.
    pub(super) async fn is_written_of(&self, order: OrderId) -> kit::Result<Option<bool>> {
        let hearers = self.hearers("ORDER").await?;
        let notification = hearers.iter().find(|hearer| hearer.name == "notification");
        let behind = notification.is_none_or(|hearer| hearer.pending > 0 || hearer.unacknowledged > 0);
        let asked =
            ListNotifications { order: Some(order), limit: Some(PAGE_MAX), ..ListNotifications::default() };
        let written = self.ask(&asked).await?.items.iter().any(|notice| notice.happening == notices::SALE);
        Ok((written || !behind).then_some(written))
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
        let subject = format!("{service}.health");
        self.unless_silent(service, self.client.call_as(&subject, &GetHealth {}, call)).await
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

    /// Every row of an outbox with the message of its number.
    pub(super) async fn compare(&self, stream: &str, service: &str) -> kit::Result<verify::Report> {
        self.unless_silent(service, verify::verify(&self.client, (stream, service), self.wait, |_| ())).await
    }
}
