//! What handlers ask through: neighbours over NATS, the writer thread, the readers, the clock.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use super::readers::Readers;
use super::writer::Writer;
use crate::access::{Identity, Presented};
use crate::clock::{Clock, SystemChance, SystemClock};
use crate::engine::Job;
use crate::engine::port::{LookUp, Outgoing, Port, Read, Waiting};
use crate::error::{Error, Result};
use crate::message::owner;
use crate::service::Service;
use crate::trace::Trace;
use crate::vitals::Vitals;
use crate::wire;

pub(super) struct NatsPort {
    pub(super) service: Arc<Service>,
    pub(super) nats: async_nats::Client,
    pub(super) identity: Arc<Identity>,
    pub(super) writer: Arc<Writer>,
    pub(super) readers: Readers,
    pub(super) vitals: Arc<Vitals>,
}

impl Port for NatsPort {
    fn call(&self, outgoing: Outgoing) -> Waiting<'_, Result<Bytes>> {
        let left = outgoing.deadline.duration_since(self.now());
        let time = Duration::try_from(left).unwrap_or_default();
        Box::pin(async move {
            let token = self.identity.token_for(owner(&outgoing.subject), self.now())?;
            let presented =
                Presented { token: Some(token), guest: None, behalf: Some(outgoing.behalf.to_string()) };
            wire::request(&self.nats, outgoing, presented, time).await
        })
    }

    fn tell(&self, subject: String, body: Bytes, wait: Option<Duration>) -> Waiting<'_, Result<Bytes>> {
        Box::pin(async move {
            let not_told =
                |error: String| Error::unavailable("not_told", format!("it was not told: {error}"));
            match wait {
                None => {
                    #[expect(
                        clippy::disallowed_methods,
                        reason = "no event: an effect tells it, and no stream holds it"
                    )]
                    let sent = self.nats.publish(subject, body).await;
                    sent.map(|()| Bytes::new()).map_err(|error| not_told(error.to_string()))
                }
                Some(time) => match tokio::time::timeout(time, self.nats.request(subject, body)).await {
                    Ok(answer) => {
                        answer.map(|answer| answer.payload).map_err(|error| not_told(error.to_string()))
                    }
                    Err(_) => Err(not_told("nobody answered in time".to_owned())),
                },
            }
        })
    }

    fn submit(&self, job: Job) -> Waiting<'_, Result<Bytes>> {
        Box::pin(self.writer.submit(job))
    }

    fn note(&self, job: Job) {
        self.writer.note(job);
    }

    fn read(&self, read: Read) -> Waiting<'_, Result<Box<dyn Any + Send>>> {
        Box::pin(self.readers.read(read))
    }

    fn look_up(&self, look_up: LookUp) -> Waiting<'_, Result<Box<dyn Any + Send>>> {
        Box::pin(self.readers.look_up(look_up))
    }

    fn now(&self) -> Timestamp {
        SystemClock.now()
    }

    fn sleep(&self, time: Duration) -> Waiting<'static, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn child(&self, of: &Trace) -> Trace {
        if of.id == 0 {
            return Trace { sampled: of.sampled, ..Trace::begin(self.now(), &mut SystemChance) };
        }
        of.child(&mut SystemChance)
    }

    fn service(&self) -> &Arc<Service> {
        &self.service
    }

    fn vitals(&self) -> &Vitals {
        &self.vitals
    }
}
