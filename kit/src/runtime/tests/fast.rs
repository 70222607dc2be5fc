//! Asking and listening as whoever measures does: once, and without looking into what is said.

use super::*;
use crate::error::reason;

async fn once(world: &World, subject: &str, word: &str, call: Call) -> Result<bytes::Bytes> {
    let body = serde_json::to_vec(&serde_json::json!({ "word": word })).unwrap();
    world.client().call_once(subject, body.into(), call).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_asked_for_once_is_answered_and_heard_like_any_other() {
    let world = World::start().await;
    let _running = world.run(teller());
    world.tell("ready").await;
    world.until_told(1).await;
    let mut watch = world.client().watch("events.teller.told").await.unwrap();
    let call = || Call { key: Some("k-1".into()), trace: Some(Client::new_trace()), ..soon() };
    let answer = once(&world, "teller.tell", "hello", call()).await.unwrap();
    assert_eq!(serde_json::from_slice::<Word>(&answer).unwrap().word, "hello");
    assert_eq!(once(&world, "teller.tell", "hello", call()).await.unwrap(), answer, "under the same key");
    let heard = watch.heard().await.unwrap();
    assert_eq!((heard.subject.as_str(), heard.key.as_str()), ("events.teller.told", "hello"));
    assert_eq!(serde_json::from_slice::<Told>(&heard.body).unwrap().number, 2);

    let refused = once(&world, "teller.tell", "forbidden", soon_under("k-2")).await.unwrap_err();
    assert_eq!(refused.reason, "forbidden_word");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_answers_is_said_at_once_and_not_tried_again() {
    let world = World::start().await;
    let nobody = once(&world, "teller.tell", "hello", soon_under("k-1")).await.unwrap_err();
    assert_eq!(nobody.reason, reason::NO_RESPONDERS);
    let _running = world.run(teller());
    world.tell("ready").await;
    let counted = world.client().ask(&Count {}).await.unwrap();
    assert_eq!(counted.words, 1, "what was asked before anybody listened was not kept for later");
}

fn soon_under(key: &str) -> Call {
    Call { key: Some(key.into()), ..soon() }
}
