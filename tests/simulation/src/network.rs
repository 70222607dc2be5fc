//! Requests and answers on the way: late, lost, twice.

use std::time::Duration;

use bytes::Bytes;
use kit::clock::Clock;
use kit::engine::Incoming;
use kit::error::reason;
use kit::message::owner;
use kit::{Error, Kind, Result};

use crate::broken::Broken;
use crate::port::{Ask, Note};
use crate::shop;
use crate::world::{Event, Pending, World};

/// How long a message takes: nearly nothing, or now and then long.
const TAKES: (Duration, Duration) = (Duration::from_micros(80), Duration::from_millis(4));
const TAKES_LONG: (Duration, Duration) = (Duration::from_millis(5), Duration::from_secs(3));

/// After what time without an answer a request is sent again, in microseconds. Then twice that, and so on.
const PATIENCE: i64 = 500_000;

impl World {
    /// How long a message takes on the network, in microseconds; none if it gets lost.
    pub(crate) fn takes(&mut self) -> Option<i64> {
        if self.broker_down || self.dice.happens(self.storm.lost) {
            return None;
        }
        let (least, most) = if self.dice.happens(self.storm.slow) { TAKES_LONG } else { TAKES };
        Some(self.dice.time(least, most))
    }

    /// Sends something on the network, perhaps twice.
    fn sends(&mut self, mut event: impl FnMut() -> Event) {
        let times = if self.dice.happens(self.storm.twice) { 2 } else { 1 };
        for _ in 0..times {
            if let Some(takes) = self.takes() {
                self.at(self.clock.passed() + takes, event());
            }
        }
    }

    pub(crate) fn begins_asking(&mut self, ask: Ask) {
        let (number, now) = (self.next_ask(), self.clock.passed());
        let deadline = now + ask.patience_us;
        self.asks.insert(number, Pending { ask, deadline, patience: PATIENCE });
        self.sends(|| Event::Asks(number));
        self.at((now + PATIENCE).min(deadline), Event::AsksAgain(number));
    }

    pub(crate) fn asks_again(&mut self, number: u64) {
        let now = self.clock.passed();
        let Some(pending) = self.asks.get_mut(&number) else { return };
        if now >= pending.deadline {
            let Some(pending) = self.asks.remove(&number) else { return };
            let silent = format!("{} gave no answer", pending.ask.subject);
            let _ = pending.ask.answer.send(Err(Error::new(Kind::TimedOut, reason::TIMED_OUT, silent)));
            return;
        }
        pending.patience *= 2;
        if self.broken == Some(Broken::AsksUnderAnotherKey)
            && let Some(key) = pending.ask.key.as_mut()
        {
            key.push('+');
        }
        let next = (now + pending.patience).min(pending.deadline);
        self.sends(|| Event::Asks(number));
        self.at(next, Event::AsksAgain(number));
    }

    /// A request has arrived at a service; a service that is down answers nothing, and it comes again.
    pub(crate) fn asks_service(&mut self, number: u64) {
        let Some(pending) = self.asks.get(&number) else { return };
        let Some(node) = shop::number(owner(&pending.ask.subject)) else { return };
        let Some(live) = self.nodes[node].live.as_ref() else { return };
        if self.nodes[node].still_until > self.clock.passed() {
            let until = self.nodes[node].still_until;
            return self.put_off(until, Event::Asks(number));
        }
        let Ask { subject, body, trace, caller, behalf, key, .. } = &pending.ask;
        let left = pending.deadline - self.clock.passed();
        let incoming = Incoming {
            subject: subject.clone(),
            body: body.clone(),
            trace: *trace,
            caller: caller.clone(),
            behalf: behalf.clone(),
            key: key.clone(),
            timeout: Some(Duration::from_micros(u64::try_from(left).unwrap_or(0))),
            received: self.clock.now(),
        };
        let (desk, notes) = (std::sync::Arc::clone(&live.desk), self.notes.clone());
        let of = (node, self.nodes[node].life);
        self.tasks.begin(Some(of), async move {
            let answer = desk.answer(incoming).await;
            notes.leave(Note::Answered { ask: number, answer });
        });
    }

    /// A service has answered: the answer goes its way.
    pub(crate) fn answers(&mut self, number: u64, answer: Result<Bytes>) {
        self.sends(|| Event::Answers(number, answer.clone()));
    }

    pub(crate) fn answered(&mut self, number: u64, answer: Result<Bytes>) {
        if let Some(pending) = self.asks.remove(&number) {
            // Details and causes stay behind on a real network too; here only the words travel.
            let _ = pending.ask.answer.send(answer);
        }
    }
}
