//! A broker that does not say what its streams hold when a service starts.

use super::relay::copy_folder;
use super::*;
use crate::error::reason;

/// The broker with its streams, or without: it carries requests then, and knows of no stream.
fn restart(world: &mut World, with_streams: bool) {
    let path = world.broker.folder().join("nats.conf");
    let text = std::fs::read_to_string(&path).unwrap();
    let (on, off) = ("jetstream {\n", "jetstream {\n  enabled: false\n");
    let text = if with_streams { text.replace(off, on) } else { text.replace(on, off) };
    std::fs::write(&path, text).unwrap();
    world.broker.restart();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_older_than_its_stream_accepts_nothing_before_the_broker_can_tell() {
    let mut world = World::start().await;
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

    restart(&mut world, false);
    let _restored = world.run_in(copy.path(), teller());
    let refused = world.client().call(&Tell { word: "another two".into() }, soon()).await.unwrap_err();
    assert_eq!(refused.reason, reason::STREAM_UNKNOWN, "{refused:?}");
    assert!(refused.kind.is_retryable());
    assert!(!world.health("teller").await.is_well());

    restart(&mut world, true);
    eventually("it knows", || async {
        let asked = world.client().ask(&Tell { word: "another two".into() }).await;
        asked.is_err_and(|error| error.reason == reason::DATABASE_BEHIND_STREAM).then_some(())
    })
    .await;
    let words: Vec<String> = world.stream().await.into_iter().map(|(_, _, told)| told.word).collect();
    assert_eq!(words, ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_started_while_the_broker_could_not_tell_accepts_by_itself_once_it_can() {
    let mut world = World::start().await;
    let running = world.run(teller());
    world.tell("one").await;
    world.until_told(1).await;
    running.stop().await.unwrap();
    restart(&mut world, false);
    let running = world.run(teller());
    let refused = world.client().call(&Tell { word: "two".into() }, soon()).await.unwrap_err();
    assert_eq!(refused.reason, reason::STREAM_UNKNOWN, "{refused:?}");
    assert_eq!(world.client().ask(&Count {}).await.unwrap().words, 1, "reads go on");

    restart(&mut world, true);
    eventually("it accepts", || async { world.client().ask(&Tell { word: "two".into() }).await.ok() }).await;
    world.until_told(2).await;

    // Who runs already goes on without the streams: it knows that nobody is ahead of it.
    restart(&mut world, false);
    world.client().call(&Tell { word: "three".into() }, soon()).await.unwrap();
    restart(&mut world, true);
    world.until_told(3).await;
    running.stop().await.unwrap();
}
