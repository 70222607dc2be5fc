//! Whether the broker lets a service do what it has to. A denial later is only an event beside the
//! connection, and the call it belongs to waits in vain; so the question is asked at the start.

use std::time::Duration;

use async_nats::connection::State;
use serde::Deserialize;

use super::start::Ended;
use crate::bus::{OWN_PERMISSIONS, Peer, Permissions};
use crate::service::Service;
use crate::vitals::Vitals;

/// How long the broker may take to say what is permitted. Then it is asked again: one that stands still for a
/// moment has not refused anything.
const ANSWER_TIME: Duration = Duration::from_secs(2);

/// The part of the health that says what the broker does not permit, or that it does not say.
pub(super) const PART: &str = "permissions";

/// What the broker says of a connection.
#[derive(Deserialize)]
struct Answer {
    data: Option<Data>,
}

#[derive(Deserialize)]
struct Data {
    permissions: Option<Granted>,
}

#[derive(Deserialize)]
struct Granted {
    #[serde(default)]
    publish: List,
    #[serde(default)]
    subscribe: List,
}

#[derive(Deserialize, Default)]
struct List {
    #[serde(default)]
    allow: Vec<String>,
}

/// Asks the broker what this connection may do, as long as it takes, and compares it with what the service needs.
///
/// # Errors
/// [`Ended::Configuration`] that names what is missing.
pub(super) async fn check(
    nats: &async_nats::Client,
    service: &Service,
    vitals: &Vitals,
) -> Result<(), Ended> {
    let name = service.name();
    let mut silent = false;
    let answer = loop {
        let asked = nats.request(OWN_PERMISSIONS.to_owned(), Default::default());
        if let Ok(Ok(answer)) = tokio::time::timeout(ANSWER_TIME, asked).await {
            break answer;
        }
        // Without a connection there is nothing to compare; work begins when it is back.
        if nats.connection_state() != State::Connected {
            return Ok(());
        }
        if vitals.states().get(PART).is_some_and(|said| said.contains(OWN_PERMISSIONS)) {
            return Err(lacks(name, &[format!("publish {OWN_PERMISSIONS}")]));
        }
        tracing::warn!("{name} waits for the broker to say what it permits");
        vitals.say(PART, "the broker does not say what it permits");
        silent = true;
    };
    if silent {
        vitals.say(PART, "ok");
    }
    let answer: Answer = serde_json::from_slice(&answer.payload)
        .map_err(|error| Ended::Internal(format!("what the broker permits is not understood: {error}")))?;
    let Some(granted) = answer.data.and_then(|data| data.permissions) else { return Ok(()) };
    let granted = Permissions { publish: granted.publish.allow, subscribe: granted.subscribe.allow };
    match granted.missing(&Permissions::of_service(&Peer::of(service))) {
        missing if missing.is_empty() => Ok(()),
        missing => Err(lacks(name, &missing)),
    }
}

fn lacks(name: &str, missing: &[String]) -> Ended {
    Ended::Configuration(format!(
        "the broker does not permit {name} to: {}; `shopctl keys make` writes its users anew",
        missing.join(", ")
    ))
}
