//! Whom the broker lets in, and what they may do then.

use contracts::device::Credential;
use device::admit::CONNECTIONS_MAX;
use kit::testing::AskingServer;
use serde_json::json;

use super::{House, PROFILE, claims_of};

#[tokio::test]
async fn a_registered_device_may_speak_for_itself_and_nobody_else() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let id = credential.device;
    let may = house.connects(&id.to_string(), &credential.secret).await.unwrap();
    assert_eq!(may["aud"], "DEVICES");
    assert_eq!(
        may["nats"]["pub"]["allow"],
        json!([
            format!("devices.{id}.state.reported"),
            format!("devices.{id}.state.get"),
            format!("devices.{id}.claim.offer"),
            format!("telemetry.{}.{id}", credential.site),
        ])
    );
    let hears = may["nats"]["sub"]["allow"].as_array().unwrap();
    let own = |subject: &serde_json::Value| subject.as_str().unwrap().starts_with(&format!("devices.{id}."));
    assert!(hears.iter().all(|subject| own(subject) || subject == "$MQTT.sub.>"), "{hears:?}");
}

#[tokio::test]
async fn whoever_is_not_vouched_for_is_refused() {
    let house = House::open().await;
    let (one, other) = (house.registers(None).await.unwrap(), house.registers(None).await.unwrap());
    for (user, password) in [
        (one.device.to_string(), other.secret.clone()),
        (one.device.to_string(), String::new()),
        (one.device.to_string(), one.secret.to_uppercase()),
        (String::new(), one.secret.clone()),
        ("device".to_owned(), one.secret.clone()),
        (one.device.to_string().to_uppercase(), one.secret.clone()),
        ("provision:cold_store:a1".to_owned(), String::new()),
        ("provision:cold_store".to_owned(), one.secret),
    ] {
        assert_eq!(house.connects(&user, &password).await.unwrap_err(), "not_admitted", "{user}");
    }
    assert!(house.connections(one.device).is_empty());
}

#[tokio::test]
async fn only_a_server_is_answered() {
    let house = House::open().await;
    for body in ["", "{}", "a.b.c"] {
        let said = house.say_and_wait(kit::callout::SUBJECT, Some("$SYS._INBOX.a.b"), body).await;
        assert_eq!(said.unwrap_err().reason, "invalid_question");
    }
}

#[tokio::test]
async fn an_answer_goes_nowhere_but_to_the_broker() {
    let house = House::open().await;
    let asked = kit::testing::question("x", "y", 1, house.now());
    let said = house.say_and_wait(kit::callout::SUBJECT, Some("telemetry.seattle.other"), asked).await;
    assert!(said.is_err());
}

#[tokio::test]
async fn what_is_said_of_a_refusal_names_no_device() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let user = credential.device.to_string();
    let asked = kit::testing::question(&user, "guess", 1, house.now());
    let told = house.say_and_wait(kit::callout::SUBJECT, Some("$SYS._INBOX.a.b"), asked).await.unwrap();
    let answer = claims_of(std::str::from_utf8(&told[0].1).unwrap()).to_string();
    assert!(!answer.contains(&user) && !answer.contains("guess"), "{answer}");
}

#[tokio::test]
async fn nobody_takes_the_session_of_another_device() {
    let house = House::open().await;
    let (one, other) = (house.registers(None).await.unwrap(), house.registers(None).await.unwrap());
    let profile_secret = house.opens().await;
    let (own, foreign) = (one.device.to_string(), other.device.to_string());
    let hardware = format!("provision:{PROFILE}:a1");
    for (id, user, secret, comes) in [
        (&*own, &own, &one.secret, true),
        (&*format!("{own}-2"), &own, &one.secret, true),
        ("mosq-1", &own, &one.secret, true),
        (&*foreign, &own, &one.secret, false),
        (&*format!("{foreign}-2"), &own, &one.secret, false),
        ("dev_", &own, &one.secret, false),
        (&*foreign, &hardware, &profile_secret, false),
        ("a1", &hardware, &profile_secret, true),
    ] {
        let asked = AskingServer::start().question(id, (user, secret), 1, house.now());
        assert_eq!(house.answered(asked).await.is_ok(), comes, "{id} for {user}");
    }
}

#[tokio::test]
async fn a_device_has_only_so_many_connections_at_a_time() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap();
    let other = house.registers(None).await.unwrap();
    let connects = async |server: &AskingServer, credential: &Credential, number| {
        let user = credential.device.to_string();
        let asked = server.question(&user, (&user, &credential.secret), number, house.now());
        house.answered(asked).await.is_ok()
    };
    let (server, next) = (AskingServer::start(), AskingServer::start());
    for number in 0..u64::from(CONNECTIONS_MAX) {
        assert!(connects(&server, &device, number).await, "{number}");
    }
    assert!(!connects(&server, &device, 100).await);
    assert!(connects(&server, &other, 101).await);
    // What another server had is of the past.
    assert!(connects(&next, &device, 1).await);
    house.goes(device.device, &(server.id(), 3)).await;
    assert!(connects(&server, &device, 102).await);
}

#[tokio::test]
async fn over_nats_a_device_cannot_let_the_stream_of_readings_answer_where_it_likes() {
    let house = House::open().await;
    let one = house.registers(None).await.unwrap();
    let user = one.device.to_string();
    let asked = AskingServer::start().question("", (&user, &one.secret), 1, house.now());
    let may = house.answered(asked).await.unwrap();
    let id = one.device;
    let says = [format!("devices.{id}.state.reported"), format!("devices.{id}.state.get")];
    assert_eq!(may["nats"]["pub"]["allow"], json!([says[0], says[1], format!("devices.{id}.claim.offer")]));
}
