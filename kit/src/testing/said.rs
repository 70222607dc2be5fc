//! A scratch service and what is said outside the words of the shop: no broker, and everything told is kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::scratch::{Scratch, lock};
use crate::engine::Job;
use crate::error::Result;
use crate::listen::{self, Return, Said};

impl Scratch {
    /// Says something where the service listens, and answers what it tells in return.
    ///
    /// # Errors
    /// What the listener says.
    pub async fn say(&self, subject: &str, body: impl Into<Bytes>) -> Result<Return> {
        self.say_and_wait(subject, None, body).await
    }

    /// The same, with a place where an answer is awaited.
    ///
    /// # Errors
    /// What the listener says.
    ///
    /// # Panics
    /// If the service does not listen there.
    pub async fn say_and_wait(
        &self,
        subject: &str,
        reply: Option<&str>,
        body: impl Into<Bytes>,
    ) -> Result<Return> {
        let service = Arc::clone(&self.surroundings.service);
        let pattern = service.listened().find(|pattern| crate::bus::covers(pattern, subject));
        let pattern = pattern.unwrap_or_else(|| panic!("nobody listens to {subject}"));
        let said = Said { subject: subject.to_owned(), reply: reply.map(str::to_owned), body: body.into() };
        listen::act(&(Arc::clone(&self.surroundings) as _), pattern, said).await
    }

    /// Sets a timer for now, and fires it.
    pub async fn ring(&self, kind: &'static str, key: &str) {
        let (now, key) = (self.now(), key.to_owned());
        let set = Job::chore(now, move |tx| tx.set_timer(kind, &key, now).map(|()| Bytes::new()));
        self.surroundings.commit(set).expect("a timer is set");
        self.advance(Duration::ZERO).await;
    }

    /// Everything that work on the outside world has told so far, and forgets it.
    pub fn told_outside(&self) -> Return {
        std::mem::take(&mut lock(&self.surroundings.told).0)
    }

    /// What work on the outside world is answered from now on.
    pub fn answers_outside(&self, body: impl Into<Bytes>) {
        lock(&self.surroundings.told).1 = body.into();
    }
}
