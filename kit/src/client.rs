//! Asking services from outside: for a command line, for tests, for programs that only listen.

mod seen;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::{self, consumer};
use async_nats::{ConnectOptions, Event as ConnectionEvent, connection};
use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access::{Identity, Presented};
use crate::caller::{Caller, GuestId};
use crate::clock::{Clock, SystemChance, SystemClock};
use crate::engine::port::Outgoing;
use crate::error::{Error, Kind, Result, reason};
use crate::id::{EventId, Id, uuid_v7};
use crate::limits::REQUEST_TIME;
use crate::message::{Request, owner};
use crate::trace::Trace;
use crate::wire;

pub use seen::{ConsumerState, EndpointInfo, ServiceInfo, StreamState, Told};

/// How long a broker that reads its users again may know nobody.
const USERS_READ_TIME: Duration = Duration::from_millis(250);

/// How to reach a broker.
#[derive(Debug, Clone)]
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

/// As whom a client asks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Voice {
    /// As the holder of the key of the connection.
    #[default]
    Own,
    /// As whoever a token of sign-in is about.
    Token(String),
    /// As the guest who holds a secret.
    Guest(String),
    /// As nobody in particular.
    Nobody,
}

/// A connection to the broker, to ask through.
#[derive(Clone)]
pub struct Client {
    nats: async_nats::Client,
    identity: Option<Arc<Identity>>,
    voice: Voice,
}

/// How one request is asked.
#[derive(Debug, Clone)]
pub struct Call {
    /// How long to wait for the answer.
    pub timeout: Duration,
    /// The idempotency key; a new one if not said. Ignored by requests that change nothing.
    pub key: Option<String>,
    /// The flow it belongs to; a new one if not said.
    pub trace: Option<Trace>,
}

impl Default for Call {
    fn default() -> Self {
        Self { timeout: REQUEST_TIME, key: None, trace: None }
    }
}

impl Client {
    /// Connects to a broker, and keeps the connection up from then on.
    ///
    /// # Errors
    /// `broker_unreachable` if there is no connection within the time; `not_admitted` if the broker
    /// does not know the key.
    pub async fn connect(link: &Link, wait: Duration) -> Result<Self> {
        let nats = connect(link, wait).await?;
        Ok(Self { nats, identity: link.identity.clone(), voice: Voice::Own })
    }

    /// The same connection, to ask as somebody else.
    #[must_use]
    pub fn speaking(&self, voice: Voice) -> Self {
        Self { voice, ..self.clone() }
    }

    fn present(&self, subject: &str) -> Result<Presented> {
        let mut presented = Presented::default();
        match &self.voice {
            Voice::Own => {
                let own = self.identity.as_ref();
                presented.token =
                    own.map(|own| own.token_for(owner(subject), SystemClock.now())).transpose()?;
            }
            Voice::Token(token) => presented.token = Some(token.clone()),
            Voice::Guest(secret) => {
                GuestId::of_secret(secret)?;
                presented.guest = Some(secret.clone());
            }
            Voice::Nobody => {}
        }
        Ok(presented)
    }

    /// A new idempotency key.
    pub fn new_key() -> String {
        EventId::from_bits(uuid_v7(SystemClock.now(), &mut SystemChance)).to_string()
    }

    /// The beginning of a new flow.
    pub fn new_trace() -> Trace {
        Trace::begin(&mut SystemChance)
    }

    /// The time of this machine, for whoever compares it with what services tell.
    pub fn now() -> Timestamp {
        SystemClock.now()
    }

    /// Asks with the usual time limit and under a new key.
    ///
    /// # Errors
    /// What the service says, or why it says nothing.
    pub async fn ask<R: Request>(&self, request: &R) -> Result<R::Reply> {
        self.call(request, Call::default()).await
    }

    /// Asks.
    ///
    /// # Errors
    /// What the service says, or why it says nothing. After `timed_out` the outcome is unknown, and
    /// the same request may be sent again under the same key.
    pub async fn call<R: Request>(&self, request: &R, mut call: Call) -> Result<R::Reply> {
        if R::CHANGES {
            call.key.get_or_insert_with(Self::new_key);
        } else {
            call.key = None;
        }
        self.call_as(R::SUBJECT, request, call).await
    }

    /// Asks a subject that no contract lists, such as `<service>.health`.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_as<Q: Serialize, P: DeserializeOwned>(
        &self,
        subject: &str,
        request: &Q,
        call: Call,
    ) -> Result<P> {
        let body = serde_json::to_vec(request).map_err(|error| {
            Error::internal(format!("a request to {subject} cannot be written as JSON")).caused_by(error)
        })?;
        let reply = self.call_raw(subject, body.into(), call).await?;
        serde_json::from_slice(&reply).map_err(|error| {
            Error::internal(format!("the answer of {subject} is not understood")).caused_by(error)
        })
    }

    /// Sends any bytes to any subject, and waits for the answer.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_raw(&self, subject: &str, body: Bytes, call: Call) -> Result<Bytes> {
        let outgoing = Outgoing {
            subject: subject.to_owned(),
            body,
            // A read of a person at the command line is not worth a row of the journal.
            trace: call.trace.unwrap_or_else(|| Trace { sampled: false, ..Self::new_trace() }),
            behalf: Caller::Anonymous,
            key: call.key,
            deadline: Timestamp::MAX,
        };
        let presented = self.present(subject)?;
        wire::request(&self.nats, outgoing, presented, call.timeout).await
    }

    /// Listens to events as they are told, from now on. `filter` is a subject and may have
    /// wildcards: `events.order.>`.
    ///
    /// # Errors
    /// `invalid_subject`, or `broker_unreachable`.
    pub async fn watch(&self, filter: &str) -> Result<Watch> {
        let subscriber = self.nats.subscribe(filter.to_owned()).await.map_err(|error| {
            Error::invalid("invalid_subject", format!("{} is not a subject", crate::text::printable(filter)))
                .caused_by(error)
        })?;
        // A round trip: from here on nothing that is told is missed.
        self.round_trip().await?;
        Ok(Watch { subscriber })
    }

    /// The streams of the broker, by name.
    ///
    /// # Errors
    /// `broker_unreachable`, or what the broker says.
    pub async fn streams(&self) -> Result<Vec<StreamState>> {
        let found: Vec<jetstream::stream::Info> =
            self.jetstream().streams().try_collect().await.map_err(broker)?;
        let mut streams: Vec<StreamState> = found
            .into_iter()
            .map(|info| StreamState {
                name: info.config.name,
                messages: info.state.messages,
                bytes: info.state.bytes,
                bytes_max: info.config.max_bytes,
                first: info.state.first_sequence,
                last: info.state.last_sequence,
                last_at: rfc3339(info.state.last_timestamp.unix_timestamp_nanos()),
                consumers: info.state.consumer_count,
            })
            .collect();
        streams.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(streams)
    }

    /// The consumers of a stream, by name.
    ///
    /// # Errors
    /// `broker_unreachable`, or what the broker says.
    pub async fn consumers(&self, stream: &str) -> Result<Vec<ConsumerState>> {
        let handle = self.jetstream().get_stream_no_info(stream).await.map_err(broker)?;
        let found: Vec<consumer::Info> = handle.consumers().try_collect().await.map_err(broker)?;
        let mut consumers: Vec<ConsumerState> = found
            .into_iter()
            .map(|info| ConsumerState {
                stream: info.stream_name,
                name: info.name,
                delivered: info.delivered.stream_sequence,
                acknowledged: info.ack_floor.stream_sequence,
                unacknowledged: info.num_ack_pending,
                pending: info.num_pending,
            })
            .collect();
        consumers.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(consumers)
    }

    /// The services that answer `$SRV.INFO` within a time, by name.
    ///
    /// # Errors
    /// `broker_unreachable`.
    pub async fn services(&self, wait: Duration) -> Result<Vec<ServiceInfo>> {
        let inbox = self.nats.new_inbox();
        let mut answers = self.nats.subscribe(inbox.clone()).await.map_err(broker)?;
        self.publish_with_reply("$SRV.INFO", inbox).await?;
        let mut found = BTreeMap::new();
        let collect = async {
            while let Some(message) = answers.next().await {
                if let Ok(info) = serde_json::from_slice::<ServiceInfo>(&message.payload) {
                    found.insert((info.name.clone(), info.id.clone()), info);
                }
            }
        };
        // Nobody knows how many there are; whoever has not answered by now is taken for absent.
        let _ = tokio::time::timeout(wait, collect).await;
        Ok(found.into_values().collect())
    }

    /// The name and the version of the broker.
    pub fn broker(&self) -> (String, String) {
        let info = self.nats.server_info();
        (info.server_name, info.version)
    }

    /// How long a round trip to the broker takes.
    ///
    /// # Errors
    /// `broker_unreachable`.
    pub async fn round_trip(&self) -> Result<Duration> {
        let began = std::time::Instant::now();
        let inbox = self.nats.new_inbox();
        let mut answer = self.nats.subscribe(inbox.clone()).await.map_err(broker)?;
        self.publish_with_reply(&inbox, inbox.clone()).await?;
        match tokio::time::timeout(REQUEST_TIME, answer.next()).await {
            Ok(Some(_)) => Ok(began.elapsed()),
            _ => Err(Error::unavailable(reason::BROKER_UNREACHABLE, "the broker does not answer")),
        }
    }

    /// The connection itself, for what only tests of the machinery do.
    #[cfg(any(test, feature = "testing"))]
    pub fn nats(&self) -> &async_nats::Client {
        &self.nats
    }

    async fn publish_with_reply(&self, subject: &str, reply: String) -> Result<()> {
        self.nats.publish_with_reply(subject.to_owned(), reply, Bytes::new()).await.map_err(broker)
    }

    fn jetstream(&self) -> jetstream::Context {
        jetstream::new(self.nats.clone())
    }
}

/// Events as they are told.
pub struct Watch {
    subscriber: async_nats::Subscriber,
}

impl Watch {
    /// The next event; none if the connection is closed for good.
    pub async fn next(&mut self) -> Option<Told> {
        let message = self.subscriber.next().await?;
        let headers = message.headers.as_ref();
        let text = |name| wire::get(headers, name).unwrap_or_default().to_owned();
        let trace = wire::get(headers, wire::TRACEPARENT).and_then(|text| text.parse::<Trace>().ok());
        Some(Told {
            subject: message.subject.to_string(),
            id: text(wire::EVENT_ID),
            key: text(wire::EVENT_KEY),
            time: text(wire::EVENT_TIME),
            trace: trace.map(|trace| format!("{:032x}", trace.id)).unwrap_or_default(),
            body: serde_json::from_slice(&message.payload)
                .unwrap_or_else(|_| String::from_utf8_lossy(&message.payload).into_owned().into()),
        })
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
    let shown = crate::text::printable(&link.url).into_owned();
    let unreachable = |why: String| {
        Error::unavailable(
            reason::BROKER_UNREACHABLE,
            format!("no answer from the broker at {shown} ({why})"),
        )
    };
    let connected = async {
        match options(link, wait, denied.clone()).connect(&link.url).await {
            Err(error) if may_pass(&error) => {
                tokio::time::sleep(USERS_READ_TIME).await;
                options(link, wait, denied).connect(&link.url).await
            }
            connected => connected,
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

/// Whether it may go better in a moment: a broker that reads its users again knows nobody meanwhile, and
/// hangs up.
fn may_pass(error: &async_nats::ConnectError) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof};
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        if let Some(error) = source.downcast_ref::<std::io::Error>() {
            return matches!(error.kind(), BrokenPipe | ConnectionReset | UnexpectedEof);
        }
        cause = source.source();
    }
    is_refusal(error)
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

pub(crate) fn broker(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable(reason::BROKER_UNREACHABLE, format!("the broker did not do it: {error}"))
        .caused_by(error)
}

fn rfc3339(nanos: i128) -> String {
    // A stream without messages has a time before everything.
    Timestamp::from_nanosecond(nanos)
        .ok()
        .filter(|time| time.as_second() > 0)
        .map(|time| time.to_string())
        .unwrap_or_default()
}
