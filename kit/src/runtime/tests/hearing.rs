//! Each event once, in order; what cannot be acted on waits for a person, the rest goes on.

use super::*;
use crate::admin::{DeadLetters, Settled};

async fn dead_letters(world: &World) -> DeadLetters {
    world.client().call_as("listener.dead_letters", &serde_json::json!({}), Call::default()).await.unwrap()
}

async fn settle(world: &World, verb: &str, id: i64) -> Result<Settled> {
    let call = Call { key: Some(Client::new_key()), ..Call::default() };
    world
        .client()
        .call_as(&format!("listener.{verb}_dead_letter"), &serde_json::json!({"id": id}), call)
        .await
}

async fn until_dead(world: &World, count: usize) -> DeadLetters {
    eventually(&format!("{count} dead letters"), || async {
        let letters = dead_letters(world).await;
        (letters.items.len() == count).then_some(letters)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hearer_that_was_killed_hears_everything_once() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let mut expected = Vec::new();
    for round in 0..4 {
        let listening = world.run(listener());
        for number in 0..25 {
            let word = format!("word {round} {number}");
            world.tell(&word).await;
            expected.push(word);
        }
        listening.kill();
    }
    let _listening = world.run(listener());
    assert_eq!(world.until_heard(100).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_may_be_missing_is_not_missed_and_is_heard_once_it_is_there() {
    let world = World::start().await;
    let _listening = world.run(listener().may_miss("teller"));
    eventually("a listener that misses nothing", || async {
        let health = world.health("listener").await;
        health.parts.get("TELLER").is_some_and(|state| state == "ok").then_some(())
    })
    .await;
    let _teller = world.run(teller());
    world.tell("late").await;
    assert_eq!(world.until_heard(1).await, ["late"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_poison_event_is_parked_and_the_rest_of_the_world_goes_on() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let listening = world.run(listener());
    for word in ["one", "poison", "bomb", "two", "poison", "three"] {
        world.tell(word).await;
    }
    assert_eq!(world.until_heard(3).await, ["one", "two", "three"]);
    let letters = until_dead(&world, 3).await.items;
    let found: Vec<(&str, &str, &str)> =
        letters.iter().map(|letter| (&*letter.key, &*letter.state, &*letter.reason)).collect();
    assert_eq!(
        found,
        [("poison", "dead", "poisonous"), ("bomb", "dead", "panicked"), ("poison", "parked", "parked")]
    );
    assert!(!world.health("listener").await.is_well());

    let again = settle(&world, "retry", letters[0].id).await.unwrap();
    assert_eq!(again.done, 0, "it is still poison");
    assert_eq!(dead_letters(&world).await.items[0].attempts, 2);

    // The cure comes as a new version of the service would bring it.
    listening.stop().await.unwrap();
    let cure = "INSERT INTO cure (word) VALUES ('poison');";
    let path = world.folder.path().join("listener.db");
    crate::engine::schema::open_writer(
        &path,
        "listener",
        &["", ""],
        jiff::Timestamp::UNIX_EPOCH,
        &mut crate::clock::SystemChance,
    )
    .unwrap()
    .0
    .execute_batch(cure)
    .unwrap();
    let _listening = world.run(listener_after_cure());
    assert_eq!(settle(&world, "retry", letters[0].id).await.unwrap().done, 2, "it, and the one behind it");
    assert_eq!(world.until_heard(5).await, ["one", "two", "three", "poison", "poison"]);
    assert_eq!(settle(&world, "drop", letters[1].id).await.unwrap().done, 1);
    assert_eq!(dead_letters(&world).await.items, []);
    assert_eq!(settle(&world, "retry", letters[1].id).await.unwrap_err().reason, "dead_letter_unknown");
}

/// The listener as its next version: one more script, which does nothing.
fn listener_after_cure() -> Service {
    listener().migrations_from(&["", ""])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_is_no_event_becomes_a_dead_letter() {
    let world = World::start().await;
    let running = world.run(teller());
    let _listening = world.run(listener());
    world.tell("one").await;
    world.until_heard(1).await;
    running.stop().await.unwrap();
    // What only a teller can do that is no longer itself.
    let teller = world.broker.client_of("teller").await;
    let js = async_nats::jetstream::new(world.client().nats().clone());
    let info = js.get_stream("TELLER").await.unwrap().cached_info().clone();
    let mut headers = async_nats::HeaderMap::new();
    headers.insert(crate::wire::ORIGIN, info.config.metadata[crate::streams::ORIGIN].as_str());
    let said = teller.nats().request_with_headers("events.teller.told", headers, "{ no event".into());
    said.await.unwrap();
    let letters = until_dead(&world, 1).await.items;
    assert_eq!(letters[0].reason, "invalid_body");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_that_was_deleted_is_made_anew_at_the_position() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let _listening = world.run(listener());
    for number in 0..30 {
        world.tell(&format!("word {number}")).await;
        if number % 10 == 5 {
            world.jetstream("$JS.API.CONSUMER.DELETE.TELLER.listener", serde_json::json!({})).await;
        }
    }
    let expected: Vec<String> = (0..30).map(|number| format!("word {number}")).collect();
    assert_eq!(world.until_heard(30).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_handed_to_a_connection_that_was_cut_is_heard_all_the_same() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let listening = world.run(listener());
    world.tell("first").await;
    world.until_heard(1).await;
    listening.stop().await.unwrap();
    // The broker hands one message of the consumer to somebody who never acts on it, as it does to a
    // connection of which it has not noticed that it is gone.
    let cut = world.broker.client_of("listener").await;
    let answers = cut.nats().new_inbox();
    let mut lost = cut.nats().subscribe(answers.clone()).await.unwrap();
    let pull = serde_json::json!({"batch": 1, "expires": 60_000_000_000_u64}).to_string();
    let next = "$JS.API.CONSUMER.MSG.NEXT.TELLER.listener";
    cut.nats().publish_with_reply(next, answers, pull.into()).await.unwrap();
    cut.nats().flush().await.unwrap();
    let _listening = world.run(listener());
    eventually("it listens again", || async {
        let health = world.health("listener").await;
        (health.parts.get("TELLER").map(String::as_str) == Some("ok")).then_some(())
    })
    .await;
    for number in 0..10 {
        world.tell(&format!("word {number}")).await;
    }
    assert!(lost.next().await.is_some_and(|message| !message.payload.is_empty()), "a message went astray");
    let expected: Vec<String> =
        std::iter::once("first".to_owned()).chain((0..10).map(|number| format!("word {number}"))).collect();
    assert_eq!(world.until_heard(11).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "no service is there that would open it")]
async fn a_new_hearer_does_not_wait_for_what_was_forgotten_before_it_came() {
    let world = World::start().await;
    let telling = world.run(teller());
    for number in 1..=5 {
        world.tell(&format!("word {number}")).await;
    }
    world.until_told(5).await;
    telling.stop().await.unwrap();
    let keeper = crate::streams::Keeper::new(world.broker.link_of(crate::streams::NAME));
    keeper.purge("teller", 4).await.unwrap();
    rusqlite::Connection::open(world.folder.path().join("teller.db"))
        .unwrap()
        .execute("DELETE FROM outbox WHERE seq < 4", [])
        .unwrap();
    let _teller = world.run(teller());
    let _listener = world.run(listener());
    world.tell("word 6").await;
    assert_eq!(world.until_heard(3).await, ["word 4", "word 5", "word 6"]);
}
