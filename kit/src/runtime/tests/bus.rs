//! What a holder of a key cannot do at the broker, tried with the key.

use std::path::Path;

use async_nats::HeaderMap;
use tokio::time::timeout;

use super::*;
use crate::access::{Identity, Position};
use crate::client::Voice;
use crate::error::{Kind, reason};
use crate::runtime::{Ended, permits};
use crate::streams::MakeConsumer;

/// How long a thing that must not come is waited for.
const A_MOMENT: Duration = Duration::from_millis(300);

/// How long an answer may take that nobody wants to wait for.
const A_LONG_TIME: Duration = Duration::from_secs(120);

/// Tries a request at the broker with somebody's key; what comes back, if anything does.
async fn tries(world: &World, name: &str, subject: &str, body: &str) -> Option<String> {
    let client = world.broker.client_of(name).await;
    let asked = client.nats().request(subject.to_owned(), body.to_owned().into());
    let answer = timeout(A_MOMENT, asked).await.ok()?.ok()?;
    Some(String::from_utf8_lossy(&answer.payload).into_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_in_without_a_key_that_the_broker_knows() {
    let world = World::start().await;
    let link = world.broker.link_of("teller");
    let stranger = Arc::new(Identity::generate("teller").unwrap());
    for identity in [None, Some(stranger)] {
        let refused = Client::connect(&Link { identity, ..link.clone() }, Duration::from_secs(5)).await;
        let error = refused.err().expect("nobody gets in");
        assert_eq!((error.kind, &*error.reason), (Kind::Unauthenticated, reason::NOT_ADMITTED), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_may_not_ask_is_told_so_and_does_not_wait_for_an_answer() {
    let mut world = World::start().await;
    world.broker.keys().add("window", Position::Storefront);
    world.broker.keys().add("acme", Position::Subscriber);
    world.broker.reload();
    let _teller = world.run(teller());
    world.tell("one").await;
    for name in ["window", "acme"] {
        let connect = || async { world.broker.try_client_of(name).await.ok() };
        let client = eventually("the broker lets them in", connect).await;
        let refused = |error: Error, subject: &str| {
            assert_eq!((error.kind, &*error.reason), (Kind::Forbidden, reason::FORBIDDEN), "{error}");
            assert_eq!(error.message, format!("the key {name} may not publish to {subject} at the broker"));
        };
        let call = Call { timeout: A_LONG_TIME, ..Call::default() };
        let asked = timeout(A_LONG_TIME / 2, client.call(&Count {}, call));
        refused(asked.await.expect("an answer at once").unwrap_err(), "teller.count");
        let asked = timeout(A_LONG_TIME / 2, client.services(A_LONG_TIME));
        refused(asked.await.expect("an answer at once").unwrap_err(), "$SRV.INFO");
        refused(client.streams().await.unwrap_err(), "$JS.API.STREAM.LIST");
        refused(client.consumers("TELLER").await.unwrap_err(), "$JS.API.CONSUMER.LIST.TELLER");
        refused(client.message("TELLER", 1).await.unwrap_err(), "$JS.API.STREAM.MSG.GET.TELLER");
        client.round_trip().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_cannot_do_what_is_anothers() {
    let world = World::start().await;
    let (_teller, _listener) = (world.run(teller()), world.run(listener()));
    world.tell("one").await;
    world.until_heard(1).await;
    let evil_stream = r#"{"name":"LISTENER","subjects":["events.listener.>","_INBOX.operator.>"]}"#;
    let evil_consumer =
        r#"{"stream_name":"TELLER","config":{"durable_name":"listener","deliver_subject":"x"}}"#;
    for (subject, body) in [
        ("events.teller.told", r#"{"word":"forged","number":2}"#),
        ("$JS.API.STREAM.PURGE.TELLER", ""),
        ("$JS.API.STREAM.PURGE.LISTENER", ""),
        ("$JS.API.STREAM.DELETE.TELLER", ""),
        ("$JS.API.STREAM.DELETE.LISTENER", ""),
        ("$JS.API.STREAM.CREATE.LISTENER", evil_stream),
        ("$JS.API.STREAM.UPDATE.LISTENER", evil_stream),
        ("$JS.API.CONSUMER.CREATE.TELLER.listener", evil_consumer),
        ("$JS.API.CONSUMER.DELETE.TELLER.listener", ""),
        ("$JS.API.STREAM.MSG.GET.TELLER", r#"{"seq":1}"#),
        ("$JS.API.STREAM.NAMES", ""),
        ("$SYS.REQ.SERVER.PING", ""),
        ("$SYS.REQ.ACCOUNT.SHOP.CONNZ", ""),
        ("$SRV.PING", ""),
        ("teller.count", "{}"),
    ] {
        assert_eq!(tries(&world, "listener", subject, body).await, None, "{subject}");
    }
    let told: Vec<String> = world.stream().await.into_iter().map(|(_, _, told)| told.word).collect();
    assert_eq!(told, ["one"], "nothing was added, nothing is gone");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_a_consumer_of_what_they_do_not_hear() {
    let world = World::start().await;
    let _teller = world.run(teller());
    world.tell("one").await;
    world.until_told(1).await;
    let teller = world.broker.client_of("teller").await;
    for source in ["teller", "streams", "nobody", "*", ""] {
        let subjects = vec![format!("events.{source}.told")];
        let asked = MakeConsumer { source: source.into(), subjects, start: 1 };
        let said = teller.ask(&asked).await.unwrap_err();
        assert_eq!(said.reason, reason::FORBIDDEN, "{source:?}");
    }
    assert!(world.client().consumers("TELLER").await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_cannot_listen_to_what_is_anothers() {
    let world = World::start().await;
    let _teller = world.run(teller());
    world.tell("one").await;
    let listener = world.broker.client_of("listener").await;
    for subject in ["_INBOX.operator.>", "_INBOX.>", "teller.tell", "events.teller.>", "$SYS.>", "$JS.>", ">"]
    {
        let mut overheard = listener.nats().subscribe(subject).await.unwrap();
        world.tell("two").await;
        assert!(timeout(A_MOMENT, overheard.next()).await.is_err(), "{subject}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_to_an_inbox_and_nowhere_else() {
    let world = World::start().await;
    let _teller = world.run(teller());
    world.tell("one").await;
    world.until_told(1).await;
    let operator = world.client().nats();
    for target in ["events.teller.told", "$JS.API.STREAM.PURGE.TELLER", "teller.tell"] {
        operator.publish_with_reply("teller.count", target, "{}".into()).await.unwrap();
    }
    // The client library answers these by itself; the broker does not let the answer pass.
    for target in ["events.listener.told", "$JS.API.STREAM.PURGE.TELLER", "teller.tell"] {
        operator.publish_with_reply("$SRV.PING.teller", target, "".into()).await.unwrap();
    }
    world.tell("two").await;
    world.until_told(2).await;
    let told: Vec<String> = world.stream().await.into_iter().map(|(_, _, told)| told.word).collect();
    assert_eq!(told, ["one", "two"]);
}

/// The broker sends what it answers wherever a request says, also into a stream: nobody can be kept
/// from that who may ask the broker anything.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_let_the_broker_write_into_a_stream_is_not_heard_and_goes_away() {
    let world = World::start().await;
    let (_teller, _listener) = (world.run(teller()), world.run(listener()));
    world.tell("one").await;
    world.until_heard(1).await;
    let listener = world.broker.client_of("listener").await;
    let asked =
        listener.nats().publish_with_reply("$JS.API.STREAM.INFO.TELLER", "events.teller.told", "".into());
    asked.await.unwrap();
    eventually("the foreign message is there", || async {
        let streams = world.client().streams().await.ok()?;
        streams.into_iter().find(|stream| stream.name == "TELLER" && stream.last == 2)
    })
    .await;
    // Many at once: the second of them would fit behind the foreign message in the place of the first.
    futures_util::future::join_all((0..50).map(|number| {
        let word = format!("word {number}");
        let world = &world;
        async move { world.tell(&word).await }
    }))
    .await;
    let heard = world.until_heard(51).await;
    world.until_told(51).await;
    let told: Vec<String> = world.stream().await.into_iter().map(|(_, _, told)| told.word).collect();
    assert_eq!(told, heard, "the stream says again what the outbox says, and each word was heard once");
    assert_eq!(world.health("listener").await.dead_letters, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_lacks_a_permission_ends_and_names_it() {
    let mut world = World::start().await;
    let peers = &mut world.broker.keys().shop().peers;
    peers.retain(|peer| peer.name != "listener");
    let mut poorer = Peer::of(&listener());
    poorer.hears.clear();
    world.broker.keys().shop().peers.push(poorer);
    world.broker.keys().write();
    reloaded(&world, "listener", "$JS.API.CONSUMER.MSG.NEXT.TELLER.listener").await;
    let Err(Ended::Configuration(said)) = world.run(listener()).ended().await else { panic!("it ends") };
    assert!(said.contains("publish $JS.API.CONSUMER.MSG.NEXT.TELLER.listener"), "{said}");
    assert!(said.contains("listener"), "{said}");
}

/// A service used to end, and say that something was not permitted.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_stands_still_while_a_service_starts_has_not_refused_anything() {
    let world = World::start().await;
    let listener_of_its_own = world.broker.client_of("listener").await;
    let vitals = crate::vitals::Vitals::default();
    let signal = |name: &str| {
        let sent = std::process::Command::new("kill").args([name, &world.broker.pid().to_string()]).status();
        assert!(sent.unwrap().success());
    };
    signal("-STOP");
    let service = listener();
    let checked = permits::check(listener_of_its_own.nats(), &service, &vitals);
    let (checked, said) = tokio::join!(checked, async {
        let said =
            eventually("it says what it waits for", || async { vitals.states().remove(permits::PART) });
        let said = said.await;
        signal("-CONT");
        said
    });
    assert!(checked.is_ok());
    assert_eq!(said, "the broker does not say what it permits");
    assert_eq!(vitals.states()[permits::PART], "ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_without_a_key_ends_and_says_so() {
    let world = World::start().await;
    std::fs::remove_file(Identity::path(&world.broker.options(Path::new("x")).keys(), "listener")).unwrap();
    let Err(Ended::Configuration(said)) = world.run(listener()).ended().await else { panic!("it ends") };
    assert!(said.contains("listener.seed") && said.contains("keys make"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_reads_its_own_consumer_and_nothing_else() {
    let mut world = World::start().await;
    world.broker.keys().add("acme", Position::Subscriber);
    world.broker.reload();
    let (_teller, _listener) = (world.run(teller()), world.run(listener()));
    world.tell("one").await;
    let acme =
        eventually("the broker lets acme in", || async { world.broker.try_client_of("acme").await.ok() })
            .await;
    let js = async_nats::jetstream::with_domain(acme.nats().clone(), crate::bus::OUTSIDE_DOMAIN);
    let consumer: async_nats::jetstream::consumer::PullConsumer =
        eventually("acme has a consumer", || async {
            let stream = js.get_stream("TELLER").await.ok()?;
            stream.get_consumer("acme").await.ok()
        })
        .await;
    let mut messages =
        consumer.fetch().max_messages(1).expires(Duration::from_secs(5)).messages().await.unwrap();
    let message = messages.next().await.unwrap().unwrap();
    assert_eq!(message.subject.as_str(), "events.teller.told");
    message.ack().await.unwrap();
    eventually("it is acknowledged", || async {
        let consumers = world.client().consumers("TELLER").await.ok()?;
        consumers.into_iter().find(|consumer| consumer.name == "acme" && consumer.acknowledged == 1)
    })
    .await;
    for (subject, body) in [
        ("events.teller.told", "{}"),
        ("teller.tell", r#"{"word":"forged"}"#),
        ("teller.health", "{}"),
        ("$JS.API.STREAM.DELETE.TELLER", ""),
        ("$JS.API.STREAM.PURGE.TELLER", ""),
        ("$JS.API.STREAM.MSG.GET.TELLER", r#"{"seq":1}"#),
        ("$JS.API.CONSUMER.CREATE.TELLER.acme", "{}"),
        ("$JS.API.CONSUMER.MSG.NEXT.TELLER.listener", "1"),
        ("$JS.API.CONSUMER.DELETE.TELLER.listener", ""),
        ("$JS.shop.API.STREAM.DELETE.TELLER", ""),
        ("$JS.shop.API.CONSUMER.MSG.NEXT.TELLER.listener", "1"),
        ("$SYS.REQ.SERVER.PING", ""),
    ] {
        assert_eq!(tries(&world, "acme", subject, body).await, None, "{subject}");
    }
    let mut live = acme.nats().subscribe("events.>").await.unwrap();
    world.tell("two").await;
    assert!(timeout(A_MOMENT, live.next()).await.is_err());
    world.broker.keys().remove("acme");
    world.broker.reload();
    eventually("nothing of acme is left", || async {
        let consumers = world.client().consumers("TELLER").await.ok()?;
        consumers.iter().all(|consumer| consumer.name != "acme").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_tells_its_own_readings_and_nothing_else() {
    let mut world = World::start().await;
    world.broker.keys().add("sensor_1", Position::Device);
    world.broker.reload();
    let _teller = world.run(teller());
    world.tell("one").await;
    let sensor =
        eventually("the broker lets it in", || async { world.broker.try_client_of("sensor_1").await.ok() })
            .await;
    let answer = sensor.nats().request(crate::bus::OWN_PERMISSIONS, "".into()).await.unwrap();
    let said = String::from_utf8_lossy(&answer.payload).into_owned();
    assert!(said.contains("telemetry.*.sensor_1"), "{said}");
    for (subject, body) in [
        ("telemetry.berlin.sensor_2", "{}"),
        ("events.teller.told", "{}"),
        ("teller.count", "{}"),
        ("$JS.API.STREAM.NAMES", ""),
    ] {
        assert_eq!(tries(&world, "sensor_1", subject, body).await, None, "{subject}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_who_is_taken_out_of_the_roster_is_cut_off() {
    let mut world = World::start().await;
    world.broker.keys().add("bob", Position::Operator);
    world.broker.reload();
    let _teller = world.run(teller());
    world.tell("one").await;
    let bob =
        eventually("the broker lets bob in", || async { world.broker.try_client_of("bob").await.ok() }).await;
    eventually("the teller knows bob", || async { bob.ask(&Count {}).await.ok() }).await;
    let token = Arc::clone(world.broker.link_of("bob").identity.as_ref().unwrap())
        .token_for("teller", Client::now())
        .unwrap();
    world.broker.keys().remove("bob");
    world.broker.reload();
    eventually("the broker refuses bob", || async { world.broker.try_client_of("bob").await.err() }).await;
    // What he signed before is worth nothing either, whoever carries it.
    let carried = world.client().speaking(Voice::Token(token));
    let refused = eventually("his token is refused", || async { carried.ask(&Count {}).await.err() }).await;
    assert_eq!(refused.reason, reason::INVALID_TOKEN);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_for_one_service_is_none_for_another_and_nobody_speaks_for_others() {
    let world = World::start().await;
    let _teller = world.run(teller());
    world.tell("one").await;
    let own = world.broker.link_of("operator").identity.unwrap();
    let elsewhere = own.token_for("listener", Client::now()).unwrap();
    let refused = world.client().speaking(Voice::Token(elsewhere)).ask(&Count {}).await.unwrap_err();
    assert_eq!(refused.reason, reason::INVALID_TOKEN);
    let refused = world.client().speaking(Voice::Nobody).ask(&Count {}).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Unauthenticated);
    let mut headers = HeaderMap::new();
    let token = own.token_for("teller", Client::now()).unwrap();
    headers.insert(crate::wire::AUTHORIZATION, format!("Bearer {token}").as_str());
    headers.insert(crate::wire::BEHALF, "admin:somebody");
    let answer =
        world.client().nats().request_with_headers("teller.count", headers, "{}".into()).await.unwrap();
    assert_eq!(crate::wire::error_of(answer.headers.as_ref()).unwrap().reason, reason::FORBIDDEN);
}

/// Waits until the broker has read its users again: somebody may not do any more what they could.
async fn reloaded(world: &World, name: &str, publish: &str) {
    world.broker.reload();
    eventually("the broker has read its users again", || async {
        let client = world.broker.try_client_of(name).await.ok()?;
        let answer = client.nats().request(crate::bus::OWN_PERMISSIONS, "".into()).await.ok()?;
        (!String::from_utf8_lossy(&answer.payload).contains(publish)).then_some(())
    })
    .await;
}
