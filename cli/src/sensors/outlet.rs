//! Who takes the messages of sensors: the broker's stream, with a bounded number of messages under way.

use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use kit::Client;
use tokio::time::Instant;

use crate::failure::Failure;
use crate::progress::persist;

/// Messages that the broker has not acknowledged yet. Whoever tells more waits.
pub(crate) const UNDER_WAY_MAX: usize = 256;

type UnderWay<'a> = std::pin::Pin<Box<dyn Future<Output = Result<usize, Failure>> + 'a>>;

/// Takes messages, and counts the readings in those that are stored.
pub(crate) struct Outlet<'a> {
    client: &'a Client,
    time: Duration,
    under_way: FuturesUnordered<UnderWay<'a>>,
    /// Readings in messages that the broker has acknowledged.
    pub(crate) stored: u64,
}

impl<'a> Outlet<'a> {
    /// `time` is how long the broker may take for one message.
    pub(crate) fn new(client: &'a Client, time: Duration) -> Self {
        Self { client, time, under_way: FuturesUnordered::new(), stored: 0 }
    }

    /// Hands a message over. It is sent again if nobody took it: what is told twice is recorded once.
    ///
    /// # Errors
    /// Why an earlier one was not stored. This one is not sent then.
    pub(crate) async fn tell(
        &mut self,
        subject: String,
        body: Bytes,
        readings: usize,
    ) -> Result<(), Failure> {
        while self.under_way.len() >= UNDER_WAY_MAX {
            self.take_one().await?;
        }
        let (client, time) = (self.client, self.time);
        self.under_way.push(Box::pin(async move {
            persist(async || Ok(client.publish_stored(&subject, body.clone(), time).await?)).await?;
            Ok(readings)
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
                Some(ended) = self.under_way.next() => self.stored += ended? as u64,
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
        if let Some(ended) = self.under_way.next().await {
            self.stored += ended? as u64;
        }
        Ok(())
    }
}
