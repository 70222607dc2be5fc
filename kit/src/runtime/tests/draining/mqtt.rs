//! What devices say over MQTT, which the broker keeps by itself until it is drained.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use super::*;

/// Puts an account of devices into the broker's configuration, with one user, and lets it speak MQTT at a port.
fn lets_devices_in(broker: &Broker) -> u16 {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (conf, users) = (broker.folder().join("nats.conf"), broker.folder().join("users.conf"));
    let text = std::fs::read_to_string(&conf).unwrap();
    std::fs::write(conf, format!("{text}\nmqtt {{ listen: \"127.0.0.1:{port}\" }}\n")).unwrap();
    let (mut exports, mut imports) = (String::new(), String::new());
    for subject in mqtt_subjects("drinker").into_iter().chain(mqtt_keeper_subjects()) {
        let theirs = subject.replace("$JS.devices.API.", "$JS.API.");
        let response = if theirs.contains("MSG.NEXT") { "stream" } else { "singleton" };
        exports += &format!("{{ service: \"{theirs}\", response: {response}, accounts: [SHOP] }}\n");
        imports +=
            &format!("{{ service: {{ account: DEVICES, subject: \"{theirs}\" }}, to: \"{subject}\" }}\n");
    }
    let text = std::fs::read_to_string(&users).unwrap();
    let own = format!(
        "  SHOP {{\n    imports: [ {{ stream: {{ account: DEVICES, subject: \"telemetry.*.*\" }} }}\n{imports} ]\n"
    );
    let text = text.replacen("  SHOP {\n", &own, 1);
    let end = text.trim_end().strip_suffix('}').unwrap().to_owned();
    let account = format!(
        "  DEVICES {{\n    jetstream: enabled\n    exports: [ {{ stream: \"telemetry.*.*\", accounts: [SHOP] }}\n{exports} ]\n\
         users: [ {{ user: thing, password: secret }} ]\n  }}\n}}\n"
    );
    std::fs::write(users, end + &account).unwrap();
    port
}

/// MQTT 3.1.1 by hand: signs in, and waits until what it says is acknowledged.
struct Mqtt(TcpStream);

impl Mqtt {
    fn connect(port: u16) -> std::io::Result<Self> {
        let text = |text: &str| [&[0, text.len() as u8], text.as_bytes()].concat();
        // Name and password, a clean session, a minute.
        let body =
            [&text("MQTT")[..], &[4, 0xc2, 0, 60], &text("c"), &text("thing"), &text("secret")].concat();
        let mut own = Self(TcpStream::connect(("127.0.0.1", port))?);
        own.0.set_read_timeout(Some(Duration::from_secs(5)))?;
        own.0.write_all(&[&[0x10, body.len() as u8], &body[..]].concat())?;
        let mut answer = [0; 4];
        own.0.read_exact(&mut answer)?;
        assert_eq!(answer, [0x20, 2, 0, 0], "it is let in");
        Ok(own)
    }

    fn says(&mut self, number: u8, body: &str) {
        let topic = format!("telemetry/seattle/{DEVICE}");
        let all = [&[0, topic.len() as u8], topic.as_bytes(), &[0, number], body.as_bytes()].concat();
        self.0.write_all(&[&[0x32, all.len() as u8], &all[..]].concat()).unwrap();
        let mut answer = [0; 4];
        self.0.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [0x40, 2, 0, number], "it is acknowledged");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_came_by_mqtt_is_kept_until_it_is_drained() {
    let mut broker = Broker::start(shop());
    broker.keys().add(DEVICE, Position::Device);
    let port = lets_devices_in(&broker);
    broker.restart();
    let world = World::on(broker).await;
    let first = world.run(drinker());
    world.until_part_is(MQTT_STREAM, "ok").await;
    let mut mqtt = eventually("a device is let in", || async { Mqtt::connect(port).ok() }).await;
    for number in 1..=20 {
        mqtt.says(number, &format!("a{number:02}"));
    }
    first.kill();
    // The copies of what is said from here on are lost with our own stream.
    for number in 21..=40 {
        mqtt.says(number, &format!("b{number:02}"));
    }
    let admin = world.broker.client().await;
    admin.nats().request("$JS.API.STREAM.DELETE.DROPS", Bytes::new()).await.unwrap();
    let second = world.run(drinker());
    let drunk = world.until_drunk(40).await;
    let bodies: Vec<String> = drunk.into_iter().map(|(body, _)| body).collect();
    let a = (1..=20).map(|at| said(&format!("a{at:02}")).0);
    assert_eq!(bodies, a.chain((21..=40).map(|at| said(&format!("b{at:02}")).0)).collect::<Vec<_>>());
    second.stop().await.unwrap();
}
