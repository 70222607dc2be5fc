//! Devices: a real database, what the broker asks and tells, and a clock that waits.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod claims;
mod connecting;
mod credentials;
mod presence;
mod provisioning;
mod registry;
mod states;

use std::ops::Deref;
use std::time::Duration;

use contracts::DeviceId;
use contracts::device::{
    Credential, DeviceView, GetDevice, HardwareId, PutProfile, RegisterDevice, RotateCredential, wire,
};
use contracts::readings::Site;
use kit::access::Issuer;
use kit::listen::Return;
use kit::testing::{Scratch, question};
use kit::{Example, Result};
use serde_json::{Value, json};

/// What the devices of these tests are.
const PROFILE: &str = "cold_store";

/// After how many seconds without a reading one of them counts as gone.
const SILENCE_S: u32 = 600;

struct House {
    scratch: Scratch,
}

impl Deref for House {
    type Target = Scratch;

    fn deref(&self) -> &Scratch {
        &self.scratch
    }
}

impl House {
    async fn open() -> Self {
        let house = Self { scratch: Scratch::of(device::service(Issuer::generate().unwrap())) };
        let profile = PutProfile {
            name: PROFILE.to_owned(),
            site: Site::example(),
            silence_s: SILENCE_S,
            offers: true,
        };
        house.ask(&profile).await.unwrap();
        house
    }

    async fn registers(&self, hardware: Option<&str>) -> Result<Credential> {
        let asked = RegisterDevice {
            hardware: hardware.map(|text| text.parse::<HardwareId>().unwrap()),
            site: None,
            ..RegisterDevice::example()
        };
        self.ask(&asked).await
    }

    async fn shows(&self, device: DeviceId) -> DeviceView {
        self.ask(&GetDevice { device }).await.unwrap()
    }

    async fn rotates(&self, device: DeviceId, overlap_s: u32) -> Credential {
        self.ask(&RotateCredential { device, overlap_s: Some(overlap_s) }).await.unwrap()
    }

    /// What the broker is answered about somebody who wants to connect: what they may do, or why not.
    async fn connects(&self, user: &str, password: &str) -> std::result::Result<Value, String> {
        self.answered(question(user, password, 1, self.now())).await
    }

    async fn answered(&self, asked: String) -> std::result::Result<Value, String> {
        let told = self.say_and_wait(kit::callout::SUBJECT, Some("$SYS._INBOX.a.b"), asked).await.unwrap();
        let [(subject, body)] = &told[..] else { panic!("one answer") };
        assert_eq!(subject, "$SYS._INBOX.a.b");
        let answer = claims_of(std::str::from_utf8(body).unwrap());
        match answer["nats"]["jwt"].as_str() {
            Some(user) => Ok(claims_of(user)),
            None => Err(answer["nats"]["error"].as_str().unwrap().to_owned()),
        }
    }

    /// A connection that the broker let in, and tells of.
    async fn comes(&self, credential: &Credential) -> (String, u64) {
        self.connects(&credential.device.to_string(), &credential.secret).await.unwrap();
        let connections = self.connections(credential.device);
        let (server, number) = connections.last().cloned().unwrap();
        self.told_of(wire::CONNECTED, credential.device, &server, number).await;
        (server, number)
    }

    async fn goes(&self, device: DeviceId, (server, number): &(String, u64)) {
        self.told_of(wire::DISCONNECTED, device, server, *number).await;
    }

    async fn told_of(&self, subject: &str, device: DeviceId, server: &str, number: u64) -> Return {
        let told = json!({
            "server": { "id": server, "name": "shop" },
            "client": { "id": number, "user": device.to_string(), "acc": "DEVICES" },
        });
        self.say(subject, told.to_string()).await.unwrap()
    }

    /// The connections that are noted of a device.
    fn connections(&self, device: DeviceId) -> Vec<(String, u64)> {
        let found = self.sql(|sql| device::store::doors::connections_of(sql, device)).unwrap();
        found.into_iter().map(|connection| (connection.server, connection.number)).collect()
    }
}

fn claims_of(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&kit::testing::from_base64(part)).unwrap()
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
