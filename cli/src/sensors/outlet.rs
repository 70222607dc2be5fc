//! Who takes the messages of sensors: the broker's stream, or the broker as devices see it over MQTT. Few are under
//! way at once, and what counts as taken the broker has acknowledged.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kit::Client;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::progress::persist;
use crate::sensors::mqtt::Fleet;

/// Messages that the broker has not acknowledged yet. Whoever tells more waits.
pub(crate) const UNDER_WAY_MAX: usize = 256;

/// Where messages go.
pub(crate) enum Outlet<'a> {
    /// Straight into the stream, in the name of devices.
    Stream(Stream<'a>),
    /// From each device over a connection of its own.
    Mqtt(Fleet),
}

impl Outlet<'_> {
    /// Hands a message of one device over.
    ///
    /// # Errors
    /// Why an earlier one was not taken, or why this one cannot be.
    pub(crate) async fn tell(&mut self, place: usize, subject: &str, body: String) -> Result<(), Failure> {
        match self {
            Self::Stream(stream) => stream.tell(subject.to_owned(), body.into()).await,
            Self::Mqtt(fleet) => fleet.tell(place, subject.replace('.', "/"), body).await,
        }
    }

    /// Takes acknowledgements until a moment.
    ///
    /// # Errors
    /// Why something was not taken.
    pub(crate) async fn until(&mut self, moment: Instant) -> Result<(), Failure> {
        match self {
            Self::Stream(stream) => stream.until(moment).await,
            Self::Mqtt(fleet) => {
                tokio::time::sleep_until(moment).await;
                fleet.check()
            }
        }
    }

    /// Waits until everything that was handed over is acknowledged.
    ///
    /// # Errors
    /// Why something was not.
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        match self {
            Self::Stream(stream) => stream.end().await,
            Self::Mqtt(fleet) => fleet.end().await,
        }
    }

    /// Messages that were acknowledged.
    pub(crate) fn acknowledged(&self) -> u64 {
        match self {
            Self::Stream(stream) => stream.stored,
            Self::Mqtt(fleet) => fleet.acknowledged(),
        }
    }
}

type UnderWay<'a> = std::pin::Pin<Box<dyn Future<Output = Result<(), Failure>> + 'a>>;

/// The broker's stream.
pub(crate) struct Stream<'a> {
    client: &'a Client,
    time: Duration,
    under_way: FuturesUnordered<UnderWay<'a>>,
    /// Messages that it has acknowledged.
    pub(crate) stored: u64,
}

impl<'a> Stream<'a> {
    /// `time` is how long the broker may take for one message.
    pub(crate) fn new(client: &'a Client, time: Duration) -> Self {
        Self { client, time, under_way: FuturesUnordered::new(), stored: 0 }
    }

    /// Hands a message over. It is sent again if nobody took it: what is told twice is recorded once.
    ///
    /// # Errors
    /// Why an earlier one was not stored. This one is not sent then.
    pub(crate) async fn tell(&mut self, subject: String, body: Bytes) -> Result<(), Failure> {
        while self.under_way.len() >= UNDER_WAY_MAX {
            self.take_one().await?;
        }
        let (client, time) = (self.client, self.time);
        self.under_way.push(Box::pin(async move {
            persist(async || Ok(client.publish_stored(&subject, body.clone(), time).await?)).await.map(drop)
        }));
        Ok(())
    }

    /// Takes acknowledgements until a moment.
    ///
    /// # Errors
    /// Why something was not stored.
    pub(crate) async fn until(&mut self, moment: Instant) -> Result<(), Failure> {
        loop {
            tokio::select! {
                biased;
                Some(ended) = self.under_way.next() => self.counts(ended)?,
                () = tokio::time::sleep_until(moment) => return Ok(()),
            }
        }
    }

    /// Waits until everything that was handed over is stored.
    ///
    /// # Errors
    /// Why something was not.
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        while !self.under_way.is_empty() {
            self.take_one().await?;
        }
        Ok(())
    }

    async fn take_one(&mut self) -> Result<(), Failure> {
        self.under_way.next().await.map_or(Ok(()), |ended| self.counts(ended))
    }

    fn counts(&mut self, ended: Result<(), Failure>) -> Result<(), Failure> {
        ended.map(|()| self.stored += 1)
    }
}
