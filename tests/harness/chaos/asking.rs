//! Asking until there is an answer, under one key: what a patient customer's program does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use kit::{Call, Client, Error, Kind};
use tokio::sync::watch;

use super::ledger::Ledger;

/// How long one try may take.
const TRY_TIME: Duration = Duration::from_secs(5);

/// How long it is waited between two tries, the first and the longest.
const WAIT: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// How long somebody still asks after everything was mended.
const PATIENCE_AFTER: Duration = Duration::from_secs(60);

/// Where everybody looks up how far the round is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Things go wrong; customers come.
    Storm,
    /// Nobody begins anything new; everything was mended at this time.
    Mended(Instant),
}

/// Somebody who asks.
#[derive(Clone)]
pub struct Asking {
    client: Client,
    /// What was answered is written down here.
    pub ledger: Arc<Ledger>,
    /// How far the round is.
    pub phase: watch::Receiver<Phase>,
}

impl Asking {
    /// Somebody who asks through a connection.
    pub fn on(client: Client, ledger: Arc<Ledger>, phase: watch::Receiver<Phase>) -> Self {
        Self { client, ledger, phase }
    }

    /// The same, asking as somebody else.
    pub fn speaking(&self, voice: kit::Voice) -> Self {
        Self { client: self.client.speaking(voice), ..self.clone() }
    }

    /// Whether customers still come.
    pub fn is_storm(&self) -> bool {
        *self.phase.borrow() == Phase::Storm
    }

    /// Asks under one key until somebody says yes or no. None: nobody did, which is written down.
    pub async fn insist<R: kit::Request>(&self, request: &R, key: &str) -> Option<Result<R::Reply, Error>> {
        let mut wait = WAIT.0;
        loop {
            let call = Call { key: Some(key.to_owned()), timeout: TRY_TIME, ..Call::default() };
            let error = match self.client.call(request, call).await {
                Ok(reply) => return Some(Ok(reply)),
                Err(error) => error,
            };
            if !error.kind.is_retryable() {
                if error.kind == Kind::Internal {
                    self.ledger.strange(format!("{} {key}: {}", R::SUBJECT, error.chain()));
                }
                return Some(Err(error));
            }
            let phase = *self.phase.borrow();
            if matches!(phase, Phase::Mended(since) if since.elapsed() > PATIENCE_AFTER) {
                self.ledger.unanswered(format!("{} {key}: {}", R::SUBJECT, error.chain()));
                return None;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(WAIT.1);
        }
    }
}
