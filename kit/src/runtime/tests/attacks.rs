//! What a holder of a key sends that no client library would.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use base64ct::{Base64UrlUnpadded, Encoding};
use tokio::time::timeout;

use super::*;
use crate::access::{Identity, Position};

/// How long a thing that must not come is waited for.
const A_MOMENT: Duration = Duration::from_millis(300);

/// Says something to the broker as the holder of a key, byte by byte.
fn says(link: &Link, what: &[u8]) {
    let identity: &Identity = link.identity.as_ref().unwrap();
    let mut stream = TcpStream::connect(link.url.strip_prefix("nats://").unwrap()).unwrap();
    let mut lines = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    lines.read_line(&mut line).unwrap();
    let info: serde_json::Value = serde_json::from_str(line.strip_prefix("INFO ").unwrap()).unwrap();
    let pair = nkeys::KeyPair::from_seed(identity.seed()).unwrap();
    let signature = pair.sign(info["nonce"].as_str().unwrap().as_bytes()).unwrap();
    let connect = serde_json::json!({
        "verbose": false, "pedantic": false, "headers": true, "nkey": identity.public_key(),
        "sig": Base64UrlUnpadded::encode_string(&signature),
    });
    stream.write_all(format!("CONNECT {connect}\r\n").as_bytes()).unwrap();
    stream.write_all(what).unwrap();
    stream.write_all(b"PING\r\n").unwrap();
    line.clear();
    while !line.starts_with("PONG") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "the broker has hung up");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_at_which_the_client_library_panics_makes_no_service_deaf_for_good() {
    let world = World::start().await;
    let _teller = world.run(teller());
    world.tell("one").await;
    for header in [
        &b"NATS/1.0\r\nA: x\ry\r\n\r\n"[..],
        b"NATS/1.0\r\nA: \xff\xfe\r\n\r\n",
        b"NATS/1.0\r\nno colon\r\n\r\n",
    ] {
        let sizes = format!("{} {}", header.len(), header.len() + 2);
        let message =
            [b"HPUB teller.count _INBOX.operator.x ", sizes.as_bytes(), b"\r\n", header, b"{}\r\n"].concat();
        says(&world.broker.link_of("operator"), &message);
        eventually("the teller answers again", || async { world.client().ask(&Count {}).await.ok() }).await;
        world.tell("after it").await;
    }
    world.until_told(4).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_cannot_take_what_is_on_its_way_to_a_service() {
    let (world, acme, _running) = world_with_acme().await;
    let inbox = acme.nats().new_inbox();
    let mut stolen = acme.nats().subscribe(inbox.clone()).await.unwrap();
    // Read as the broker will have it: domain, account, stream, consumer. As it has it today:
    // stream, consumer, deliveries, number. What is asked for is the next message.
    for _ in 0..3 {
        let asked = "$JS.ACK.TELLER.listener.1.acme.1.1.1";
        acme.nats().publish_with_reply(asked, inbox.clone(), "+NXT".into()).await.unwrap();
    }
    acme.nats().flush().await.unwrap();
    for word in ["two", "three", "four"] {
        world.tell(word).await;
    }
    assert_eq!(world.until_heard(4).await, ["one", "two", "three", "four"]);
    assert!(timeout(A_MOMENT, stolen.next()).await.is_err(), "nothing was taken");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_seen_inboxes_of_somebody_cannot_tell_the_next_one() {
    let world = World::start().await;
    let client = world.client();
    let seen: Vec<String> = (0..3).map(|_| client.nats().new_inbox()).collect();
    let last = |inbox: &String| inbox.rsplit('.').next().unwrap().to_owned();
    let alike = |one: &str, other: &str| one.bytes().zip(other.bytes()).take_while(|(a, b)| a == b).count();
    for pair in seen.windows(2) {
        let (one, other) = (last(&pair[0]), last(&pair[1]));
        assert!(one.len() >= 22 && alike(&one, &other) < 6, "{one} and {other} come from one count");
    }
}

/// The broker answers wherever a request says, also as a command to itself: "no messages" has no body,
/// and neither has the command to delete a stream.
#[tokio::test(flavor = "multi_thread")]
async fn a_subscriber_cannot_let_the_broker_command_itself() {
    let (world, acme, _running) = world_with_acme().await;
    let js = async_nats::jetstream::with_domain(acme.nats().clone(), crate::bus::OUTSIDE_DOMAIN);
    eventually("acme has a consumer", || async {
        js.get_stream("TELLER").await.ok()?.consumer_info("acme").await.ok()
    })
    .await;
    let before = js.get_stream("TELLER").await.unwrap().cached_info().clone();
    for target in [
        "$JS.API.STREAM.PURGE.TELLER",
        "$JS.API.STREAM.DELETE.TELLER",
        "$JS.API.CONSUMER.DELETE.TELLER.listener",
        "events.teller.told",
    ] {
        for _ in 0..3 {
            let asked = "$JS.shop.API.CONSUMER.MSG.NEXT.TELLER.acme";
            let none = r#"{"batch":5,"no_wait":true}"#;
            acme.nats().publish_with_reply(asked, target, none.into()).await.unwrap();
        }
    }
    acme.nats().flush().await.unwrap();
    let info = js.get_stream("TELLER").await.unwrap().cached_info().clone();
    assert_eq!((info.created, info.state.messages), (before.created, 1), "it is the same stream");
    let stream = world.client().streams().await.unwrap().into_iter().find(|stream| stream.name == "TELLER");
    assert_eq!(stream.unwrap().last, 1);
    let consumers = world.client().consumers("TELLER").await.unwrap();
    assert!(consumers.iter().any(|consumer| consumer.name == "listener"));
}

/// What the broker hands out as it stands could be the configuration of a stream for everybody's secrets.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_cannot_let_the_broker_make_a_stream_of_what_it_told() {
    let world = World::start().await;
    let (_teller, _listener) = (world.run(teller()), world.run(listener()));
    world.tell("one").await;
    world.until_heard(1).await;
    let taken_over = world.broker.client_of("teller").await;
    let evil = serde_json::json!({
        "name": "EVIL", "subjects": ["_INBOX.operator.>"], "retention": "limits", "storage": "memory",
        "discard": "old", "max_consumers": -1, "max_msgs": -1, "max_bytes": 1_000_000, "max_age": 0,
        "num_replicas": 1,
    });
    let nats = taken_over.nats();
    nats.request("events.teller.evil", evil.to_string().into()).await.unwrap();
    for get in ["$JS.API.DIRECT.GET.TELLER", "$JS.API.STREAM.MSG.GET.TELLER"] {
        let asked = r#"{"last_by_subj":"events.teller.evil"}"#;
        nats.publish_with_reply(get, "$JS.API.STREAM.CREATE.EVIL", asked.into()).await.unwrap();
    }
    nats.flush().await.unwrap();
    world.tell("two").await;
    world.until_heard(2).await;
    assert!(world.client().streams().await.unwrap().iter().all(|stream| stream.name != "EVIL"));
}

/// A world in which a word was told and heard, and an outside subscriber who is connected.
async fn world_with_acme() -> (World, Client, [Running; 2]) {
    let mut world = World::start().await;
    world.broker.keys().add("acme", Position::Subscriber);
    world.broker.reload();
    let running = [world.run(teller()), world.run(listener())];
    world.tell("one").await;
    world.until_heard(1).await;
    let connect = || async { world.broker.try_client_of("acme").await.ok() };
    let acme = eventually("the broker lets acme in", connect).await;
    (world, acme, running)
}
