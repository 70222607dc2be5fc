//! Messages from outside the words of the shop in, what is told in return out.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use async_nats::Message;
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::tasks::{Spawner, Tasks};
use crate::engine::perform::panicked;
use crate::engine::port::Port;
use crate::error::{Error, Kind, Result};
use crate::listen::{self, SAID_AT_ONCE_MAX, SAID_BYTES_MAX, Said};

/// Where a service listens, and what of it is in progress.
pub(super) struct Listening {
    stop: CancellationToken,
    ends: Tasks,
    begun: Tasks,
}

struct Ears {
    nats: async_nats::Client,
    port: Arc<dyn Port>,
}

impl Listening {
    /// Starts to listen.
    pub(super) async fn start(nats: &async_nats::Client, port: Arc<dyn Port>) -> Result<Self> {
        let own = Arc::clone(port.service());
        let listening = Self { stop: CancellationToken::new(), ends: Tasks::new(), begun: Tasks::new() };
        let ears = Arc::new(Ears { nats: nats.clone(), port });
        for pattern in own.listened() {
            let heard = nats.queue_subscribe(pattern, own.name().to_owned()).await;
            let heard = heard.map_err(|error| {
                Error::internal(format!("{pattern} cannot be listened to")).caused_by(error)
            })?;
            let heard = heard.take_until(listening.stop.clone().cancelled_owned());
            listening.ends.spawn(receive(heard, pattern, Arc::clone(&ears), listening.begun.spawner()));
        }
        Ok(listening)
    }

    /// Listens to nothing further, and waits until what was heard is acted on.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        self.ends.finish().await;
        self.begun.finish().await;
    }
}

async fn receive(heard: impl Stream<Item = Message>, pattern: &'static str, ears: Arc<Ears>, begun: Spawner) {
    // Each pattern has places of its own: a device that floods with one thing keeps nobody else from being let in.
    let places = Arc::new(Semaphore::new(SAID_AT_ONCE_MAX));
    let mut heard = std::pin::pin!(heard);
    while let Some(message) = heard.next().await {
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            tracing::warn!(msg.subject = pattern, "Too much is said at once; a message was dropped");
            continue;
        };
        let ears = Arc::clone(&ears);
        begun.spawn(async move {
            if let Err(error) = ears.act(pattern, message).await {
                match error.kind {
                    Kind::Internal => tracing::error!(msg.subject = pattern, "{}", error.chain()),
                    _ => tracing::warn!(msg.subject = pattern, "A message was not acted on: {error}"),
                }
            }
            drop(place);
        });
    }
}

impl Ears {
    async fn act(&self, pattern: &'static str, message: Message) -> Result<()> {
        if message.payload.len() > SAID_BYTES_MAX {
            let what = format!("it has {} bytes, at most {SAID_BYTES_MAX} are read", message.payload.len());
            return Err(Error::invalid("said_too_large", what));
        }
        let said = Said {
            subject: message.subject.to_string(),
            reply: message.reply.map(|reply| reply.to_string()),
            body: message.payload,
        };
        let told = AssertUnwindSafe(listen::act(&self.port, pattern, said))
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(panicked(&*panic)))?;
        for (subject, body) in told {
            #[expect(clippy::disallowed_methods, reason = "no event: it answers what was said outside")]
            let sent = self.nats.publish(subject, body).await;
            sent.map_err(|error| Error::unavailable("not_told", error.to_string()))?;
        }
        Ok(())
    }
}
