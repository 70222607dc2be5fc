//! What a pruning must know of a stream.

use super::*;
use crate::streams::HEARERS;

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_says_who_hears_it() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let jetstream = async_nats::jetstream::new(world.client().nats().clone());
    let hearers = eventually("the stream of the teller", async || {
        let stream = jetstream.get_stream("TELLER").await.ok()?;
        stream.cached_info().config.metadata.get(HEARERS).cloned()
    })
    .await;
    assert_eq!(hearers, "listener");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_young_stream_that_is_full_makes_room_as_soon_as_all_hearers_have_heard() {
    let world = World::start().await;
    let _teller = world.run(teller());
    let _listener = world.run(listener());
    world.tell("word 0").await;
    world.until_heard(1).await;
    let jetstream = async_nats::jetstream::new(world.client().nats().clone());
    let mut config = jetstream.get_stream("TELLER").await.unwrap().cached_info().config.clone();
    config.max_bytes = 4000;
    jetstream.update_stream(config).await.unwrap();
    for number in 1..30 {
        world.tell(&format!("word {number}")).await;
    }
    world.until_told(30).await;
    let expected: Vec<String> = (0..30).map(|number| format!("word {number}")).collect();
    assert_eq!(world.until_heard(30).await, expected, "each word once and in order");
    let first = jetstream.get_stream("TELLER").await.unwrap().cached_info().state.first_sequence;
    assert!(first > 1, "what everybody had heard is gone");
}
