//! A stream that the broker does not open any more, because what it wrote about it was damaged.

use super::*;

/// Damages one field in the description of something, while the broker is down. What it makes of a field
/// that it does not know: it was written by a newer broker, so neither the thing nor its stream is opened.
async fn with_an_unknown_field(world: &mut World, file: &str, field: &str) {
    world.broker.kill();
    let path = find(&world.broker.store(), file).expect("the description");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(field), "{text}");
    std::fs::write(&path, text.replace(field, &format!("z{}", &field[1..]))).unwrap();
    world.broker.restart();
}

fn find(folder: &Path, ending: &str) -> Option<std::path::PathBuf> {
    std::fs::read_dir(folder).ok()?.flatten().find_map(|entry| {
        let path = entry.path();
        if path.is_dir() { find(&path, ending) } else { path.ends_with(ending).then_some(path) }
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_consumer_was_damaged_is_made_anew_and_heard_to_the_end() {
    let mut world = World::start().await;
    let _services = [world.run(teller()), world.run(listener())];
    world.tell("before").await;
    world.until_told(1).await;
    world.until_heard(1).await;
    with_an_unknown_field(&mut world, "TELLER/obs/listener/meta.inf", "replay_policy").await;
    world.client().call(&Tell { word: "after".into() }, soon()).await.unwrap();
    world.until_told(2).await;
    assert_eq!(world.until_heard(2).await, ["before", "after"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_whose_description_was_damaged_is_made_anew() {
    let mut world = World::start().await;
    let _services = [world.run(teller()), world.run(listener())];
    world.tell("before").await;
    world.until_told(1).await;
    with_an_unknown_field(&mut world, "TELLER/meta.inf", "num_replicas").await;
    world.client().call(&Tell { word: "after".into() }, soon()).await.unwrap();
    world.until_told(2).await;
    assert_eq!(world.until_heard(2).await, ["before", "after"]);
}

/// The broker reads what is left of a consumer of the same name, and then makes none.
#[tokio::test(flavor = "multi_thread")]
async fn a_hearer_whose_consumer_has_a_damaged_state_goes_on_hearing() {
    let mut world = World::start().await;
    let _services = [world.run(teller()), world.run(listener())];
    world.tell("before").await;
    world.until_told(1).await;
    world.until_heard(1).await;
    world.broker.kill();
    let state = find(&world.broker.store(), "TELLER/obs/listener/o.dat").expect("a state");
    std::fs::write(&state, [0; 40]).unwrap();
    world.broker.restart();
    world.client().call(&Tell { word: "after".into() }, soon()).await.unwrap();
    assert_eq!(world.until_heard(2).await, ["before", "after"]);
}

/// The broker counts the message, and gives it to nobody: what it is kept under does not fit what it says.
#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_the_broker_can_no_longer_read_is_told_again() {
    let mut world = World::start().await;
    let _services = [world.run(teller()), world.run(listener())];
    for word in ["one", "unreadable", "three"] {
        world.tell(word).await;
    }
    world.until_told(3).await;
    world.until_heard(3).await;
    // After an orderly end it believes its index, and does not look into the blocks when it starts.
    let broker = world.broker.pid();
    assert!(std::process::Command::new("kill").arg(broker.to_string()).status().unwrap().success());
    eventually("the broker has ended", || async {
        let runs = std::fs::read(format!("/proc/{broker}/cmdline")).is_ok_and(|line| !line.is_empty());
        (!runs).then_some(())
    })
    .await;
    world.broker.kill();
    let block = find(&world.broker.store(), "TELLER/msgs/1.blk").expect("a block of messages");
    let mut bytes = std::fs::read(&block).unwrap();
    let place = bytes.windows(10).position(|word| word == b"unreadable").expect("the word");
    bytes[place] ^= 1;
    std::fs::write(&block, bytes).unwrap();
    world.broker.restart();
    eventually("all three can be read", || async {
        let js = async_nats::jetstream::new(world.client().nats().clone());
        let stream = js.get_stream_no_info("TELLER").await.ok()?;
        for sequence in 1..=3 {
            stream.get_raw_message(sequence).await.ok()?;
        }
        Some(())
    })
    .await;
    world.tell("four").await;
    assert_eq!(world.until_heard(4).await, ["one", "unreadable", "three", "four"]);
}
