//! Whether the books balance: what every test of the whole shop may ask at its end. The rules are those of
//! `shopctl audit`, in `cli::books`.

use std::collections::BTreeMap;
use std::path::Path;

use cli::books::{Fault, OrderFile, provider, stock, whole};
use contracts::inventory::{AuditStock, HoldView, ListHolds, ListStock, StockSums, StockView};
use contracts::order::{ListOrders, OrderView, RefundState};
use contracts::payment::{AuditPayments, ListPayments, PaymentState, PaymentView};
use contracts::{OrderId, Sku};

use crate::{Counter, NAMES};

/// Everything the shop says of itself once it is quiet.
#[derive(Default)]
pub struct Books {
    /// Every order.
    pub orders: BTreeMap<OrderId, OrderView>,
    /// Every payment, by its order.
    pub payments: BTreeMap<OrderId, PaymentView>,
    /// Every hold, by its order, whatever became of it.
    pub holds: BTreeMap<OrderId, HoldView>,
    /// All stock.
    pub stock: BTreeMap<Sku, StockView>,
}

impl Counter {
    /// Reads the books, page by page.
    pub async fn books(&self) -> Books {
        let mut books = Books::default();
        let mut orders = ListOrders { limit: Some(200), ..ListOrders::default() };
        loop {
            let page = self.client().ask(&orders).await.expect("a page of orders");
            let of = page.items.iter().map(|order| order.order).collect();
            books.orders.extend(page.items.into_iter().map(|order| (order.order, order)));
            let holds = ListHolds { orders: of, limit: Some(200), ..ListHolds::default() };
            let page_of_holds = self.client().ask(&holds).await.expect("holds");
            assert_eq!(page_of_holds.next, None, "tests have no orders of very many lines");
            books.holds.extend(page_of_holds.items.into_iter().map(|hold| (hold.order, hold)));
            orders.after = page.next;
            if orders.after.is_none() {
                break;
            }
        }
        let mut payments = ListPayments { limit: Some(200), ..ListPayments::default() };
        loop {
            let page = self.client().ask(&payments).await.expect("a page of payments");
            for payment in page.items {
                let again = books.payments.insert(payment.order, payment);
                assert!(again.is_none(), "two payments for one order: {again:?}");
            }
            payments.after = page.next;
            if payments.after.is_none() {
                break;
            }
        }
        let mut stock = ListStock { limit: Some(200), ..ListStock::default() };
        loop {
            let page = self.client().ask(&stock).await.expect("a page of stock");
            books.stock.extend(page.items.into_iter().map(|line| (line.sku.clone(), line)));
            stock.after = page.next;
            if stock.after.is_none() {
                break;
            }
        }
        books
    }

    /// Waits until the shop is quiet, and checks that its books balance, given what was received
    /// of the products that are looked at.
    pub async fn balances(&self, received: &[(&str, u64)]) -> Books {
        self.until_quiet().await;
        for name in NAMES {
            let health = self.health(name).await.expect("health");
            assert_eq!(
                (health.dead_letters, health.parked, health.effects_given_up),
                (0, 0, 0),
                "{name}: {health:?}"
            );
        }
        let books = self.books().await;
        books.orders_agree();
        let sums = self.sums().await;
        assert_eq!(sums.values().flat_map(stock::faults).collect::<Vec<_>>(), []);
        for (sku, pieces) in received {
            let pieces = i64::try_from(*pieces).expect("a number of pieces");
            assert_eq!(stock::came_in(&sums[&crate::sku_of(sku)], pieces), None);
        }
        self.provider_agrees().await;
        books
    }

    /// What the stock of each product is and should be.
    async fn sums(&self) -> BTreeMap<Sku, StockSums> {
        let mut sums = BTreeMap::new();
        let mut asked = AuditStock { limit: Some(200), ..AuditStock::default() };
        loop {
            let page = self.client().ask(&asked).await.expect("sums of the ledger");
            sums.extend(page.items.into_iter().map(|sums| (sums.sku.clone(), sums)));
            asked.after = page.next;
            if asked.after.is_none() {
                return sums;
            }
        }
    }

    /// Every payment is what the provider took and gave back, by its own ledger.
    async fn provider_agrees(&self) {
        let mut asked = AuditPayments { limit: Some(200), ..AuditPayments::default() };
        loop {
            let page = self.client().ask(&asked).await.expect("payments beside the provider's figures");
            assert_eq!(page.items.iter().flat_map(provider::of_payment).collect::<Vec<_>>(), []);
            asked.after = page.next;
            if asked.after.is_none() {
                return;
            }
        }
    }
}

/// Everything that is wrong with what the databases of a quiet shop say, by every rule there is.
pub fn faults_of_files(data: &Path) -> Vec<Fault> {
    let mut services = crate::tables_of_contents();
    // Most shops of tests have no devices.
    services.retain(|service| {
        !contracts::OF_DEVICES.contains(&service.name())
            || data.join(format!("{}.db", service.name())).exists()
    });
    let all = ledgers::of_files(data, &services, kit::Client::now(), true).expect("databases to read");
    whole::faults(&all)
}

impl Books {
    /// Every order agrees with its payment and its hold, by the rules of `shopctl audit`; and as the
    /// shop is quiet, no money is on its way back and no outcome is unknown.
    pub fn orders_agree(&self) {
        for order in self.orders.values() {
            let payment = self.payments.get(&order.order);
            let payments = payment.cloned().into_iter().collect();
            let hold = self.holds.get(&order.order).cloned();
            let file = OrderFile { order: order.clone(), payments, hold };
            assert_eq!(file.faults(), [], "{file:#?}");
            let pending = order.refunds.iter().any(|refund| refund.state == RefundState::Pending);
            assert!(!pending, "a refund is still pending: {order:#?}");
            assert!(payment.is_none_or(|payment| payment.state != PaymentState::Unknown), "{payment:#?}");
        }
    }
}
