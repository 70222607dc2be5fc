//! Row n is message n, whatever happens to the stream.

use super::*;
use crate::error::reason;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_stands_in_the_stream_under_the_number_of_its_row() {
    let world = World::start().await;
    let _teller = world.run(teller());
    for word in ["one", "two", "three"] {
        world.tell(word).await;
    }
    world.until_told(3).await;
    let told: Vec<(u64, String)> =
        world.stream().await.into_iter().map(|(seq, _, told)| (seq, told.word)).collect();
    assert_eq!(told, [(1, "one".into()), (2, "two".into()), (3, "three".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_is_deleted_under_load_is_made_anew_with_the_same_numbers() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let _listener = world.run(listener());
    for number in 0..20 {
        world.tell(&format!("word {number}")).await;
    }
    world.until_told(20).await;
    let before = world.stream().await;
    let load = async {
        for number in 20..200 {
            world.tell(&format!("word {number}")).await;
        }
    };
    let deletions = async {
        for _ in 0..3 {
            world.jetstream("$JS.API.STREAM.DELETE.TELLER", serde_json::json!({})).await;
            tokio::task::yield_now().await;
        }
    };
    tokio::join!(load, deletions);
    world.until_told(200).await;
    let after = world.stream().await;
    assert_eq!(after[..20], before[..], "the same numbers, identifiers and words");
    let heard = world.until_heard(200).await;
    let expected: Vec<String> = (0..200).map(|number| format!("word {number}")).collect();
    assert_eq!(heard, expected, "each word once and in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_was_rolled_back_is_completed() {
    let mut world = World::start().await;
    let teller_runs = world.run(teller());
    for number in 0..10 {
        world.tell(&format!("word {number}")).await;
    }
    world.until_told(10).await;
    teller_runs.stop().await.unwrap();
    world.broker.kill();
    let copy = tempfile::tempdir().unwrap();
    copy_folder(&world.broker.store(), copy.path());
    world.broker.restart();
    let teller_runs = world.run(teller());
    for number in 10..30 {
        world.client().call(&Tell { word: format!("word {number}") }, soon()).await.unwrap();
    }
    world.until_told(30).await;
    let before = world.stream().await;
    world.broker.kill();
    std::fs::remove_dir_all(world.broker.store()).unwrap();
    copy_folder(copy.path(), &world.broker.store());
    world.broker.restart();
    world.until_told(30).await;
    assert_eq!(world.stream().await, before);
    teller_runs.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_with_holes_is_made_anew() {
    let world = World::start().await;
    let running = world.run(teller());
    for number in 0..5 {
        world.tell(&format!("word {number}")).await;
    }
    world.until_told(5).await;
    let before = world.stream().await;
    running.stop().await.unwrap();
    // The shop's streams forbid it; a damaged store does it all the same. So the stream is put back
    // without that rule, and with a hole.
    let js = async_nats::jetstream::new(world.client().nats().clone());
    let stream = js.get_stream("TELLER").await.unwrap();
    let mut config = stream.cached_info().config.clone();
    config.deny_delete = false;
    js.delete_stream("TELLER").await.unwrap();
    js.create_stream(config).await.unwrap();
    let running = world.run(teller());
    world.until_told(5).await;
    running.stop().await.unwrap();
    let stream = js.get_stream("TELLER").await.unwrap();
    stream.delete_message(3).await.unwrap();
    let _running = world.run(teller());
    eventually("no hole", || async {
        let info = js.get_stream("TELLER").await.ok()?.cached_info().clone();
        (info.state.messages == 5).then_some(())
    })
    .await;
    assert_eq!(world.stream().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_older_than_its_stream_refuses_to_tell() {
    let world = World::start().await;
    let running = world.run(teller());
    world.tell("one").await;
    world.until_told(1).await;
    running.stop().await.unwrap();
    let copy = tempfile::tempdir().unwrap();
    copy_folder(world.folder.path(), copy.path());
    let running = world.run(teller());
    world.client().call(&Tell { word: "two".into() }, soon()).await.unwrap();
    world.until_told(2).await;
    running.stop().await.unwrap();

    let _restored = world.run_in(copy.path(), teller());
    let refused = world.client().call(&Tell { word: "another two".into() }, soon()).await.unwrap_err();

    assert_eq!(refused.reason, reason::DATABASE_BEHIND_STREAM);
    assert!(
        refused.message.contains("teller.db") && refused.message.contains("TELLER"),
        "names the mend: {refused}"
    );
    let words: Vec<String> = world.stream().await.into_iter().map(|(_, _, told)| told.word).collect();
    assert_eq!(words, ["one", "two"]);
    assert!(!world.health("teller").await.is_well());

    world.jetstream("$JS.API.STREAM.DELETE.TELLER", serde_json::json!({})).await;
    eventually("the service accepts changes again", || async {
        world.client().ask(&Tell { word: "two again".into() }).await.ok()
    })
    .await;
    world.until_told(2).await;
}

/// The message that nobody here told must not hide that the stream knows more than the database.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_older_than_its_stream_refuses_to_tell_also_behind_foreign_messages() {
    for newer in [1, 5] {
        let world = World::start().await;
        let running = world.run(teller());
        world.tell("one").await;
        world.until_told(1).await;
        running.stop().await.unwrap();
        let copy = tempfile::tempdir().unwrap();
        copy_folder(world.folder.path(), copy.path());
        let running = world.run(teller());
        for number in 0..newer {
            let word = format!("newer {number}");
            world.client().call(&Tell { word }, soon()).await.unwrap();
        }
        world.until_told(1 + newer).await;
        running.stop().await.unwrap();
        let nats = world.client().nats();
        for foreign in 1..=3 {
            let asked =
                nats.publish_with_reply("$JS.API.STREAM.INFO.TELLER", "events.teller.told", "".into());
            asked.await.unwrap();
            world.until_told(1 + newer + foreign).await;
        }

        let _restored = world.run_in(copy.path(), teller());
        let refused = world.client().call(&Tell { word: "another".into() }, soon()).await.unwrap_err();
        assert_eq!(refused.reason, reason::DATABASE_BEHIND_STREAM, "{newer}");
        world.until_told(1 + newer + 3).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_database_does_not_write_into_the_stream_of_another() {
    let world = World::start().await;
    let running = world.run(teller());
    world.tell("one").await;
    world.until_told(1).await;
    running.stop().await.unwrap();
    let empty = tempfile::tempdir().unwrap();
    let _other = world.run_in(empty.path(), teller());
    let refused = world.client().call(&Tell { word: "other".into() }, soon()).await.unwrap_err();
    assert_eq!(refused.reason, reason::DATABASE_BEHIND_STREAM);
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_taken_while_the_broker_is_away_and_told_when_it_is_back() {
    let mut world = World::start().await;
    let _teller = world.run(teller());
    world.tell("before").await;
    world.until_told(1).await;
    world.broker.restart();
    world.client().call(&Tell { word: "after".into() }, soon()).await.unwrap();
    world.until_told(2).await;
}

pub(super) fn copy_folder(from: &Path, to: &Path) {
    let status = std::process::Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(status.success());
}
