//! A broker, ingest and telemetry as processes, and devices that say something and wait until it is stored.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::DeviceId;
use contracts::ingest::{Counts, GetCounts, GetRange, READINGS_MAX};
use contracts::readings::{Site, subject};
use contracts::telemetry::{GetSummary, Summary};
use kit::access::Position;
use kit::id::Id;
use kit::testing::eventually;
use kit::{Client, Timestamp};
use tests::Counter;
use tests::processes::ProcessShop;

/// The services of devices that read what those say.
const DEVICE_NAMES: [&str; 2] = ["ingest", "telemetry"];

/// The processes, and the operator's counter.
pub(crate) struct House {
    pub(crate) shop: ProcessShop,
    pub(crate) counter: Counter,
    services: Vec<&'static str>,
}

impl House {
    /// Opens with so many devices, numbered from 1 on.
    pub(crate) async fn open(devices: u128) -> Self {
        Self::open_on(ProcessShop::closed(), devices, &DEVICE_NAMES).await
    }

    /// The same with processes, of which these services are started.
    pub(crate) async fn open_on(mut shop: ProcessShop, devices: u128, services: &[&'static str]) -> Self {
        for device in 1..=devices {
            shop.broker().keys().add(&id(device).to_string(), Position::Device);
        }
        shop.broker().reload();
        for name in ["streams", "auth"].iter().chain(services) {
            shop.start(name);
        }
        let counter = Counter::on(shop.lent_broker().client().await);
        let house = Self { shop, counter, services: services.to_vec() };
        house.until_open().await;
        house
    }

    /// Waits until the services answer, and messages are stored.
    pub(crate) async fn until_open(&self) {
        for name in &self.services {
            eventually(&format!("{name} answers"), || async { self.counter.health(name).await }).await;
        }
        eventually("ingest drains", || async {
            let health = self.counter.health("ingest").await?;
            (health.parts.get("READINGS").map(String::as_str) == Some("ok")).then_some(())
        })
        .await;
    }

    /// A connection of a device.
    pub(crate) async fn device(&self, device: u128) -> Device {
        let client = self.shop.lent_broker().client_of(&id(device).to_string()).await;
        let site: Site = "seattle".parse().unwrap();
        Device { client, subject: subject(&site, id(device)) }
    }

    pub(crate) async fn counts(&self) -> Option<Counts> {
        self.counter.client().ask(&GetCounts::default()).await.ok()
    }

    /// Waits until so many readings are accepted, and answers what became of all.
    pub(crate) async fn until_accepted(&self, readings: u64) -> Counts {
        eventually(&format!("{readings} readings are accepted"), || async {
            self.counts().await.filter(|counts| counts.total.accepted >= readings)
        })
        .await
    }

    /// Every reading of a device, by its time.
    async fn readings_of(&self, device: DeviceId) -> BTreeMap<i64, f64> {
        let (mut all, mut after) = (BTreeMap::new(), None);
        loop {
            let asked = GetRange {
                device,
                metric: "t".parse().unwrap(),
                from: Timestamp::MIN,
                to: Timestamp::MAX,
                limit: Some(READINGS_MAX),
                after,
            };
            let page = self.counter.client().ask(&asked).await.unwrap();
            all.extend(page.readings.into_iter().map(|reading| (reading.time, reading.value)));
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    /// What the readings of a device of some days come to.
    async fn summary_of(&self, device: DeviceId) -> Option<Summary> {
        let (from, to) =
            (Client::now() - Duration::from_secs(90 * 86_400), Client::now() + Duration::from_secs(86_400));
        self.counter.client().ask(&GetSummary { device, from, to }).await.ok()
    }

    /// Waits until exactly these readings of a device are recorded, and telemetry has counted each once.
    pub(crate) async fn has_exactly(&self, device: DeviceId, expected: &BTreeMap<i64, f64>) {
        eventually(&format!("{} readings of {device}", expected.len()), || async {
            (self.readings_of(device).await.len() >= expected.len()).then_some(())
        })
        .await;
        assert_eq!(self.readings_of(device).await, *expected);
        let figures = eventually("telemetry has counted all", || async {
            let figures = self.summary_of(device).await?.metrics.first()?.figures;
            (figures.count >= expected.len() as u64).then_some(figures)
        })
        .await;
        assert_eq!(figures.count, expected.len() as u64, "each counts once");
        let mean = expected.values().sum::<f64>() / expected.len() as f64;
        assert!((figures.mean - mean).abs() < 1e-9, "{figures:?} {mean}");
        assert_eq!(Some(&figures.last), expected.values().last());
    }
}

/// A device at the broker.
pub(crate) struct Device {
    client: Client,
    subject: String,
}

impl Device {
    /// Says something again and again until the broker says that it is stored.
    pub(crate) async fn says(&self, body: &str) {
        eventually("the broker stores what a device says", || async {
            let asked = self.client.nats().request(self.subject.clone(), body.to_owned().into());
            let answer = tokio::time::timeout(Duration::from_secs(2), asked).await.ok()?.ok()?;
            let stored = String::from_utf8_lossy(&answer.payload).contains("\"seq\"");
            stored.then_some(())
        })
        .await;
    }
}

pub(crate) fn id(device: u128) -> DeviceId {
    // Such as one that was made in 2023, but for its end.
    DeviceId::from_bits(0x0188_9c89_df6b_7f1c_a388_9139_6ec3_0000 + device)
}
