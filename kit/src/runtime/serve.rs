//! Requests in, answers out, through the NATS service API, so that `$SRV` finds them.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use async_nats::connection::State;
use async_nats::service::{self, ServiceExt, error::Error as ServiceError};
use bytes::Bytes;
use futures_util::StreamExt;
use tokio::sync::Semaphore;

use super::latency::Latencies;
use super::tasks::{Spawner, Tasks};
use crate::engine::Desk;
use crate::engine::port::Port;
use crate::error::{Error, Kind, Result, reason};
use crate::limits::REQUESTS_IN_FLIGHT_MAX;
use crate::text::printable;
use crate::vitals::Vitals;
use crate::wire;

/// Requests that are begun before the answers to them are written to the connection. With more, whoever asked
/// would wait for all of them while nobody else works; with fewer, each write carries less.
const BEGUN_AT_ONCE: u32 = 16;

/// How often a drain looks whether there still is a connection.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// The endpoints of a service, and the requests in progress.
pub(super) struct Serving {
    nats: async_nats::Client,
    service: service::Service,
    endpoints: Tasks,
    requests: Tasks,
}

struct Counter {
    port: Arc<dyn Port>,
    desk: Desk,
    places: Arc<Semaphore>,
    vitals: Arc<Vitals>,
}

/// An endpoint is named after its subject, as far as a name may hold it.
fn endpoint_name(subject: &str) -> String {
    subject.replace('.', "-")
}

impl Serving {
    /// Starts to answer.
    pub(super) async fn start(
        nats: &async_nats::Client,
        port: Arc<dyn Port>,
        vitals: Arc<Vitals>,
    ) -> Result<Self> {
        let own = Arc::clone(port.service());
        let latencies: BTreeMap<String, Arc<Latencies>> =
            own.answered().map(|answer| (endpoint_name(&answer.subject), Arc::default())).collect();
        let figures = latencies.clone();
        let service = nats
            .service_builder()
            .description(own.description())
            .queue_group(own.name())
            .stats_handler(move |endpoint, _| {
                let latency = figures.get(&endpoint).map(|times| times.read()).unwrap_or_default();
                serde_json::to_value(latency).unwrap_or_default()
            })
            .start(own.name(), own.version())
            .await
            .map_err(|error| Error::internal("the service cannot be announced").caused_by(error))?;
        let counter = Arc::new(Counter {
            desk: Desk::new(Arc::clone(&port)),
            port,
            places: Arc::new(Semaphore::new(REQUESTS_IN_FLIGHT_MAX)),
            vitals,
        });
        let serving = Self { nats: nats.clone(), service, endpoints: Tasks::new(), requests: Tasks::new() };
        for answer in own.answered() {
            let name = endpoint_name(&answer.subject);
            let times = latencies.get(&name).cloned().unwrap_or_default();
            let endpoint = serving
                .service
                .endpoint_builder()
                .name(name)
                .queue_group(own.name())
                .add(&answer.subject)
                .await
                .map_err(|error| {
                    Error::internal(format!("{} cannot be answered", answer.subject)).caused_by(error)
                })?;
            let (counter, requests) = (Arc::clone(&counter), serving.requests.spawner());
            serving.endpoints.spawn(receive(endpoint, answer.subject.clone(), (counter, times), requests));
        }
        Ok(serving)
    }

    /// Accepts nothing further, and waits until everything accepted is answered.
    pub(super) async fn stop(self) {
        if let Err(error) = self.service.stop().await {
            tracing::warn!("The endpoints could not be stopped in order: {error}");
        }
        // Without a connection nothing can arrive, and no endpoint would learn of its end.
        tokio::select! {
            () = self.endpoints.finish() => {}
            () = disconnected(&self.nats) => {}
        }
        self.requests.finish().await;
    }
}

/// Waits until the connection is found lost. That is noticed some time after it happened.
async fn disconnected(nats: &async_nats::Client) {
    while nats.connection_state() == State::Connected {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

async fn receive(
    mut endpoint: service::endpoint::Endpoint,
    subject: String,
    (counter, times): (Arc<Counter>, Arc<Latencies>),
    requests: Spawner,
) {
    let mut begun = 0_u32;
    while let Some(request) = endpoint.next().await {
        if !may_be_answered(&request) {
            tracing::warn!(
                msg.subject = subject,
                "A request wants its answer elsewhere than in an inbox; it is dropped"
            );
            continue;
        }
        match Arc::clone(&counter.places).try_acquire_owned() {
            Ok(place) => {
                let (counter, times, subject) = (Arc::clone(&counter), Arc::clone(&times), subject.clone());
                requests.spawn(async move {
                    let began = Instant::now();
                    counter.vitals.requests.fetch_add(1, Ordering::Relaxed);
                    let answer = counter.answer(&request, subject).await;
                    respond(&request, answer).await;
                    times.note(began.elapsed());
                    counter.vitals.requests.fetch_sub(1, Ordering::Relaxed);
                    counter.vitals.answered.fetch_add(1, Ordering::Relaxed);
                    drop(place);
                });
            }
            Err(_) => {
                let full = "too many requests are in progress; nothing was done, try again later";
                respond(&request, Err(Error::new(Kind::Overloaded, reason::OVERLOADED, full))).await;
            }
        }
        begun = begun.wrapping_add(1);
        if begun.is_multiple_of(BEGUN_AT_ONCE) {
            tokio::task::yield_now().await;
        }
    }
}

/// Whether the place of the answer is an inbox. An answer must not become an event, a request, or a
/// command to the broker because somebody said so; and who does not wait for one cannot hear a no.
fn may_be_answered(request: &service::Request) -> bool {
    request.message.reply.as_ref().is_some_and(|reply| reply.starts_with("_INBOX."))
}

impl Counter {
    async fn answer(&self, request: &service::Request, subject: String) -> Result<Bytes> {
        let message = &request.message;
        let (headers, now, own) = (message.headers.as_ref(), self.port.now(), self.port.service());
        let asking = own.trust().who(&wire::presented(headers)?, own.name(), now)?;
        let incoming = wire::incoming(subject, headers, message.payload.clone(), now, asking)?;
        self.desk.answer(incoming).await
    }
}

async fn respond(request: &service::Request, answer: Result<Bytes>) {
    let sent = match answer {
        Ok(body) => request.respond(Ok(body)).await,
        Err(error) => {
            if error.kind == Kind::Internal {
                tracing::error!(msg.subject = %request.message.subject, "A request failed: {}", error.chain());
            }
            let (code, _, message) = error.for_caller();
            let status = ServiceError { status: printable(message).into_owned(), code: code.into() };
            request.respond_with_headers(Err(status), wire::error_headers(&error)).await
        }
    };
    if let Err(error) = sent {
        tracing::debug!(msg.subject = %request.message.subject, "An answer could not be sent: {error}");
    }
}
