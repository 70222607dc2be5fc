//! How a service gets its stream and its consumers: it asks the keeper, unless it is the keeper.

use std::sync::Arc;
use std::time::Duration;

use crate::caller::Caller;
use crate::clock::SystemChance;
use crate::engine::port::{self, Port};
use crate::error::Result;
use crate::message::Request;
use crate::streams::{Keeper, MakeConsumer, MakeDrain, MakeStream, PurgeStream};
use crate::trace::Trace;

/// How long the keeper may take. It waits for the broker itself.
const KEEPER_TIME: Duration = Duration::from_secs(3);

/// The way to the keeper.
#[derive(Clone)]
pub(super) struct Keeping {
    pub(super) port: Arc<dyn Port>,
    /// The keeper itself, in its own process.
    pub(super) own: Option<Arc<Keeper>>,
}

impl Keeping {
    /// Makes the stream of this service anew, empty.
    pub(super) async fn make(&self, origin: &str, first: u64) -> Result<()> {
        match &self.own {
            Some(keeper) => keeper.make(self.port.service().name(), origin, first, &[]).await,
            None => self.ask(&MakeStream { origin: origin.to_owned(), first }).await,
        }
    }

    /// Makes the consumer of this service anew.
    pub(super) async fn consume(&self, asked: &MakeConsumer) -> Result<()> {
        match &self.own {
            Some(keeper) => keeper.consume(self.port.service().name(), asked).await,
            None => self.ask(asked).await,
        }
    }

    /// Makes a stream of raw messages, unless it is there, and the consumer of this service anew. The keeper itself
    /// drains nothing.
    pub(super) async fn drain(&self, asked: &MakeDrain) -> Result<()> {
        self.ask(asked).await
    }

    /// Removes old messages from the stream of this service.
    pub(super) async fn purge(&self, before: u64) -> Result<()> {
        match &self.own {
            Some(keeper) => keeper.purge(self.port.service().name(), before).await,
            None => self.ask(&PurgeStream { before }).await,
        }
    }

    async fn ask<R: Request>(&self, request: &R) -> Result<()> {
        let name = self.port.service().name().to_owned();
        let trace = Trace { sampled: false, ..Trace::begin(self.port.now(), &mut SystemChance) };
        let rest = (Caller::Service(name), None, self.port.now() + KEEPER_TIME);
        port::call(&*self.port, request, trace, rest).await.map(drop)
    }
}
