//! What an engine's surroundings do for a handler: asking neighbours, reading, writing, time.
//!
//! There are two: the runtime on NATS, and whatever a test or a simulator puts in its place.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

use crate::caller::Caller;
use crate::engine::job::Job;
use crate::error::{Error, Result};
use crate::message::Request;
use crate::service::Service;
use crate::sql::Sql;
use crate::trace::Trace;
use crate::vitals::Vitals;

/// A future without a name, so that a port can be a trait object.
pub type Waiting<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A closure that reads.
pub type Read = Box<dyn FnOnce(&Sql<'_>) -> Result<Box<dyn Any + Send>> + Send>;

/// A closure that looks up. It is called again if the first call was broken off.
pub type LookUp = Box<dyn Fn(&Sql<'_>) -> Result<Box<dyn Any + Send>> + Send>;

/// A request on its way to a neighbour.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Where it is asked.
    pub subject: String,
    /// What is asked, as JSON.
    pub body: Bytes,
    /// The flow, and the piece of work that asks.
    pub trace: Trace,
    /// For whom it is asked.
    pub behalf: Caller,
    /// The idempotency key, if it changes something.
    pub key: Option<String>,
    /// When the answer is of no use any more.
    pub deadline: Timestamp,
}

/// The surroundings of an engine.
pub trait Port: Send + Sync + 'static {
    /// Asks a neighbour.
    fn call(&self, outgoing: Outgoing) -> Waiting<'_, Result<Bytes>>;
    /// Tells something outside the words of the shop; with a time, waits so long for an answer. Whoever has no
    /// broker refuses.
    fn tell(&self, subject: String, body: Bytes, wait: Option<Duration>) -> Waiting<'_, Result<Bytes>> {
        let _ = (body, wait);
        Box::pin(std::future::ready(Err(Error::unavailable(
            "not_told",
            format!("nobody is told of {subject}"),
        ))))
    }
    /// Hands a job to the writer; ready once its group has committed.
    fn submit(&self, job: Job) -> Waiting<'_, Result<Bytes>>;
    /// Leaves a note for the journal that may wait for the next commit, and may be lost in a crash.
    fn note(&self, job: Job);
    /// Reads on a connection that only reads.
    fn read(&self, read: Read) -> Waiting<'_, Result<Box<dyn Any + Send>>>;
    /// Looks up a few rows, at once if it can be. To whoever does not know better it is a read.
    fn look_up(&self, look_up: LookUp) -> Waiting<'_, Result<Box<dyn Any + Send>>> {
        self.read(look_up)
    }
    /// The time now.
    fn now(&self) -> Timestamp;
    /// Ready after a time, whatever the clock shows meanwhile.
    fn sleep(&self, time: Duration) -> Waiting<'static, ()>;
    /// A piece of work caused by this one.
    fn child(&self, of: &Trace) -> Trace;
    /// The service this is the port of.
    fn service(&self) -> &Arc<Service>;
    /// How the service is doing.
    fn vitals(&self) -> &Vitals;
}

/// Reads through a port, with the type of the closure.
///
/// # Errors
/// What the closure returns, or why no connection could be had.
pub async fn read<T: Send + 'static>(
    port: &dyn Port,
    read: impl FnOnce(&Sql<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let boxed = Box::new(move |sql: &Sql<'_>| read(sql).map(|value| Box::new(value) as Box<dyn Any + Send>));
    typed(port.read(boxed).await?)
}

/// Looks up through a port, with the type of the closure.
///
/// # Errors
/// As [`read`].
pub async fn look_up<T: Send + 'static>(
    port: &dyn Port,
    look_up: impl Fn(&Sql<'_>) -> Result<T> + Send + 'static,
) -> Result<T> {
    let boxed =
        Box::new(move |sql: &Sql<'_>| look_up(sql).map(|value| Box::new(value) as Box<dyn Any + Send>));
    typed(port.look_up(boxed).await?)
}

fn typed<T: 'static>(value: Box<dyn Any + Send>) -> Result<T> {
    value.downcast().map(|value| *value).map_err(|_| Error::internal("a reader answered with another type"))
}

/// Asks a neighbour through a port, with the types of the request.
///
/// # Errors
/// What the neighbour says; a mistake of ours if the service has not said that it asks this.
pub(crate) async fn call<R: Request>(
    port: &dyn Port,
    request: &R,
    trace: Trace,
    (behalf, key, deadline): (Caller, Option<String>, Timestamp),
) -> Result<R::Reply> {
    let service = port.service();
    if !service.called().any(|subject| subject == R::SUBJECT) {
        let what =
            format!("{} asks {} without saying so in its table of contents", service.name(), R::SUBJECT);
        return Err(Error::internal(what));
    }
    let body = serde_json::to_vec(request).map_err(|error| {
        Error::internal(format!("{} cannot be written as JSON", R::SUBJECT)).caused_by(error)
    })?;
    let outgoing =
        Outgoing { subject: R::SUBJECT.to_owned(), body: body.into(), trace, behalf, key, deadline };
    let reply = port.call(outgoing).await?;
    serde_json::from_slice(&reply).map_err(|error| {
        Error::internal(format!("the answer of {} is not understood", R::SUBJECT)).caused_by(error)
    })
}
