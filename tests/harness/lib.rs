//! A whole shop for tests: every service, a broker of its own, and verbs in the words of the shop.
//!
//! # Layout
//! - [`Shop`]: the services in this process; [`shared`] for tests that only buy and sell
//! - [`processes`]: the services as processes, for tests that kill them; [`small_disk`]: a disk that can be filled
//! - [`customer`]: buying, and waiting for how it ends; [`people`]: accounts, guests, what they hold
//! - [`flow`]: everything that can become of an order, insisted on; [`walk`]: over the crash points meanwhile
//! - [`devices`]: the services of devices, which only a shop has that asks for them
//! - [`commands`]: `shopctl` about the shop of a test
//! - [`page`]: the reference part of `subjects.md`
//! - [`quiet`]: waiting until nothing moves; [`audit`]: whether the books balance
//! - [`power`]: a power cut, which leaves what was synced
//! - [`chaos`]: breaking the processes by a schedule; [`proxy`]: a line to the broker that can be bad

pub mod audit;
pub mod chaos;
pub mod commands;
pub mod customer;
pub mod devices;
pub mod flow;
pub mod page;
pub mod people;
pub mod power;
pub mod processes;
pub mod proxy;
pub mod quiet;
pub mod small_disk;
pub mod walk;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use contracts::catalog::{ProductView, PutProduct};
use contracts::inventory::{GetStock, ReceiveStock, StockView};
use contracts::{Currency, Money, Sku};
use kit::runtime::{Running, run};
use kit::testing::{Broker, eventually};
use kit::{Call, Client, Link, Service, Voice};
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Every service of the shop, as `shopd all` has them, in the order of an order's life.
pub fn services(data: &Path, keeper: Link) -> Vec<Service> {
    let mail = notification::Settings::files_in(data);
    vec![
        kit::streams::service(keeper, contracts::shop().peers),
        auth::service(),
        catalog::service(),
        cart::service(),
        order::service(),
        inventory::service(),
        payment::service(),
        notification::service(mail),
        analytics::service(),
    ]
}

/// All of them, only to read what each can do: they reach no broker.
pub fn tables_of_contents() -> Vec<Service> {
    let nowhere = Link { url: String::new(), name: String::new(), identity: None, ca: None };
    let mut all = services(Path::new("unused"), nowhere);
    all.extend(devices::tables_of_contents());
    all
}

/// The names of the services that every shop has.
pub const NAMES: [&str; 9] =
    ["streams", "auth", "catalog", "cart", "order", "inventory", "payment", "notification", "analytics"];

/// The names of the services through which readings go.
pub const READING_NAMES: [&str; 2] = ["ingest", "telemetry"];

/// A shop whose services run in this process, on threads of their own.
pub struct Shop {
    broker: Broker,
    running: BTreeMap<&'static str, Running>,
    runtime: Option<Runtime>,
}

/// The shop of this test binary, for tests that share it: each sells its own products.
pub fn shared() -> &'static Shop {
    static SHOP: OnceLock<Shop> = OnceLock::new();
    SHOP.get_or_init(Shop::open)
}

impl Shop {
    /// Opens a shop of one's own.
    pub fn open() -> Self {
        Self::open_on(Broker::start(contracts::shop()), Vec::new())
    }

    /// Opens a shop on a broker, with further services.
    fn open_on(broker: Broker, further: Vec<Service>) -> Self {
        let folder = broker.folder().join("data");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let options = broker.options(&folder);
        let _on_it = runtime.enter();
        let running = services(&folder, broker.link_of(kit::streams::NAME))
            .into_iter()
            .chain(further)
            .map(|service| (service.name(), run(service, options.clone(), CancellationToken::new())))
            .collect();
        drop(_on_it);
        Self { broker, running, runtime: Some(runtime) }
    }

    /// The broker.
    pub fn broker(&mut self) -> &mut Broker {
        &mut self.broker
    }

    /// The broker, to look at or to connect to.
    pub fn lent_broker(&self) -> &Broker {
        &self.broker
    }

    /// The folder of the databases, and of the mails.
    pub fn data(&self) -> PathBuf {
        self.broker.folder().join("data")
    }

    /// Tells one service to finish, and waits.
    pub async fn stop(&mut self, name: &str) {
        let running = self.running.remove(name).expect("a running service");
        running.stop().await.unwrap_or_else(|error| panic!("{name} did not end in order: {error}"));
    }

    /// A way to ask the shop, as the operator.
    pub async fn counter(&self) -> Counter {
        let counter = Counter { client: Arc::new(self.broker.client().await) };
        counter.until_open().await;
        counter
    }

    /// Tells every service to finish, and waits.
    pub async fn close(mut self) {
        for (name, running) in std::mem::take(&mut self.running) {
            running.stop().await.unwrap_or_else(|error| panic!("{name} did not end in order: {error}"));
        }
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Where one asks the shop.
#[derive(Clone)]
pub struct Counter {
    client: Arc<Client>,
}

impl Counter {
    /// A counter on a connection.
    pub fn on(client: Client) -> Self {
        Self { client: Arc::new(client) }
    }

    /// The same counter, where somebody else stands.
    #[must_use]
    pub fn for_one_who(&self, voice: Voice) -> Self {
        Self { client: Arc::new(self.client.speaking(voice)) }
    }

    /// The connection.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Waits until every service answers.
    pub async fn until_open(&self) {
        for name in NAMES {
            eventually(&format!("{name} answers"), || async { self.health(name).await }).await;
        }
    }

    /// How a service is doing; none if it does not answer.
    pub async fn health(&self, service: &str) -> Option<kit::vitals::Health> {
        self.client.call_as(&format!("{service}.health"), &serde_json::json!({}), Call::default()).await.ok()
    }

    /// Sells a product at a price in cents, with so many pieces in stock.
    pub async fn sells(&self, sku: &str, cents: i64, pieces: u64) -> ProductView {
        let product = self.prices(sku, cents).await;
        if pieces > 0 {
            self.receives(sku, pieces).await;
        }
        product
    }

    /// Sets the price of a product, which may be new.
    pub async fn prices(&self, sku: &str, cents: i64) -> ProductView {
        let put = PutProduct {
            sku: sku_of(sku),
            name: format!("The {sku}"),
            description: String::new(),
            category: "Tests".into(),
            price: euros(cents),
            expected_version: None,
        };
        self.client.ask(&put).await.expect("a product")
    }

    /// Puts pieces into stock.
    pub async fn receives(&self, sku: &str, pieces: u64) -> StockView {
        let receive = ReceiveStock { sku: sku_of(sku), quantity: pieces, reason: "test delivery".into() };
        self.client.ask(&receive).await.expect("stock")
    }

    /// The stock of a product.
    pub async fn stock_of(&self, sku: &str) -> StockView {
        self.client.ask(&GetStock { sku: sku_of(sku) }).await.expect("stock")
    }
}

/// An article number that a test wrote.
pub fn sku_of(text: &str) -> Sku {
    text.parse().expect("a sku")
}

/// So many cents.
pub fn euros(cents: i64) -> Money {
    Money::new(cents, Currency::EUR).expect("an amount")
}
