//! Reaching a broker: with which key, whom to believe, and what is said when it does not work.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::{ConnectOptions, Event as ConnectionEvent, connection};

use crate::access::Identity;
use crate::error::{Error, Kind, Result, reason};
use crate::text::printable;

/// How long a broker that reads its users again may know nobody.
const USERS_READ_TIME: Duration = Duration::from_millis(250);

/// What stands in an address between a user and the host.
const BEFORE_HOST: char = '@';

/// How to reach a broker.
#[derive(Clone)]
pub struct Link {
    /// Where it is: `nats://host:port`, or `tls://host:port`.
    pub url: String,
    /// How the connection is called in the broker's logs.
    pub name: String,
    /// The key with which it is opened; none only where the broker lets everybody in.
    pub identity: Option<Arc<Identity>>,
    /// The certificates of the authorities to believe, beside those of the system.
    pub ca: Option<PathBuf>,
}

impl fmt::Debug for Link {
    /// Without what may be a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, name, identity, ca } = self;
        let mut debug = f.debug_struct("Link");
        debug
            .field("url", &shown(url))
            .field("name", name)
            .field("identity", identity)
            .field("ca", ca)
            .finish()
    }
}

/// Whether an address of a broker names a user, a password or a token. Nobody is let in by these here,
/// and an address is shown by errors.
pub fn names_user(url: &str) -> bool {
    url.contains(BEFORE_HOST)
}

/// An address as it may be shown: without a user and what follows it.
fn shown(url: &str) -> String {
    match url.rsplit_once(BEFORE_HOST) {
        Some((before, host)) => {
            let scheme =
                before.split_once("://").map(|(scheme, _)| format!("{scheme}://")).unwrap_or_default();
            printable(&format!("{scheme}...{BEFORE_HOST}{host}")).into_owned()
        }
        None => printable(url).into_owned(),
    }
}

/// Connects, and waits until there is a connection, at most so long.
pub(crate) async fn connect(link: &Link, wait: Duration) -> Result<async_nats::Client> {
    connect_and_tell(link, wait, |_| {}).await
}

/// The same; whatever the broker does not permit afterwards is told.
pub(crate) async fn connect_and_tell(
    link: &Link,
    wait: Duration,
    denied: impl Fn(&str) + Clone + Send + Sync + 'static,
) -> Result<async_nats::Client> {
    let shown = shown(&link.url);
    let unreachable = |why: String| {
        Error::unavailable(
            reason::BROKER_UNREACHABLE,
            format!("no answer from the broker at {shown} ({why})"),
        )
    };
    let connected = async {
        let mut refused = false;
        loop {
            match options(link, wait, denied.clone()).connect(&link.url).await {
                // A broker that reads its users anew hangs up, also several times; a refusal stands at the second.
                Err(error) if hung_up(&error) => {}
                Err(error) if is_refusal(&error) && !std::mem::replace(&mut refused, true) => {}
                connected => return connected,
            }
            tokio::time::sleep(USERS_READ_TIME).await;
        }
    };
    match tokio::time::timeout(wait, connected).await {
        Ok(Ok(nats)) if nats.connection_state() == connection::State::Connected => Ok(nats),
        Ok(Ok(_)) => Err(unreachable("not connected".to_owned())),
        Ok(Err(error)) if is_refusal(&error) => Err(not_admitted(link, &shown)),
        Ok(Err(error)) => {
            let mut why = error.to_string();
            let mut cause = std::error::Error::source(&error);
            while let Some(source) = cause {
                why = source.to_string();
                cause = source.source();
            }
            Err(unreachable(why))
        }
        Err(_) => Err(unreachable(format!("no connection within {} s", wait.as_secs_f64()))),
    }
}

fn options(
    link: &Link,
    wait: Duration,
    denied: impl Fn(&str) + Clone + Send + Sync + 'static,
) -> ConnectOptions {
    let log_name = link.name.clone();
    let mut options = ConnectOptions::new()
        .name(&link.name)
        .connection_timeout(wait.min(Duration::from_secs(5)))
        .ping_interval(Duration::from_secs(20))
        // The broker is on this machine or near; a shop that waits loses more than a few tries cost.
        .reconnect_delay_callback(|tries| Duration::from_millis(1 << tries.min(10)).min(Duration::from_secs(1)))
        .event_callback(move |event| {
            let (name, denied) = (log_name.clone(), denied.clone());
            async move {
                if let ConnectionEvent::ServerError(error) = &event {
                    denied(&error.to_string());
                }
                say(&name, &event);
            }
        });
    if let Some(identity) = &link.identity {
        options = options.nkey(identity.seed().to_owned()).custom_inbox_prefix(identity.inbox());
    }
    if let Some(ca) = &link.ca {
        options = options.add_root_certificates(ca.clone());
    }
    options
}

/// Whether the broker was there and hung up, as it does while it reads its users anew.
fn hung_up(error: &async_nats::ConnectError) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        if let Some(error) = source.downcast_ref::<std::io::Error>() {
            return matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof);
        }
        cause = source.source();
    }
    false
}

/// Whether the broker does not know who this is, as opposed to not being there.
fn is_refusal(error: &async_nats::ConnectError) -> bool {
    use async_nats::ConnectErrorKind::{Authentication, AuthorizationViolation};
    matches!(error.kind(), Authentication | AuthorizationViolation)
}

fn not_admitted(link: &Link, shown: &str) -> Error {
    let whose = match &link.identity {
        Some(identity) => format!("does not know the key of {}", identity.name()),
        None => "lets nobody in without a key".to_owned(),
    };
    Error::new(Kind::Unauthenticated, reason::NOT_ADMITTED, format!("the broker at {shown} {whose}"))
}

fn say(name: &str, event: &ConnectionEvent) {
    match event {
        ConnectionEvent::Connected => tracing::debug!(connection = name, "Connected to the broker"),
        ConnectionEvent::Disconnected => {
            tracing::warn!(
                connection = name,
                "The connection to the broker is lost; it is being tried again"
            );
        }
        ConnectionEvent::SlowConsumer(_) => {
            tracing::warn!(connection = name, "Messages came faster than they were read; some were dropped");
        }
        ConnectionEvent::ServerError(error) => tracing::error!(connection = name, "The broker says: {error}"),
        ConnectionEvent::ClientError(error) => tracing::debug!(connection = name, "{error}"),
        ConnectionEvent::LameDuckMode | ConnectionEvent::Draining | ConnectionEvent::Closed => {
            tracing::debug!(connection = name, "{event}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_in_an_address_is_not_repeated() {
        for url in [
            "nats://me:hunter2@127.0.0.1:1",
            "me:hunter2@127.0.0.1:1",
            "nats://hunter2@a:1,nats://me:x@127.0.0.1:1",
        ] {
            assert!(names_user(url));
            assert!(!shown(url).contains("hunter2") && shown(url).ends_with("127.0.0.1:1"), "{}", shown(url));
            let link = Link { url: url.to_owned(), name: "me".to_owned(), identity: None, ca: None };
            let error = connect(&link, Duration::from_secs(5)).await.unwrap_err();
            assert!(!format!("{error} {error:?} {link:?}").contains("hunter2"), "{error:?} {link:?}");
        }
        assert!(!names_user("nats://127.0.0.1:1"));
        assert_eq!(shown("nats://127.0.0.1:1"), "nats://127.0.0.1:1");
    }
}
