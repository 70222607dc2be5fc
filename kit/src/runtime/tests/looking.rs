//! What every service tells of itself: what it did, what it holds, how its answers went, and how it mends its stream.

use super::*;
use crate::admin::{
    DatabaseChecked, FindWork, Found, GetTrace, Lookup, OutboxView, StreamRebuilt, TraceView, WorkFound,
};
use crate::client::Stored;
use crate::error::reason;
use futures_util::TryStreamExt;

async fn asked<P: serde::de::DeserializeOwned>(
    world: &World,
    subject: &str,
    asked: impl Serialize,
) -> Result<P> {
    world.client().call_as(subject, &asked, soon()).await
}

async fn lookup(world: &World, service: &str, text: &str) -> Vec<(String, String)> {
    let found: Found =
        asked(world, &format!("{service}.lookup"), Lookup { text: text.to_owned() }).await.unwrap();
    assert!(found.complete);
    found.items.into_iter().map(|found| (found.kind, found.id)).collect()
}

async fn outbox(world: &World) -> OutboxView {
    asked(world, "teller.outbox", serde_json::json!({})).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happened_is_found_by_the_end_of_its_identifier() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let call = Call { key: Some("a-key-of-mine".into()), ..soon() };
    world.client().call(&Tell { word: "50%_off".into() }, call).await.unwrap();
    world.tell("50 percent").await;
    world.until_told(2).await;
    let (_, event, _) = world.stream().await.remove(0);
    let entry: WorkFound = asked(&world, "teller.work", FindWork::default()).await.unwrap();
    let trace = entry.items.last().unwrap().trace.clone();

    assert_eq!(lookup(&world, "teller", &event).await, [("event".to_owned(), event.clone())]);
    assert_eq!(lookup(&world, "teller", &event[20..]).await, [("event".to_owned(), event.clone())]);
    assert_eq!(
        lookup(&world, "teller", "of-mine").await,
        [("request".to_owned(), "a-key-of-mine".to_owned())]
    );
    assert_eq!(lookup(&world, "teller", &trace[24..].to_uppercase()).await, [("trace".to_owned(), trace)]);
    assert_eq!(lookup(&world, "teller", "%_off").await, [("key".to_owned(), "50%_off".to_owned())]);
    assert_eq!(lookup(&world, "teller", "0__off").await, [], "no character stands for another");
    let refused = asked::<Found>(&world, "teller.lookup", Lookup { text: "off".into() }).await.unwrap_err();
    assert_eq!(refused.reason, reason::INVALID_ID);
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_found_by_time_subject_outcome_and_duration() {
    let world = World::start().await;
    let _teller = world.run(teller());
    for word in ["one", "two", "three"] {
        world.tell(word).await;
    }
    world.client().ask(&Tell { word: "forbidden".into() }).await.unwrap_err();
    let find = async |wanted: FindWork| -> Vec<String> {
        let found: WorkFound = asked(&world, "teller.work", wanted).await.unwrap();
        assert_eq!(found.next, None);
        found.items.into_iter().map(|entry| format!("{} {}", entry.subject, entry.outcome)).collect()
    };
    let told = FindWork { subject: "teller.tell".into(), ..FindWork::default() };
    assert_eq!(find(told.clone()).await.len(), 4);
    assert_eq!(find(FindWork { failed: true, ..FindWork::default() }).await, ["teller.tell forbidden_word"]);
    let outcome = FindWork { outcome: "forbidden_word".into(), ..FindWork::default() };
    assert_eq!(find(outcome).await.len(), 1);
    assert_eq!(find(FindWork { took_us_min: i64::MAX, ..told.clone() }).await.len(), 0);
    let (now, day) = (Client::now(), jiff::SignedDuration::from_hours(24));
    assert_eq!(find(FindWork { since: Some(now + day), ..told.clone() }).await.len(), 0);
    assert_eq!(find(FindWork { until: Some(now - day), ..told.clone() }).await.len(), 0);

    let mut page = FindWork { limit: Some(3), ..told };
    let first: WorkFound = asked(&world, "teller.work", &page).await.unwrap();
    page.before = first.next;
    let second: WorkFound = asked(&world, "teller.work", &page).await.unwrap();
    assert_eq!((first.items.len(), second.items.len(), second.next), (3, 1, None));
    assert!(first.items.is_sorted_by(|a, b| a.started_us >= b.started_us), "the newest first");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_tells_what_could_not_be_acted_on() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let _listener = world.run(listener());
    world.tell("poison").await;
    let view = eventually("a dead letter in the trace", || async {
        let by_key = GetTrace { key: "poison".into(), bodies: true, ..GetTrace::default() };
        let view: TraceView = asked(&world, "listener.trace", by_key).await.unwrap();
        (!view.dead_letters.is_empty()).then_some(view)
    })
    .await;
    let letter = &view.dead_letters[0];
    assert_eq!((letter.reason.as_str(), letter.sequence), ("poisonous", 1));
    assert_eq!([&letter.trace], [&view.traces[0]]);
    assert!(view.entries.iter().any(|entry| entry.span == letter.span), "it names the work that failed");
    assert!(letter.body.contains("poison") && !view.cut);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_outbox_and_the_stream_say_the_same_under_the_same_numbers() {
    let world = World::start().await;
    let _teller = world.run(teller());
    for word in ["one", "two", "three"] {
        world.tell(word).await;
    }
    world.until_told(3).await;
    let outbox = outbox(&world).await;
    assert_eq!((outbox.oldest, outbox.newest, outbox.items.len()), (1, 3, 3));
    let client = world.client();
    let stored: Vec<Option<Stored>> =
        client.messages("TELLER", 1..=4).map(|(_, message)| message).try_collect().await.unwrap();
    assert_eq!(stored[3], None);
    for (row, message) in outbox.items.iter().zip(stored.iter().flatten()) {
        assert!(row.intact);
        assert_eq!((row.sequence, &row.id), (message.sequence, &message.id));
        assert_eq!((row.checksum, &outbox.origin), (message.checksum(), &message.origin));
    }
    let from = client.message_from("TELLER", "events.teller.*", 2).await.unwrap().unwrap();
    assert_eq!(from.sequence, 2);
    assert_eq!(client.message_from("TELLER", "events.teller.other", 1).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_is_told_from_the_others() {
    let world = World::start().await;
    let running = world.run(teller());
    for word in ["one", "two"] {
        world.tell(word).await;
    }
    world.until_told(2).await;
    running.stop().await.unwrap();
    tamper(&world, "UPDATE outbox SET body = x'00' WHERE seq = 1;");
    let _teller = world.run(teller());
    let intact: Vec<bool> = outbox(&world).await.items.iter().map(|row| row.intact).collect();
    assert_eq!(intact, [false, true]);
}

async fn made_at(world: &World) -> String {
    let streams = world.client().streams().await.unwrap();
    streams.into_iter().find(|stream| stream.name == "TELLER").unwrap().made_at
}

fn tamper(world: &World, script: &str) {
    let path = world.folder.path().join("teller.db");
    crate::engine::schema::open_writer(
        &path,
        "teller",
        &[""],
        jiff::Timestamp::UNIX_EPOCH,
        &mut crate::clock::SystemChance,
    )
    .unwrap()
    .0
    .execute_batch(script)
    .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_made_anew_when_asked_while_the_shop_goes_on() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let _listener = world.run(listener());
    for number in 0..20 {
        world.tell(&format!("word {number}")).await;
    }
    world.until_told(20).await;
    let before = world.stream().await;
    let made = made_at(&world).await;
    let load = async {
        for number in 20..120 {
            world.tell(&format!("word {number}")).await;
        }
    };
    let rebuilding = async {
        for _ in 0..3 {
            let rebuilt: StreamRebuilt =
                asked(&world, "teller.rebuild_stream", serde_json::json!({})).await.unwrap();
            assert_eq!((rebuilt.stream.as_str(), rebuilt.first), ("TELLER", 1));
        }
    };
    tokio::join!(load, rebuilding);
    world.until_told(120).await;
    assert_ne!(made_at(&world).await, made, "it is another stream");
    assert_eq!(world.stream().await[..20], before[..], "the same numbers, identifiers and words");
    let expected: Vec<String> = (0..120).map(|number| format!("word {number}")).collect();
    assert_eq!(world.until_heard(120).await, expected, "each word once and in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_knows_more_than_the_database_is_not_made_anew() {
    let world = World::start().await;
    let running = world.run(teller());
    world.tell("one").await;
    world.until_told(1).await;
    running.stop().await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(world.folder.path().join("teller.db"), copy.path().join("teller.db")).unwrap();
    let running = world.run(teller());
    world.client().call(&Tell { word: "two".into() }, soon()).await.unwrap();
    world.until_told(2).await;
    running.stop().await.unwrap();

    let _restored = world.run_in(copy.path(), teller());
    let answer = asked::<StreamRebuilt>(&world, "teller.rebuild_stream", serde_json::json!({})).await;

    assert_eq!(answer.unwrap_err().reason, reason::DATABASE_BEHIND_STREAM);
    assert_eq!(world.stream().await.len(), 2, "nothing was lost from the stream");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_not_made_anew_out_of_an_outbox_that_has_lost_something() {
    let world = World::start().await;
    for fault in ["UPDATE outbox SET body = x'00' WHERE seq = 2;", "DELETE FROM outbox WHERE seq = 2;"] {
        let running = world.run(teller());
        for word in ["one", "two", "three"] {
            world.client().call(&Tell { word: word.into() }, soon()).await.unwrap();
        }
        let newest = outbox(&world).await.newest;
        world.until_told(newest).await;
        running.stop().await.unwrap();
        let before = world.stream().await;
        tamper(&world, fault);
        let running = world.run(teller());
        let findings = eventually("the damage is found", || async {
            let checked: Result<DatabaseChecked> =
                asked(&world, "teller.check_database", serde_json::json!({})).await;
            checked.ok().map(|checked| checked.findings)
        })
        .await;
        assert!(findings.iter().any(|finding| finding.contains("row 2 of the outbox")), "{findings:?}");

        let refused = asked::<StreamRebuilt>(&world, "teller.rebuild_stream", serde_json::json!({})).await;

        let refused = refused.unwrap_err();
        assert_eq!(refused.reason, reason::OUTBOX_DAMAGED);
        assert!(refused.message.contains("row 2 of the outbox"), "{refused}");
        assert!(refused.message.contains("backup of teller.db"), "names the mend: {refused}");
        assert_eq!(world.stream().await, before, "the stream still holds what the outbox lost");
        running.stop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_a_hole_is_kept_if_the_outbox_has_lost_something_too_and_health_says_so() {
    let world = World::start().await;
    let running = world.run(teller());
    for word in ["one", "two", "three", "four"] {
        world.tell(word).await;
    }
    world.until_told(4).await;
    running.stop().await.unwrap();
    let js = async_nats::jetstream::new(world.client().nats().clone());
    let stream = js.get_stream("TELLER").await.unwrap();
    // The shop's streams forbid it; a damaged store does it all the same.
    let mut config = stream.cached_info().config.clone();
    config.deny_delete = false;
    js.delete_stream("TELLER").await.unwrap();
    js.create_stream(config).await.unwrap();
    let running = world.run(teller());
    world.until_told(4).await;
    running.stop().await.unwrap();
    js.get_stream("TELLER").await.unwrap().delete_message(3).await.unwrap();
    tamper(&world, "DELETE FROM outbox WHERE seq = 2;");
    let _running = world.run(teller());
    let said = eventually("the relay says why it waits", || async {
        let health: Result<Health> = asked(&world, "teller.health", serde_json::json!({})).await;
        health.ok()?.parts.remove("relay").filter(|said| said.contains("row 2 of the outbox is missing"))
    })
    .await;
    assert!(said.contains("it has holes"), "{said}");
    let info = js.get_stream("TELLER").await.unwrap().cached_info().clone();
    assert_eq!(info.state.messages, 3, "what the stream holds is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_requests_count_answers_errors_and_time() {
    let world = World::start().await;
    let _teller = world.run(teller());
    for word in ["one", "two", "three"] {
        world.tell(word).await;
    }
    world.client().ask(&Tell { word: "forbidden".into() }).await.unwrap_err();
    let endpoint = eventually("the figures of four requests", || async {
        let stats = world.client().service_stats(Duration::from_millis(200)).await.unwrap();
        let teller = stats.into_iter().find(|service| service.name == "teller")?;
        let found = teller.endpoints.into_iter().find(|endpoint| endpoint.subject == "teller.tell")?;
        (found.requests == 4).then_some(found)
    })
    .await;
    assert_eq!(endpoint.errors, 1);
    let time = endpoint.data;
    assert!(0 < time.p50_us && time.p50_us <= time.p99_us && time.p99_us <= time.max_us, "{time:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn health_tells_since_when_something_waits_and_how_large_everything_is() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let _listener = world.run(listener());
    let began = world.health("teller").await;
    assert_eq!((began.untold_since, began.dead_since, began.timers_late_since), (None, None, None));
    assert!(began.started_at <= began.now && began.database_bytes > 0 && !began.origin.is_empty());
    world.tell("poison").await;
    eventually("a dead letter since some time", || async {
        let health = world.health("listener").await;
        health.dead_since.filter(|since| *since >= began.started_at)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sound_database_is_told_from_a_broken_one() {
    let world = World::start().await;
    let running = world.run(teller());
    let check = async || -> DatabaseChecked {
        asked(&world, "teller.check_database", serde_json::json!({ "deep": true })).await.unwrap()
    };
    world.tell("one").await;
    world.until_told(1).await;
    assert_eq!(check().await.findings, [""; 0]);
    running.stop().await.unwrap();
    // A row that points to one that is not there.
    tamper(
        &world,
        "CREATE TABLE part (id INTEGER NOT NULL PRIMARY KEY, whole INTEGER NOT NULL REFERENCES words (number)) STRICT;
         PRAGMA foreign_keys = OFF;
         INSERT INTO part (id, whole) VALUES (1, 77);",
    );
    let _teller = world.run(teller());
    let findings = check().await.findings;
    assert!(findings.len() == 1 && findings[0].contains("part"), "{findings:?}");
}
