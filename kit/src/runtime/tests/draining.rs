//! Raw messages are drained once each, whatever becomes of the process, the stream and the consumer.

mod mqtt;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::super::{Running, run};
use crate::access::Position;
use crate::bus::{Peer, Shop};
use crate::client::{Call, Client, Link};
use crate::drain::{Batch, MQTT_STREAM, RawStream, Unfit, mqtt_keeper_subjects, mqtt_subjects};
use crate::error::{Error, Result};
use crate::service::Service;
use crate::testing::{Broker, eventually};
use crate::vitals::Health;
use crate::{Tx, streams};

const DEVICE: &str = "dev_1";

const DROPS: RawStream = RawStream {
    stream: "DROPS",
    subjects: "telemetry.*.*",
    bytes_max: 64 * 1024 * 1024,
    of_one_max: 50,
    mqtt: true,
};

fn drinker() -> Service {
    Service::new("drinker", "1.0.0")
        .migrations_from(&[
            "CREATE TABLE drunk (body TEXT NOT NULL PRIMARY KEY, times INTEGER NOT NULL) STRICT;
                            CREATE TABLE missed (messages INTEGER NOT NULL) STRICT;",
        ])
        .drains(DROPS, drink)
}

/// Writes every message down, and how often it came. Of some nothing can be made, and one is a bomb.
fn drink(tx: &mut Tx<'_>, batch: &Batch) -> Result<Vec<Unfit>> {
    tx.execute("INSERT INTO missed (messages) VALUES (?1)", [batch.missed])?;
    let mut unfit = Vec::new();
    for (at, message) in batch.messages.iter().enumerate() {
        let body = String::from_utf8_lossy(&message.body).into_owned();
        match body.as_str() {
            "poison" => unfit.push(Unfit { at, error: Error::invalid("poisonous", "that is poison") }),
            "bomb" => panic!("that is a bomb"),
            _ => {
                let sql = "INSERT INTO drunk (body, times) VALUES (?1, 1)
                           ON CONFLICT (body) DO UPDATE SET times = times + 1";
                tx.execute(sql, [format!("{} {body}", message.subject)])?;
            }
        }
    }
    Ok(unfit)
}

fn shop() -> Shop {
    let nowhere = Link { url: String::new(), name: String::new(), identity: None, ca: None };
    let services = [drinker(), streams::service(nowhere, Vec::new())];
    let answers = services.iter().flat_map(Service::answered);
    Shop {
        requests: answers.map(|answer| (answer.subject.clone(), answer.access)).collect(),
        peers: services.iter().map(Peer::of).collect(),
    }
}

struct World {
    broker: Broker,
    folder: TempDir,
    device: Client,
}

impl World {
    async fn start() -> Self {
        let mut broker = Broker::start(shop());
        broker.keys().add(DEVICE, Position::Device);
        broker.reload();
        Self::on(broker).await
    }

    async fn on(broker: Broker) -> Self {
        let device = broker.client_of(DEVICE).await;
        let world = Self { broker, folder: tempfile::tempdir().unwrap(), device };
        // It ends with the world's runtime.
        let _ = world.run(streams::service(world.broker.link_of(streams::NAME), shop().peers));
        world
    }

    fn run(&self, service: Service) -> Running {
        run(service, self.broker.options(self.folder.path()), CancellationToken::new())
    }

    /// A device says something, until it is stored.
    async fn says(&self, body: &str) {
        eventually("a message is stored", || async {
            let asked = self
                .device
                .nats()
                .request(format!("telemetry.seattle.{DEVICE}"), Bytes::from(body.to_owned()));
            let stored = tokio::time::timeout(Duration::from_secs(2), asked).await.ok()?.ok()?;
            String::from_utf8_lossy(&stored.payload).contains("\"seq\"").then_some(())
        })
        .await;
    }

    /// Waits until so many messages were drained, and answers them with how often each was.
    async fn until_drunk(&self, messages: usize) -> Vec<(String, i64)> {
        let sql = "SELECT body, times FROM drunk ORDER BY body";
        eventually(&format!("{messages} messages are drained"), || async {
            let rows = rows(self.folder.path(), sql)?;
            (rows.len() >= messages).then_some(rows)
        })
        .await
    }

    async fn until_part_is(&self, part: &str, wanted: &str) {
        let client = self.broker.client().await;
        eventually(&format!("{part} is {wanted}"), || async {
            let call = Call { timeout: Duration::from_secs(1), ..Call::default() };
            let health: Health = client.call_as("drinker.health", &serde_json::json!({}), call).await.ok()?;
            (health.parts.get(part)? == wanted).then_some(())
        })
        .await;
    }
}

fn rows(folder: &Path, sql: &str) -> Option<Vec<(String, i64)>> {
    let reader = crate::engine::schema::open_reader(&folder.join("drinker.db")).ok()?;
    crate::sql::Sql::new(&reader).list(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).ok()
}

fn said(body: &str) -> (String, i64) {
    (format!("telemetry.seattle.{DEVICE} {body}"), 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_drained_once_over_kills_and_restarts() {
    let mut world = World::start().await;
    let first = world.run(drinker());
    world.until_part_is("DROPS", "ok").await;
    for at in 0..20 {
        world.says(&format!("a{at:02}")).await;
    }
    first.kill();
    for at in 0..20 {
        world.says(&format!("b{at:02}")).await;
    }
    let second = world.run(drinker());
    world.until_drunk(40).await;
    world.broker.restart();
    for at in 0..20 {
        world.says(&format!("c{at:02}")).await;
    }
    let drunk = world.until_drunk(60).await;
    let expected: Vec<_> = ["a", "b", "c"]
        .iter()
        .flat_map(|name| (0..20).map(move |at| said(&format!("{name}{at:02}"))))
        .collect();
    assert_eq!(drunk, expected);
    second.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consumer_or_a_stream_that_is_gone_is_made_again() {
    let world = World::start().await;
    let running = world.run(drinker());
    world.until_part_is("DROPS", "ok").await;
    world.says("before").await;
    world.until_drunk(1).await;
    let admin = world.broker.client().await;
    let ask = |subject: &'static str| {
        let nats = admin.nats().clone();
        async move { nats.request(subject, Bytes::new()).await.unwrap() }
    };
    ask("$JS.API.CONSUMER.DELETE.DROPS.drinker").await;
    world.says("without a consumer").await;
    world.until_drunk(2).await;
    ask("$JS.API.STREAM.DELETE.DROPS").await;
    world.says("into a new stream").await;
    let drunk = world.until_drunk(3).await;
    assert_eq!(drunk, ["before", "into a new stream", "without a consumer"].map(said));
    running.stop().await.unwrap();
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// Gives the broker the disk that it had when it was copied, as after a power cut that took what it had not synced.
fn sets_back(broker: &mut Broker, copied: &Path) {
    broker.kill();
    std::fs::remove_dir_all(broker.store()).unwrap();
    copy(copied, &broker.store());
    broker.restart();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_that_a_broker_gives_anew_are_drained_too() {
    let mut world = World::start().await;
    let first = world.run(drinker());
    world.until_part_is("DROPS", "ok").await;
    // More than the stream holds of one device.
    for at in 0..60 {
        world.says(&format!("a{at:02}")).await;
        world.until_drunk(at + 1).await;
    }
    let copied = world.broker.folder().join("copied");
    world.broker.kill();
    copy(&world.broker.store(), &copied);
    world.broker.restart();
    for at in 0..5 {
        world.says(&format!("b{at}")).await;
    }
    world.until_drunk(65).await;
    // While it runs: devices speak before it is there again.
    sets_back(&mut world.broker, &copied);
    for at in 0..8 {
        world.says(&format!("c{at}")).await;
    }
    world.until_drunk(73).await;
    let missed = || rows(world.folder.path(), "SELECT '', sum(messages) FROM missed").unwrap();
    let before = missed();
    // While it is away; and there are fewer numbers than were drained.
    first.kill();
    sets_back(&mut world.broker, &copied);
    world.says("d0").await;
    let second = world.run(drinker());
    world.until_drunk(74).await;
    // And more.
    second.kill();
    sets_back(&mut world.broker, &copied);
    for at in 0..20 {
        world.says(&format!("e{at:02}")).await;
    }
    let third = world.run(drinker());
    let drunk: Vec<String> = world.until_drunk(94).await.into_iter().map(|(body, _)| body).collect();
    let a = (0..60).map(|at| said(&format!("a{at:02}")).0);
    let more = [("b", 5), ("c", 8)].into_iter();
    let more = more.flat_map(|(name, many)| (0..many).map(move |at| said(&format!("{name}{at}")).0));
    let rest = (0..20).map(|at| said(&format!("e{at:02}")).0);
    assert_eq!(drunk, a.chain(more).chain([said("d0").0]).chain(rest).collect::<Vec<_>>());
    assert_eq!(missed(), before, "what the stream has forgotten since was drained before");
    third.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_acted_on_is_put_aside_alone() {
    let world = World::start().await;
    let first = world.run(drinker());
    world.until_part_is("DROPS", "ok").await;
    first.stop().await.unwrap();
    // All of these come as one batch.
    for body in ["good", "poison", "bomb", "better"] {
        world.says(body).await;
    }
    let running = world.run(drinker());
    assert_eq!(world.until_drunk(2).await, ["better", "good"].map(said));
    let letters =
        rows(world.folder.path(), "SELECT reason || ' ' || body, sequence FROM dead_letter ORDER BY id");
    assert_eq!(letters.unwrap(), [("poisonous poison".to_owned(), 2), ("panicked bomb".to_owned(), 3)]);
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_too_much_pushes_out_their_own_and_that_is_counted() {
    let world = World::start().await;
    let first = world.run(drinker());
    world.until_part_is("DROPS", "ok").await;
    first.stop().await.unwrap();
    for at in 0..60 {
        world.says(&format!("{at:02}")).await;
    }
    let running = world.run(drinker());
    let drunk = world.until_drunk(50).await;
    assert_eq!(drunk.first(), Some(&said("10")), "the oldest ten are gone");
    let missed = rows(world.folder.path(), "SELECT '', sum(messages) FROM missed").unwrap();
    assert_eq!(missed, [(String::new(), 10)]);
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_bytes_than_are_asked_for_at_once_are_drained_too() {
    let world = World::start().await;
    let running = world.run(drinker());
    world.until_part_is("DROPS", "ok").await;
    running.stop().await.unwrap();
    let long = "x".repeat(300_000);
    for at in 0..40 {
        world.says(&format!("{at:02}{long}")).await;
    }
    let running = world.run(drinker());
    assert!(world.until_drunk(40).await.iter().all(|(_, times)| *times == 1));
    running.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_gets_no_stream_that_it_does_not_drain() {
    let world = World::start().await;
    let own = world.broker.client_of("drinker").await;
    for stream in ["OTHERS", "TELLER", "$KV_x"] {
        let asked = streams::MakeDrain { stream: stream.into(), start: 1 };
        let refused = eventually("the keeper answers", || async {
            own.ask(&asked).await.err().filter(|error| error.reason == "forbidden")
        })
        .await;
        assert!(refused.message.contains("nothing was made"), "{}", refused.message);
    }
}
