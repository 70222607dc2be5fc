//! The runtime against a real broker: a teller tells words, a listener writes them down.

#![expect(unreachable_pub, dead_code, reason = "a contract is public, and listed, where it is real")]

mod attacks;
mod bus;
mod draining;
mod effects;
mod fast;
mod full;
mod hearing;
mod listening;
mod looking;
mod offline;
mod pruning;
mod relay;
mod requests;
mod unknowing;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::StreamExt;
use rusqlite::params;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use super::{Running, run};
use crate::bus::{Peer, Shop};
use crate::client::{Call, Client, Link};
use crate::error::{Error, Result};
use crate::message::Example;
use crate::service::Service;
use crate::testing::{Broker, eventually};
use crate::vitals::Health;
use crate::{Ctx, Tx};

crate::subjects! {
    change "teller.tell" Tell -> Word by [operator], "Tells a word.";
    ask "teller.count" Count -> Counted by [operator], "Counts the words told.";
    event "events.teller.told" Told of word, "A word was told.";
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Tell {
    word: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Word {
    word: String,
    number: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Count {}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Counted {
    words: i64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Told {
    word: String,
    number: i64,
}

macro_rules! examples {
    ($($name:ident { $($field:ident: $value:expr),* })*) => {$(
        impl Example for $name {
            fn example() -> Self {
                Self { $($field: $value),* }
            }
        }
    )*};
}
examples! {
    Tell { word: "hello".into() }
    Word { word: "hello".into(), number: 1 }
    Count {}
    Counted { words: 1 }
    Told { word: "hello".into(), number: 1 }
}

fn teller() -> Service {
    Service::new("teller", "1.0.0")
        .migrations_from(&[
            "CREATE TABLE words (number INTEGER NOT NULL PRIMARY KEY, word TEXT NOT NULL) STRICT;",
        ])
        .answers(tell)
        .answers(count)
}

async fn tell(ctx: Ctx, asked: Tell) -> Result<Word> {
    if asked.word == "panic" {
        panic!("told to");
    }
    ctx.write(move |tx| {
        if asked.word == "forbidden" {
            return Err(Error::refused("forbidden_word", "that word is not told"));
        }
        tx.execute("INSERT INTO words (word) VALUES (?1)", [&asked.word])?;
        let number = tx.get("SELECT max(number) FROM words", [], |row| row.get(0))?;
        tx.emit(&Told { word: asked.word.clone(), number })?;
        Ok(Word { word: asked.word, number })
    })
    .await
}

async fn count(ctx: Ctx, _: Count) -> Result<Counted> {
    let words = ctx.read(|sql| sql.get("SELECT count(*) FROM words", [], |row| row.get(0))).await?;
    Ok(Counted { words })
}

fn listener() -> Service {
    Service::new("listener", "1.0.0")
        .migrations_from(&["CREATE TABLE heard (number INTEGER NOT NULL, word TEXT NOT NULL) STRICT;
                            CREATE TABLE cure (word TEXT NOT NULL PRIMARY KEY) STRICT;"])
        .hears(told)
}

/// Writes the word down. A poisonous word fails until there is a cure for it.
fn told(tx: &mut Tx<'_>, event: Told) -> Result<()> {
    tx.execute("INSERT INTO heard (number, word) VALUES (?1, ?2)", params![event.number, event.word])?;
    let cured = tx.find("SELECT 1 FROM cure WHERE word = ?1", [&event.word], |_| Ok(()))?.is_some();
    match event.word.as_str() {
        "poison" if !cured => Err(Error::invalid("poisonous", "that word is poison")),
        "bomb" if !cured => panic!("that word is a bomb"),
        _ => Ok(()),
    }
}

/// What the services of these tests say of themselves.
fn shop() -> Shop {
    let keeper = crate::streams::service(
        Link { url: String::new(), name: String::new(), identity: None, ca: None },
        Vec::new(),
    );
    let services = [teller(), listener(), keeper];
    let answers = services.iter().flat_map(Service::answered);
    Shop {
        requests: answers.map(|answer| (answer.subject.clone(), answer.access)).collect(),
        peers: services.iter().map(Peer::of).collect(),
    }
}

/// A broker, a data folder, and the services that were started on them.
struct World {
    broker: Broker,
    folder: TempDir,
    client: OnceLock<Client>,
}

impl World {
    async fn start() -> Self {
        Self::start_with(shop()).await
    }

    async fn start_with(shop: Shop) -> Self {
        let peers = shop.peers.clone();
        let broker = Broker::start(shop);
        let world = Self { broker, folder: tempfile::tempdir().unwrap(), client: OnceLock::new() };
        let _ = world.client.set(world.broker.client().await);
        // It ends with the world's runtime.
        let _ = world.run(crate::streams::service(world.broker.link_of(crate::streams::NAME), peers));
        world
    }

    fn client(&self) -> &Client {
        self.client.get().unwrap()
    }

    fn run(&self, service: Service) -> Running {
        self.run_in(self.folder.path(), service)
    }

    fn run_in(&self, folder: &Path, service: Service) -> Running {
        run(service, self.broker.options(folder), CancellationToken::new())
    }

    async fn tell(&self, word: &str) -> Word {
        self.client().ask(&Tell { word: word.into() }).await.unwrap()
    }

    async fn health(&self, service: &str) -> Health {
        self.client()
            .call_as(&format!("{service}.health"), &serde_json::json!({}), Call::default())
            .await
            .unwrap()
    }

    /// Everything the stream holds: number, identifier, body.
    async fn stream(&self) -> Vec<(u64, String, Told)> {
        let js = async_nats::jetstream::new(self.client().nats().clone());
        let stream = js.get_stream("TELLER").await.unwrap();
        let state = stream.cached_info().state.clone();
        let mut messages = Vec::new();
        for sequence in state.first_sequence..=state.last_sequence {
            let message = stream.get_raw_message(sequence).await.unwrap();
            let id = crate::wire::get(Some(&message.headers), crate::wire::EVENT_ID).unwrap().to_owned();
            messages.push((sequence, id, serde_json::from_slice(&message.payload).unwrap()));
        }
        messages
    }

    /// Waits until the stream ends with a number, and everything before it is there.
    async fn until_told(&self, last: u64) {
        eventually(&format!("{last} messages in the stream"), || async {
            let streams = self.client().streams().await.ok()?;
            streams.into_iter().find(|stream| stream.name == "TELLER" && stream.last == last)
        })
        .await;
    }

    /// Waits until the listener has written down so many words, and answers them in order.
    async fn until_heard(&self, words: usize) -> Vec<String> {
        let path = self.folder.path().join("listener.db");
        eventually(&format!("{words} words heard"), || async {
            let reader = crate::engine::schema::open_reader(&path).ok()?;
            let sql = crate::sql::Sql::new(&reader);
            let heard: Vec<String> =
                sql.list("SELECT word FROM heard ORDER BY rowid", [], |row| row.get(0)).ok()?;
            (heard.len() >= words).then_some(heard)
        })
        .await
    }

    async fn jetstream(&self, subject: &str, body: serde_json::Value) -> serde_json::Value {
        let answer = self.client().nats().request(subject.to_owned(), body.to_string().into()).await.unwrap();
        serde_json::from_slice(&answer.payload).unwrap()
    }
}

fn soon() -> Call {
    Call { timeout: Duration::from_secs(20), ..Call::default() }
}
