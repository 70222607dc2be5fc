//! Sending a message: one try, and writing down how it ended.

use std::sync::Arc;
use std::time::Duration;

use contracts::NotificationId;
use contracts::notification::{NotificationFailed, NotificationSent, NotificationState};
use kit::{Attempt, Effect, EffectCtx, Policy, Result, Trouble, Tx};
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::code;
use crate::notification::{SENT, outcome};
use crate::store;

/// A message to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendNotification {
    /// Which.
    pub notification: NotificationId,
    /// In which generation: a further one is sent although an earlier one was.
    pub generation: u32,
    /// What it is about, so that the tries are found by it.
    pub about: String,
}

impl Effect for SendNotification {
    const NAME: &'static str = "send_notification";
    /// Twelve tries within half an hour: servers that know no sender yet say "later" for a while.
    const POLICY: Policy = Policy {
        time_limit: Duration::from_secs(30),
        tries_max: 12,
        wait: Duration::from_secs(1),
        wait_max: Duration::from_secs(10 * 60),
        at_once: 4,
    };
    type Outcome = ();

    fn key(&self) -> String {
        format!("{}:{}", self.notification, self.generation)
    }

    fn about(&self) -> String {
        self.about.clone()
    }
}

/// One try. A code is asked for only now, and is gone when the try is over.
///
/// # Errors
/// What stood in the way, without the address of anybody and without the code.
pub async fn send(ctx: EffectCtx, work: SendNotification, channel: Arc<dyn Channel>) -> Result<(), Trouble> {
    let id = work.notification;
    let (mut message, code_of) = ctx
        .look_up(move |sql| store::get_message(sql, id))
        .await
        .map_err(|error| Trouble::Transient(error.message))?;
    let Some(ticket) = code_of else {
        return channel.deliver(&message).await.map_err(|trouble| told(trouble, outcome));
    };
    let revealed = code::reveal(&ctx, ticket).await?;
    message.text = code::filled(&message.text, &revealed);
    let delivered = channel.deliver(&message).await;
    delivered.map_err(|trouble| told(trouble, |said| outcome(&code::without(said, &revealed.code))))
}

/// The same trouble, in words that may be kept.
fn told(trouble: Trouble, words: impl Fn(&str) -> String) -> Trouble {
    match trouble {
        Trouble::Unknown(said) => Trouble::Unknown(words(&said)),
        Trouble::Transient(said) => Trouble::Transient(words(&said)),
        Trouble::Hopeless(said) => Trouble::Hopeless(words(&said)),
    }
}

/// Writes down how a try ended.
///
/// # Errors
/// If it cannot be recorded.
pub fn record(tx: &mut Tx<'_>, work: SendNotification, ended: Attempt<()>) -> Result<()> {
    let id = work.notification;
    let sent = store::get_notification(tx, id)?;
    match ended {
        Attempt::Answered(()) => {
            store::insert_attempt(tx, id, SENT)?;
            store::update_state(tx, id, NotificationState::Sent)?;
            tracing::debug!(notification.id = %id, msg.key = sent.about, "Message {id} was sent: {}", sent.happening);
            let (about, happening, channel) = (sent.about, sent.happening, sent.channel);
            tx.emit(&NotificationSent { notification: id, about, happening, channel })
        }
        Attempt::Retrying { attempt, trouble, .. } => {
            store::insert_attempt(tx, id, trouble.message())?;
            tracing::warn!(
                notification.id = %id, msg.key = sent.about, attempt,
                "Message {id} was not sent and will be tried again: {}", trouble.message()
            );
            Ok(())
        }
        Attempt::GaveUp { attempts, trouble, .. } => {
            let message = trouble.message().to_owned();
            store::insert_attempt(tx, id, &message)?;
            store::update_state(tx, id, NotificationState::Failed)?;
            tracing::error!(
                notification.id = %id, msg.key = sent.about, attempt = attempts,
                "Message {id} could not be sent: {message}"
            );
            let (about, happening) = (sent.about, sent.happening);
            tx.emit(&NotificationFailed { notification: id, about, happening, message })
        }
    }
}
