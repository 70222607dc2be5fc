//! Asking services from outside: for a command line, for tests, for programs that only listen.

mod brokers;
mod denied;
mod fast;
mod link;
mod seen;
mod stored;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::access::{Identity, Presented};
use crate::caller::{Caller, GuestId};
use crate::clock::{Clock, SystemChance, SystemClock};
use crate::engine::port::Outgoing;
use crate::error::{Error, Result, reason};
use crate::id::{EventId, Id, uuid_v7};
use crate::limits::REQUEST_TIME;
use crate::message::{Request, owner};
use crate::trace::Trace;
use crate::wire;

use denied::Denied;

pub use fast::Heard;
pub use link::{Link, names_user};
pub(crate) use link::{connect, connect_and_tell};
pub use seen::{
    ConsumerState, EndpointInfo, EndpointStats, Latency, ServiceInfo, ServiceStats, Stored, StreamState, Told,
};

/// How long a round trip to the broker may take before it is taken for lost and made again.
const ROUND_TRIP_AGAIN: Duration = Duration::from_secs(1);

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
    denied: Denied,
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
        let denied = Denied::new();
        let told = denied.clone();
        let nats = connect_and_tell(link, wait, move |said| told.hear(said)).await?;
        Ok(Self { nats, identity: link.identity.clone(), voice: Voice::Own, denied })
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
        Trace::begin(SystemClock.now(), &mut SystemChance)
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
    /// As [`Self::call`]; `forbidden` if the broker says that the key may not send there.
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
        self.permitted(subject, wire::request(&self.nats, outgoing, presented, call.timeout)).await
    }

    /// Waits for what is asked at a subject; no longer than until the broker says that this key may not.
    async fn permitted<T>(&self, subject: &str, asking: impl Future<Output = Result<T>>) -> Result<T> {
        self.denied.unless(self.identity.as_ref().map(|own| own.name()), subject, asking).await
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

    /// The name and the version of the broker.
    pub fn broker(&self) -> (String, String) {
        let info = self.nats.server_info();
        (info.server_name, info.version)
    }

    /// How long a round trip to the broker takes. What was under way when the broker cut the connection, as it does when
    /// it reads its users anew, is lost: so it is asked again.
    ///
    /// # Errors
    /// `broker_unreachable`.
    pub async fn round_trip(&self) -> Result<Duration> {
        let inbox = self.nats.new_inbox();
        let mut answer = self.nats.subscribe(inbox.clone()).await.map_err(broker)?;
        let asked = async {
            loop {
                let began = std::time::Instant::now();
                self.publish_with_reply(&inbox, inbox.clone()).await?;
                if let Ok(answered) = tokio::time::timeout(ROUND_TRIP_AGAIN, answer.next()).await {
                    return Ok(answered.map(|_| began.elapsed()));
                }
            }
        };
        match tokio::time::timeout(REQUEST_TIME, asked).await {
            Ok(Ok(Some(time))) => Ok(time),
            Ok(Err(error)) => Err(error),
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
        let trace = wire::flow_of(headers);
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

pub(crate) fn broker(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::unavailable(reason::BROKER_UNREACHABLE, format!("the broker did not do it: {error}"))
        .caused_by(error)
}
