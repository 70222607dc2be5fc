//! The first connection of a service to the broker.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::permits;
use super::start::Ended;
use crate::client::{self, Link};
use crate::error::reason;
use crate::limits::RETRY_WAIT;
use crate::vitals::Vitals;

/// How long one try to reach the broker takes at start.
const CONNECT_TIME: Duration = Duration::from_secs(2);

/// How often waiting for the broker is said again.
const SAY_EVERY: Duration = Duration::from_secs(10);

/// Waits for the broker as long as it takes, and says so. None: told to stop before.
pub(super) async fn connect(
    link: &Link,
    vitals: &Arc<Vitals>,
    stop: &CancellationToken,
) -> Result<Option<async_nats::Client>, Ended> {
    let name = &link.name;
    let mut wait = RETRY_WAIT.0;
    let mut silent = SAY_EVERY;
    loop {
        let told = Arc::clone(vitals);
        let denied = move |what: &str| {
            if what.contains("Permissions Violation") {
                told.say(permits::PART, crate::text::printable(what));
            }
        };
        let error = tokio::select! {
            connected = client::connect_and_tell(link, CONNECT_TIME, denied) => match connected {
                Ok(nats) => return Ok(Some(nats)),
                Err(error) if error.reason == reason::NOT_ADMITTED => {
                    return Err(Ended::Configuration(format!(
                        "{}; `shopctl keys make` writes its users anew", error.message
                    )));
                }
                Err(error) => error,
            },
            () = stop.cancelled() => return Ok(None),
        };
        if silent >= SAY_EVERY {
            tracing::warn!("{name} waits for the broker: {}", error.message);
            silent = Duration::ZERO;
        }
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = stop.cancelled() => return Ok(None),
        }
        silent += wait;
        wait = (wait * 2).min(Duration::from_secs(1));
    }
}
