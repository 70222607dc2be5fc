//! How a request is answered, around its handler: limits, stored replies, panics, the journal.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::Notify;

use crate::access::Asker;
use crate::caller::Caller;
use crate::context::{Ctx, Recorded};
use crate::crash;
use crate::engine::job::{Job, Work};
use crate::engine::perform::panicked;
use crate::engine::port::Port;
use crate::engine::replies::{self, ReplyKey};
use crate::error::{Error, Result, reason};
use crate::limits::{REQUEST_BYTES_MAX, REQUEST_TIME, REQUEST_TIME_MAX};
use crate::service::Answer;
use crate::trace::Trace;

/// A request as it was received, its headers read.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Where it was asked.
    pub subject: String,
    /// What was asked.
    pub body: Bytes,
    /// The piece of work that asks, if it says so.
    pub trace: Option<Trace>,
    /// Who asks, proved.
    pub caller: Caller,
    /// On whose behalf, if a service asks.
    pub behalf: Option<Caller>,
    /// The idempotency key, if there is one.
    pub key: Option<String>,
    /// How long the caller waits, if it says so.
    pub timeout: Option<Duration>,
    /// When it was received.
    pub received: Timestamp,
}

/// Where the requests of a service arrive.
pub struct Desk {
    port: Arc<dyn Port>,
    in_progress: Mutex<HashSet<(String, String)>>,
    finished: Notify,
}

impl Desk {
    /// The desk of the service behind a port.
    pub fn new(port: Arc<dyn Port>) -> Self {
        Self { port, in_progress: Mutex::default(), finished: Notify::new() }
    }

    /// Answers a request. The answer may be given to the caller as soon as this returns.
    ///
    /// # Errors
    /// The refusal or failure to tell the caller.
    pub async fn answer(&self, incoming: Incoming) -> Result<Bytes> {
        let service = Arc::clone(self.port.service());
        let Some(answer) = service.answer(&incoming.subject) else {
            return Err(Error::not_found("unknown_subject", format!("nobody answers {}", incoming.subject)));
        };
        let pass = answer.access.admits(&incoming.subject, &incoming.caller, incoming.behalf.as_ref())?;
        let principal = incoming.behalf.clone().unwrap_or_else(|| incoming.caller.clone());
        let asker = Asker::new(principal, pass);
        if incoming.body.len() > REQUEST_BYTES_MAX {
            return Err(Error::invalid(
                reason::BODY_TOO_LARGE,
                format!("the body has {} bytes, at most {REQUEST_BYTES_MAX} are read", incoming.body.len()),
            ));
        }
        let key = match (&incoming.key, answer.changes) {
            (Some(key), true) => {
                Some(ReplyKey::of(&incoming.caller, key, &incoming.subject, &incoming.body)?)
            }
            (None, true) => {
                return Err(Error::invalid(
                    reason::IDEMPOTENCY_KEY_MISSING,
                    format!(
                        "{} changes something, so it needs the header Idempotency-Key; nothing was done",
                        incoming.subject
                    ),
                ));
            }
            (_, false) => None,
        };
        let Some(key) = key else { return self.handle(answer, incoming, asker, None).await };
        // The same request twice at once: the second waits and gets the answer of the first.
        let _turn = self.turn(&key).await;
        let looked_up = key.clone();
        let stored =
            crate::engine::port::look_up(&*self.port, move |sql| replies::find(sql, &looked_up)).await?;
        match stored {
            Some(known) => known,
            None => self.handle(answer, incoming, asker, Some(key)).await,
        }
    }

    async fn handle(
        &self,
        answer: &Answer,
        incoming: Incoming,
        asker: Asker,
        key: Option<ReplyKey>,
    ) -> Result<Bytes> {
        let first = Trace { id: 0, span: 0, parent: 0, sampled: answer.changes };
        let trace = self.port.child(&incoming.trace.unwrap_or(first));
        let wait = incoming.timeout.unwrap_or(REQUEST_TIME).min(REQUEST_TIME_MAX);
        let recorded = Recorded::default();
        let ctx = Ctx {
            port: Arc::clone(&self.port),
            subject: incoming.subject.clone(),
            trace,
            caller: incoming.caller.clone(),
            asker: asker.clone(),
            key: key.clone(),
            received: incoming.received,
            deadline: incoming.received + wait,
            recorded: Arc::clone(&recorded),
        };
        let ended = AssertUnwindSafe(async { (answer.handler)(ctx, incoming.body).await })
            .catch_unwind()
            .await
            .unwrap_or_else(|panic| Err(panicked(&*panic)));
        let ended = ended.and_then(|body| asker.must_have_asked(&answer.subject).map(|()| body));
        // What was recorded is the answer, whatever the handler made of it afterwards: under the
        // same key everybody must hear the same.
        let kept = recorded.lock().ok().and_then(|mut kept| kept.take());
        if let Some(kept) = kept {
            crash::pause("request.after_commit_before_reply", &incoming.subject).await?;
            // Of an act nothing is kept: its handler may record that it refused, and answer that.
            if !answer.changes {
                return ended;
            }
            debug_assert!(
                kept.is_err() || ended.as_ref().ok() == kept.as_ref().ok(),
                "{} answers other than it recorded",
                answer.subject
            );
            return kept;
        }
        let job = |work| Job {
            kind: "request",
            subject: incoming.subject.clone(),
            key: String::new(),
            trace,
            caller: incoming.caller.clone(),
            received: incoming.received,
            attempt: 1,
            work,
        };
        match (&ended, key) {
            (Err(error), Some(reply)) if error.kind.is_remembered() => {
                self.port.submit(job(Work::Remember { reply, error: error.clone() })).await
            }
            _ => {
                if trace.sampled {
                    let outcome = ended.as_ref().err().map_or("ok", |error| &*error.reason).to_owned();
                    self.port.note(job(Work::Note { outcome, finished: self.port.now() }));
                }
                ended
            }
        }
    }

    async fn turn(&self, key: &ReplyKey) -> Turn<'_> {
        let name = (key.caller.clone(), key.key.clone());
        loop {
            let finished = self.finished.notified();
            let free = self.in_progress.lock().is_ok_and(|mut names| names.insert(name.clone()));
            if free {
                return Turn { desk: self, name };
            }
            finished.await;
        }
    }
}

/// A key that is being worked on, until this is dropped.
struct Turn<'a> {
    desk: &'a Desk,
    name: (String, String),
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Ok(mut names) = self.desk.in_progress.lock() {
            names.remove(&self.name);
        }
        self.desk.finished.notify_waiters();
    }
}

#[cfg(test)]
#[expect(unreachable_pub, dead_code, reason = "a contract is public, and listed, where it is real")]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::message::Example;
    use crate::testing::Scratch;
    use crate::{Ctx, Service};

    crate::subjects! {
        act "door.try" Try -> Tried by [anyone], "Tries to come in.";
    }

    #[derive(Debug, Clone, Serialize, Deserialize)]
    struct Try {
        password: String,
    }

    #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
    struct Tried {
        before: u32,
    }

    impl Example for Try {
        fn example() -> Self {
            Self { password: "sesame".into() }
        }
    }

    impl Example for Tried {
        fn example() -> Self {
            Self { before: 0 }
        }
    }

    /// Counts every try, also one that is refused.
    async fn try_to_come_in(ctx: Ctx, asked: Try) -> Result<Tried> {
        let before = ctx
            .write(|tx| {
                let before = tx.get("SELECT count(*) FROM tries", [], |row| row.get(0))?;
                tx.execute("INSERT INTO tries (id) VALUES (?1)", [before])?;
                Ok(before)
            })
            .await?;
        match asked.password.as_str() {
            "sesame" => Ok(Tried { before }),
            _ => Err(Error::refused("wrong", "that is not the word")),
        }
    }

    #[tokio::test]
    async fn an_act_may_record_that_it_refused_and_nothing_it_says_is_kept() {
        const TRIES: &str = "CREATE TABLE tries (id INTEGER NOT NULL PRIMARY KEY) STRICT;";
        let door = Service::new("door", "1.0.0").migrations_from(&[TRIES]).answers(try_to_come_in);
        let scratch = Scratch::of(door);
        let said = |password: &str| Try { password: password.into() };
        let refused = scratch.ask_as("key", &said("guess")).await.unwrap_err();
        assert_eq!(refused.reason, "wrong");
        // The same key does not matter: each is a try of its own.
        assert_eq!(scratch.ask_as("key", &said("sesame")).await.unwrap(), Tried { before: 1 });
        let kept: u32 =
            scratch.sql(|sql| sql.get("SELECT count(*) FROM stored_reply", [], |row| row.get(0))).unwrap();
        assert_eq!(kept, 0);
    }
}
