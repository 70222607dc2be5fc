//! The relay of each service, as `runtime::relay` has it, on the model of the broker. What is to be
//! done with a stream is decided by the same function.

use std::time::Duration;

use kit::engine::mirror::{self, Found};
use kit::engine::outbox;
use kit::limits::{RELAY_LOOKS_EVERY, RETRY_WAIT};
use kit::message::stream_of;

use crate::broken::Broken;
use crate::broker::Publish;
use crate::chance::micros;
use crate::node::{Node, Relay};
use crate::world::{Event, World};

/// How long a relay waits for the broker's word, in microseconds.
const STREAM_TIME: i64 = 2_000_000;
/// Rows that are on their way at once here: few, so that there is something to wait for.
const IN_FLIGHT_MAX: u64 = 40;

impl World {
    fn relay(&mut self, (node, _): (usize, u64)) -> Option<&mut Relay> {
        self.nodes[node].live.as_mut().map(|live| &mut live.relay)
    }

    fn turns(&self, of: (usize, u64), turn: u64) -> bool {
        self.lives(of) && self.nodes[of.0].live.as_ref().is_some_and(|live| live.relay.turn == turn)
    }

    /// Lets a relay compare soon.
    pub(crate) fn compares_soon(&mut self, of: (usize, u64)) {
        let Some(relay) = self.relay(of) else { return };
        relay.wait_us = micros(RETRY_WAIT.0);
        let turn = relay.turn;
        self.within(Duration::from_millis(1), Duration::from_millis(40), Event::Compares(of, turn));
    }

    /// Lets a relay compare again after a failure, a little later each time.
    fn compares_later(&mut self, of: (usize, u64)) {
        let Some(relay) = self.relay(of) else { return };
        relay.turn += 1;
        relay.publishes = false;
        let (turn, wait) = (relay.turn, relay.wait_us);
        relay.wait_us = (wait * 2).min(micros(RETRY_WAIT.1));
        self.at(self.clock.passed() + wait, Event::Compares(of, turn));
    }

    pub(crate) fn compares(&mut self, of: (usize, u64), turn: u64) {
        if !self.turns(of, turn) {
            return;
        }
        // Only an idle relay looks again.
        if self.relay(of).is_some_and(|relay| relay.publishes && relay.in_flight > 0) {
            return self.at(self.clock.passed() + micros(RELAY_LOOKS_EVERY), Event::Compares(of, turn));
        }
        if self.broker_down || self.dice.happens(self.storm.lost) {
            return self.compares_later(of);
        }
        let (found, oldest) = match self.found(&self.nodes[of.0], of.0) {
            Ok(found) => found,
            Err(error) => {
                self.findings.push(format!("{}: its outbox: {}", self.nodes[of.0].name, error.chain()));
                return;
            }
        };
        match found {
            Found::Continue(next) if self.broken == Some(Broken::KeepsACursor) => {
                let remembered = self.nodes[of.0].cursor + 1;
                self.publishes_from(of, next.max(remembered));
            }
            Found::Continue(next) => self.publishes_from(of, next),
            Found::Make(_) | Found::Rebuild(_) => {
                self.within(
                    Duration::from_millis(1),
                    Duration::from_millis(300),
                    Event::Makes(of, turn, oldest),
                );
            }
            // No database is ever set back here, so no stream can know more than its outbox.
            Found::Refuse(why) => {
                self.findings.push(format!("{}: {why}", self.nodes[of.0].name));
                self.compares_later(of);
            }
        }
    }

    fn found(&self, node: &Node, number: usize) -> kit::Result<(Found, u64)> {
        let figures = self.broker.figures(number, &stream_of(node.name));
        let told = figures.as_ref().map_or(0, |figures| figures.told);
        let (extent, ours) = node.read(|sql| Ok((outbox::extent(sql)?, outbox::id_of(sql, told)?)))?;
        Ok((mirror::compare(figures.as_ref(), extent, &node.origin, ours.as_deref()), extent.oldest))
    }

    /// The keeper makes a stream anew; now and then it does, and its answer is lost.
    pub(crate) fn makes(&mut self, of: (usize, u64), turn: u64, first: u64) {
        if !self.turns(of, turn) {
            return;
        }
        if self.broker_down || self.dice.happens(self.storm.lost) {
            return self.compares_later(of);
        }
        let origin = self.nodes[of.0].origin.clone();
        self.loses_hearers_of(of.0);
        self.broker.make(of.0, &origin, first);
        self.counts("stream made");
        if self.dice.happens(self.storm.lost) {
            return self.compares_later(of);
        }
        self.publishes_from(of, first);
    }

    fn publishes_from(&mut self, of: (usize, u64), next: u64) {
        let Some(relay) = self.relay(of) else { return };
        relay.turn += 1;
        relay.publishes = true;
        (relay.next, relay.stored, relay.in_flight, relay.before) = (next, next - 1, 0, None);
        let turn = relay.turn;
        self.pumps(of);
        self.at(self.clock.passed() + self.looks_every(), Event::Compares(of, turn));
    }

    /// An idle relay looks now and then; while nothing goes wrong there is little to see.
    fn looks_every(&self) -> i64 {
        if self.storm.lasts.is_zero() { 600_000_000 } else { micros(RELAY_LOOKS_EVERY) }
    }

    /// Publishes what is there, in order, without waiting in between.
    pub(crate) fn pumps(&mut self, of: (usize, u64)) {
        let numbered = self.broken != Some(Broken::PublishesBlindly);
        let Some(relay) = self.nodes[of.0].live.as_ref().map(|live| &live.relay) else { return };
        if !relay.publishes || relay.in_flight >= IN_FLIGHT_MAX {
            return;
        }
        let (next, most) = (relay.next, usize::try_from(IN_FLIGHT_MAX - relay.in_flight).unwrap_or(1));
        let (origin, turn) = (self.nodes[of.0].origin.clone(), relay.turn);
        let rows = match self.nodes[of.0].read(|sql| outbox::from(sql, next, most)) {
            Ok(rows) => rows,
            Err(error) => return self.findings.push(format!("{}: {}", self.nodes[of.0].name, error.chain())),
        };
        let otherwise = self.broken == Some(Broken::TellsOtherwise);
        for mut row in rows {
            if otherwise {
                row.body = [&row.body[..], b" "].concat().into();
            }
            let (link, seq, id) = (self.nodes[of.0].link, row.seq, row.id.clone());
            let Some(relay) = self.relay(of) else { return };
            let expected_id = relay.before.replace(id).filter(|_| numbered);
            relay.next = seq + 1;
            relay.in_flight += 1;
            let expected_last = numbered.then_some(seq - 1);
            let publish = Publish { row, origin: origin.clone(), expected_last, expected_id };
            // One connection: what was sent later arrives later, or not at all.
            let takes = self.takes().unwrap_or(0);
            let node = &mut self.nodes[of.0];
            node.sent_until = node.sent_until.max(self.clock.passed() + takes);
            let moment = node.sent_until;
            self.at(moment, Event::Publishes(of, link, turn, Box::new(publish)));
        }
    }

    /// A message has arrived at the broker. A message that is lost with its connection, and one that
    /// nobody takes, are answered by silence.
    pub(crate) fn publishes(&mut self, of: (usize, u64), link: u64, turn: u64, publish: Publish) {
        let seq = publish.row.seq;
        let silence = Event::Stored(of, turn, Err("no answer"));
        let now = self.clock.passed();
        if self.broker_down || self.nodes[of.0].link != link {
            return self.at(now + STREAM_TIME, silence);
        }
        if self.refusing.get(&of.0).is_some_and(|until| *until > now) {
            return self.at(now + 1000, Event::Stored(of, turn, Err("the stream is full")));
        }
        let Some(stored) = self.broker.publish(of.0, publish) else {
            return self.at(now + STREAM_TIME, silence);
        };
        if stored.is_ok() {
            self.hands_out(of.0);
        }
        match self.takes() {
            Some(takes) => self.at(now + takes, Event::Stored(of, turn, stored)),
            None => self.at(now + STREAM_TIME, Event::Stored(of, turn, Err("no answer"))),
        }
        debug_assert!(seq > 0, "rows are numbered from 1");
    }

    pub(crate) fn stored(&mut self, of: (usize, u64), turn: u64, stored: Result<u64, &'static str>) {
        if !self.turns(of, turn) {
            return;
        }
        let Ok(seq) = stored else { return self.compares_later(of) };
        self.nodes[of.0].cursor = self.nodes[of.0].cursor.max(seq);
        let Some(relay) = self.relay(of) else { return };
        relay.stored = relay.stored.max(seq);
        relay.in_flight = relay.in_flight.saturating_sub(1);
        relay.wait_us = micros(RETRY_WAIT.0);
        self.pumps(of);
    }
}
