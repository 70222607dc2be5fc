//! A shop with devices: the services of devices beside the others, and a broker that speaks MQTT. An ordinary shop
//! has neither, for most tests need no devices, and each service costs memory and time.

use std::path::Path;

use contracts::device::{Credential, PutProfile, RegisterDevice};
use kit::access::Issuer;
use kit::bus::devices::ISSUER;
use kit::testing::Broker;
use kit::{Example, Service};

use crate::{Counter, Shop};

/// What the devices of tests are.
pub const PROFILE: &str = "cold_store";

/// The names of the services of devices.
pub const DEVICE_NAMES: [&str; 4] = ["ingest", "telemetry", "device", "alert"];

/// The services of devices, with the key that lets devices in.
pub fn device_services(issuer: Issuer) -> Vec<Service> {
    vec![
        ingest::service(ingest::Settings::default()),
        telemetry::service(telemetry::Settings::default()),
        device::service(issuer),
        alert::service(),
    ]
}

/// The same, only to read what each can do.
pub(crate) fn tables_of_contents() -> Vec<Service> {
    device_services(Issuer::generate().expect("a key"))
}

/// The key that lets devices in, from a folder of keys.
fn issuer(keys: &Path) -> Issuer {
    Issuer::read(&Issuer::path(keys, ISSUER)).expect("the key that lets devices in")
}

impl Shop {
    /// Opens a shop of one's own with devices.
    pub fn open_with_devices() -> Self {
        let mut broker = Broker::start_with_mqtt(contracts::shop());
        let issuer = issuer(&broker.keys().folder());
        Self::open_on(broker, device_services(issuer))
    }
}

impl Counter {
    /// Waits until the services of devices answer.
    pub async fn until_devices(&self) {
        for name in DEVICE_NAMES {
            kit::testing::eventually(&format!("{name} answers"), || async { self.health(name).await }).await;
        }
    }

    /// Registers a device, whose kind is never silent for too long.
    pub async fn registers_device(&self) -> Credential {
        let profile = PutProfile { silence_s: 0, ..PutProfile::example() };
        self.client().ask(&profile).await.expect("a profile");
        let asked = RegisterDevice { hardware: None, ..RegisterDevice::example() };
        self.client().ask(&asked).await.expect("a device")
    }
}
