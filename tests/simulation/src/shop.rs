//! The services of the world: the real ones, with a bank and a letterbox of ours.

use std::path::Path;
use std::sync::Arc;

use kit::Service;
use notification::Settings;
use notification::channel::Channel;

use crate::bank::Teller;
use crate::broken::{self, Broken};
use crate::letters::{Letters, Twice};
use crate::port::Notes;

/// Every service but the keeper of the streams, whose work the model of the broker does.
pub const NAMES: [&str; 8] =
    ["auth", "catalog", "cart", "order", "inventory", "payment", "notification", "analytics"];

/// The number of a service in the world.
pub fn number(name: &str) -> Option<usize> {
    NAMES.iter().position(|known| *known == name)
}

/// Builds a service as it stands in the world.
pub fn service(name: &str, notes: &Notes, letters: &Letters, broken: Option<Broken>) -> Service {
    let service = match name {
        "auth" => auth::service_with(&auth::Hasher::in_place()),
        "catalog" => catalog::service(),
        "cart" => cart::service(),
        "order" => order::service(),
        "inventory" => inventory::service(),
        "payment" => {
            let new_keys = broken == Some(Broken::NewKeyAfterATimeOut);
            payment::service_with(Arc::new(Teller { notes: notes.clone(), new_keys }))
        }
        "notification" => {
            let settings = Settings::files_in(Path::new("unused"));
            let channel: Arc<dyn Channel> = match broken {
                Some(Broken::NotifiesTwice) => Arc::new(Twice(letters.clone())),
                _ => Arc::new(letters.clone()),
            };
            notification::service(Settings { channel, ..settings })
        }
        _ => analytics::service(),
    };
    match broken {
        Some(broken) => broken::breaks(broken, service),
        None => service,
    }
}

/// A service that only stands for its name.
pub fn idle(name: &'static str) -> Service {
    Service::new(name, "0")
}
