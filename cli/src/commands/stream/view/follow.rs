//! Going on with a stream: each message once, in order, with its number.
//!
//! What is told is announced on its subject, but without its number, and not if the connection is away.
//! So an announcement only says that it is time to look.

use std::time::Duration;

use futures_util::FutureExt;
use kit::Client;
use kit::client::Stored;

use super::{Job, LOOK_AGAIN, Printer, shown_so_far};
use crate::failure::Failure;
use crate::stream::read::ANY;

/// Shows what is in the stream, and then whatever is told, until as many were shown as are wanted.
pub(super) async fn run(job: &Job, printer: &mut Printer<'_>) -> Result<(), Failure> {
    let shop = printer.shop;
    let client = shop.client().await?;
    // Listened to before anything is read, so that nothing falls between.
    let subject = job.wanted.subject.clone().unwrap_or_else(|| subject_of(job));
    let mut announced = client.watch(&subject).await?;
    let mut next = shown_so_far(job, printer).await?;
    shop.out.say(format!("listening to {}; Ctrl-C ends it", job.stream.name));
    let mut is_away = false;
    let mut waits = 0;
    while printer.left > 0 {
        match look(client, job, next, shop.timeout).await {
            Ok(Some(stored)) => {
                (next, waits, is_away) = (stored.sequence + 1, 0, false);
                if let Some(message) = job.wanted.take(stored) {
                    printer.show(message)?;
                }
                continue;
            }
            Ok(None) => is_away = false,
            Err(error) if !is_away => {
                is_away = true;
                shop.out.warn(format!("{}; it goes on from message {next}", error.message));
            }
            Err(_) => {}
        }
        tokio::select! {
            told = announced.next() => match told {
                Some(_) => {
                    // However many were announced, one look sees the next.
                    while let Some(Some(_)) = announced.next().now_or_never() {}
                    waits = 0;
                }
                // The connection is closed for good; looking says so.
                None => tokio::time::sleep(LOOK_AGAIN[LOOK_AGAIN.len() - 1]).await,
            },
            () = tokio::time::sleep(LOOK_AGAIN[waits]) => waits = (waits + 1).min(LOOK_AGAIN.len() - 1),
        }
    }
    Ok(())
}

/// The next message from a number on.
async fn look(client: &Client, job: &Job, next: u64, wait: Duration) -> kit::Result<Option<Stored>> {
    let subject = job.wanted.subject.as_deref().unwrap_or(ANY);
    let looked = client.message_from(&job.stream.name, subject, next);
    tokio::time::timeout(wait, looked).await.unwrap_or_else(|_| {
        let what = "the broker does not answer";
        Err(kit::Error::unavailable(kit::error::reason::BROKER_UNREACHABLE, what))
    })
}

fn subject_of(job: &Job) -> String {
    job.stream.subjects.first().cloned().unwrap_or_else(|| ANY.to_owned())
}
