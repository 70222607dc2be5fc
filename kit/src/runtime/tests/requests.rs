//! Requests: one answer a key, clear refusals, discovery, and a drain that loses nothing.

use super::*;
use crate::error::{Kind, reason};

fn under(key: &str) -> Call {
    Call { key: Some(key.into()), ..soon() }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_does_it_once_also_at_once_and_after_a_restart() {
    let world = World::start().await;
    let running = world.run(teller());
    let tell = Tell { word: "once".into() };
    let at_once =
        futures_util::future::join_all((0..50).map(|_| world.client().call(&tell, under("k-1")))).await;
    let first = at_once[0].as_ref().unwrap().clone();
    assert!(at_once.iter().all(|answer| answer.as_ref().unwrap() == &first));
    running.stop().await.unwrap();
    let _running = world.run(teller());
    assert_eq!(world.client().call(&tell, under("k-1")).await.unwrap(), first);
    assert_eq!(world.client().ask(&Count {}).await.unwrap().words, 1);

    let other = world.client().call(&Tell { word: "other".into() }, under("k-1")).await.unwrap_err();
    assert_eq!((other.kind, &*other.reason), (Kind::Refused, reason::IDEMPOTENCY_KEY_REUSED));
    assert_eq!(world.client().ask(&Count {}).await.unwrap().words, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_kept_under_its_key_and_a_failure_of_ours_is_not() {
    let world = World::start().await;
    let _running = world.run(teller());
    let forbidden = Tell { word: "forbidden".into() };
    for _ in 0..2 {
        let refused = world.client().call(&forbidden, under("k-2")).await.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::Refused, "forbidden_word"));
    }
    let failed = world.client().call(&Tell { word: "panic".into() }, under("k-3")).await.unwrap_err();
    assert_eq!((failed.kind, &*failed.reason), (Kind::Internal, reason::INTERNAL));
    assert!(world.client().call(&Tell { word: "fine".into() }, under("k-3")).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_request_gets_a_clear_error_and_nothing_is_written() {
    let world = World::start().await;
    let _running = world.run(teller());
    world.tell("ready").await;
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    let long = format!("{{\"word\":\"{}\"}}", "a".repeat(crate::limits::REQUEST_BYTES_MAX));
    let cases: [(&str, &str); 10] = [
        ("", reason::INVALID_BODY),
        ("not json", reason::INVALID_BODY),
        ("{}", reason::INVALID_BODY),
        ("[\"a\"]", reason::INVALID_BODY),
        ("{\"word\": 7}", reason::INVALID_BODY),
        ("{\"word\": \"a\", \"wrod\": \"b\"}", reason::INVALID_BODY),
        ("{\"word\": \"a\"} trailing", reason::INVALID_BODY),
        ("\u{0}\u{1b}[2J\r\n", reason::INVALID_BODY),
        (&deep, reason::INVALID_BODY),
        (&long, reason::BODY_TOO_LARGE),
    ];
    for (body, wanted) in cases {
        let call = Call { key: Some(Client::new_key()), ..soon() };
        let refused = world.client().call_raw("teller.tell", body.to_owned().into(), call).await.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::Invalid, wanted), "{body:.40}");
        assert!(!refused.message.contains(['\n', '\r', '\u{1b}']), "{:?}", refused.message);
    }
    for key in ["", "two words", "line\r\nbreak", "ünïcode", &"k".repeat(129)] {
        let refused = world.client().call(&Tell { word: "a".into() }, under(key)).await.unwrap_err();
        assert_eq!(refused.kind, Kind::Invalid, "{key:?}: {refused}");
    }
    let keyless =
        world.client().call_raw("teller.tell", "{\"word\":\"a\"}".into(), soon()).await.unwrap_err();
    assert_eq!(keyless.reason, reason::IDEMPOTENCY_KEY_MISSING);
    assert_eq!(world.client().ask(&Count {}).await.unwrap().words, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_is_found_and_counts_its_errors() {
    let world = World::start().await;
    let _running = world.run(teller());
    world.tell("ready").await;
    let _ = world.client().call(&Tell { word: "forbidden".into() }, soon()).await;
    let found = tellers(&world).await;
    assert_eq!(found.len(), 1);
    let subjects: Vec<&str> = found[0].endpoints.iter().map(|endpoint| &*endpoint.subject).collect();
    for subject in ["teller.tell", "teller.count", "teller.health", "teller.trace", "teller.dead_letters"] {
        assert!(subjects.contains(&subject), "{subject} in {subjects:?}");
    }
    let stats = world.jetstream("$SRV.STATS.teller", serde_json::json!({})).await;
    let tell = stats["endpoints"]
        .as_array()
        .unwrap()
        .iter()
        .find(|endpoint| endpoint["subject"] == "teller.tell")
        .unwrap();
    assert_eq!((tell["num_requests"].as_u64(), tell["num_errors"].as_u64()), (Some(2), Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_instance_stands_by_and_takes_over() {
    let world = World::start().await;
    let first = world.run(teller());
    world.tell("one").await;
    let _second = world.run(teller());
    assert_eq!(tellers(&world).await.len(), 1, "the second waits");
    first.stop().await.unwrap();
    let answer = world.client().call(&Tell { word: "two".into() }, soon()).await.unwrap();
    assert_eq!(answer.number, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_accepted_is_answered_when_a_service_is_told_to_stop() {
    let world = World::start().await;
    let running = world.run(teller());
    world.tell("ready").await;
    let load: Vec<_> = (0..200)
        .map(|number| {
            let client = world.client().clone();
            tokio::spawn(async move {
                let call = Call {
                    timeout: Duration::from_millis(1500),
                    key: Some(format!("load-{number}")),
                    trace: None,
                };
                client.call(&Tell { word: format!("word {number}") }, call).await
            })
        })
        .collect();
    eventually("some are in progress", || async {
        (world.client().ask(&Count {}).await.is_ok_and(|counted| counted.words > 20)).then_some(())
    })
    .await;
    running.stop().await.unwrap();
    let mut answered = Vec::new();
    for task in load {
        match task.await.unwrap() {
            Ok(word) => answered.push(word.word),
            Err(error) => assert_eq!(error.reason, reason::NO_RESPONDERS, "{error}"),
        }
    }
    let _running = world.run(teller());
    let told: Vec<String> = {
        let words = world.client().call(&Count {}, soon()).await.unwrap().words;
        world.until_told(u64::try_from(words).unwrap()).await;
        world.stream().await.into_iter().map(|(_, _, told)| told.word).collect()
    };
    assert_eq!(told.len(), answered.len() + 1, "nothing was written without an answer");
    assert!(answered.iter().all(|word| told.contains(word)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_waits_for_its_broker() {
    let mut world = World::start().await;
    world.broker.kill();
    let _running = world.run(teller());
    world.broker.restart();
    let answer = world.client().call(&Tell { word: "at last".into() }, soon()).await.unwrap();
    assert_eq!(answer.number, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_with_nothing_left_to_tell_ends_soon_also_without_its_broker() {
    let mut world = World::start().await;
    let running = world.run(teller());
    world.tell("one").await;
    world.until_told(1).await;
    eventually("the service knows that it is told", || async {
        (world.health("teller").await.outbox_published == 1).then_some(())
    })
    .await;
    world.broker.kill();
    let ended = tokio::time::timeout(crate::limits::DRAIN_TIME / 2, running.stop()).await;
    assert!(ended.is_ok_and(|ended| ended.is_ok()), "it did not wait out its drain");
}

async fn tellers(world: &World) -> Vec<crate::client::ServiceInfo> {
    let mut found = world.client().services(Duration::from_millis(300)).await.unwrap();
    found.retain(|service| service.name == "teller");
    found
}
