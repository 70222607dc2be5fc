//! A stream that may hold no more, and what a service leaves behind when it ends.

use super::{Tell, Told, Word, World, count, listener, teller};
use crate::Ctx;
use crate::engine::check;
use crate::error::{Result, reason};
use crate::service::Service;
use crate::testing::eventually;

/// A teller whose database stops growing at the word `shut`, and may grow again at `open`.
fn cramped() -> Service {
    Service::new("teller", "1.0.0")
        .migrations_from(&[
            "CREATE TABLE words (number INTEGER NOT NULL PRIMARY KEY, word TEXT NOT NULL) STRICT;",
        ])
        .answers(tell_cramped)
        .answers(count)
}

async fn tell_cramped(ctx: Ctx, asked: Tell) -> Result<Word> {
    ctx.write(move |tx| {
        match asked.word.as_str() {
            "shut" => drop(tx.list("PRAGMA max_page_count = 1", [], |_| Ok(()))?),
            "open" => drop(tx.list("PRAGMA max_page_count = 1000000", [], |_| Ok(()))?),
            word => drop(tx.execute("INSERT INTO words (word) VALUES (?1)", [word])?),
        }
        let number = tx.get("SELECT count(*) FROM words", [], |row| row.get(0))?;
        tx.emit(&Told { word: "said".into(), number })?;
        Ok(Word { word: asked.word, number })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_room_says_so_answers_reads_and_goes_on_in_the_same_process() {
    let world = World::start().await;
    let _teller = world.run(cramped());
    world.tell("one").await;
    world.tell("shut").await;
    let long = Tell { word: "x".repeat(100_000) };
    for _ in 0..3 {
        let refused = world.client().ask(&long).await.unwrap_err();
        assert_eq!(refused.reason, reason::DISK_FULL);
        assert!(refused.message.contains("free"), "{refused}");
    }
    let counted = world.client().ask(&super::Count {}).await.unwrap();
    assert_eq!(counted.words, 1, "reads go on, and nothing half-done is there");
    let open = || async { world.client().ask(&Tell { word: "open".into() }).await.ok() };
    eventually("there is room again", open).await;
    let answered = || async { world.client().ask(&long).await.ok() };
    eventually("it goes on by itself", answered).await;
    let health = eventually("all parts are well", || async {
        let health = world.health("teller").await;
        ["room", "writer", "relay"].iter().all(|part| health.parts[*part] == "ok").then_some(health)
    })
    .await;
    world.until_told(health.outbox_newest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_at_its_limit_is_named_its_rows_wait_and_all_is_told_when_there_is_room() {
    let world = World::start().await;
    let _teller = world.run(teller());
    world.tell("word 0").await;
    world.until_told(1).await;
    let js = async_nats::jetstream::new(world.client().nats().clone());
    let mut config = js.get_stream("TELLER").await.unwrap().cached_info().config.clone();
    let usual = config.max_bytes;
    config.max_bytes = 2000;
    js.update_stream(config.clone()).await.unwrap();
    for number in 1..20 {
        world.tell(&format!("word {number}")).await;
    }
    let waiting = eventually("the relay says that the stream is full", || async {
        let health = world.health("teller").await;
        health.parts["relay"].contains("the stream TELLER is full").then_some(health)
    })
    .await;
    assert!(waiting.parts["relay"].contains("shopctl consumer ls TELLER"), "{waiting:?}");
    assert_eq!(waiting.outbox_newest, 20, "everything was accepted");
    assert!(waiting.outbox_published < 20);
    let _listener = world.run(listener());
    config.max_bytes = usual;
    js.update_stream(config).await.unwrap();
    world.until_told(20).await;
    let expected: Vec<String> = (0..20).map(|number| format!("word {number}")).collect();
    assert_eq!(world.until_heard(20).await, expected, "each word once and in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_ended_in_order_leaves_no_log() {
    let world = World::start().await;
    let path = world.folder.path().join("teller.db");
    let running = world.run(teller());
    world.tell("one").await;
    assert!(check::ended_unclean(&path), "it runs");
    running.stop().await.unwrap();
    assert!(!check::ended_unclean(&path), "the file alone is the whole database");
}
