//! What goes wrong, and how it is put right in the end.

use std::time::Duration;

use crate::deadlines;
use crate::storm::Storm;
use crate::world::{Event, World};

/// How long there is between two moments at which something may go wrong.
const BETWEEN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(4));
/// How long something may be gone for long.
const OUTAGE: Duration = Duration::from_secs(25 * 60);
/// How often the clock is set in one world: one that is set every other second shortens every wait
/// to nothing, and with them the time in which a bank is looked at again.
const CLOCK_SET_MAX: u64 = 4;
/// How far a clock is set, in microseconds: a little, by hours, by days.
const SET_OFF: [i64; 5] = [900_000, 60_000_000, 3_600_000_000, 7_200_000_000, 172_800_000_000];

impl World {
    /// Now and then, as long as the storm lasts, something goes wrong.
    pub fn storm_begins(&mut self) {
        self.letters.trouble(self.storm.bank);
        self.every_relay_looks();
        self.within(BETWEEN.0, BETWEEN.1, Event::Fault);
    }

    pub(crate) fn something_goes_wrong(&mut self) {
        let storm = self.storm.clone();
        if storm.lasts.is_zero() {
            return;
        }
        for waits in deadlines::faults(self) {
            if !self.findings.contains(&waits) {
                self.findings.push(waits);
            }
        }
        let (node, now) = (self.any_service(), self.clock.passed());
        let while_of = |world: &mut Self, most| {
            let most = if world.dice.happens(storm.outages) { OUTAGE } else { most };
            now + world.dice.time(Duration::from_millis(100), most)
        };
        if self.dice.happens(storm.pause) {
            let until = while_of(self, Duration::from_secs(20));
            let node = &mut self.nodes[node];
            node.still_until = node.still_until.max(until);
            node.well_since = node.well_since.max(until);
            self.counts("stood still");
        }
        if self.dice.happens(storm.full) {
            let until = while_of(self, Duration::from_secs(10));
            let node = &mut self.nodes[node];
            node.full_until = node.full_until.max(until);
            node.well_since = node.well_since.max(until);
            self.counts("disk full");
        }
        if self.dice.happens(storm.refused) {
            let until = while_of(self, Duration::from_secs(30));
            self.refusing.insert(node, until);
            self.counts("stream full");
        }
        if self.dice.happens(storm.lost) {
            self.nodes[node].link += 1;
            self.counts("connection cut");
        }
        let set =
            ["clock set back", "clock set forward"].map(|way| self.faults.get(way).copied().unwrap_or(0));
        if set.iter().sum::<u64>() < CLOCK_SET_MAX && self.dice.happens(storm.clock) {
            let far = *self.dice.pick(&SET_OFF);
            let by = if self.dice.happens(500) { far } else { -far };
            self.clock.set_off(by);
            self.nodes.iter_mut().for_each(|node| node.well_since = node.well_since.max(now));
            self.counts(if by > 0 { "clock set forward" } else { "clock set back" });
            self.everybody_looks();
        }
        if self.dice.happens(storm.deleted) {
            if self.dice.happens(500) {
                self.loses_stream(node);
                self.counts("stream deleted");
            } else {
                self.loses_hearers_of(node);
                self.counts("consumers deleted");
            }
        }
        if self.dice.happens(storm.holes) {
            self.tears(node);
        }
        let loses = self.dice.happens(storm.wiped) || self.dice.happens(storm.rolled_back);
        if !self.broker_down && (loses || self.dice.happens(storm.broker)) {
            self.broker_ends();
        }
        self.within(BETWEEN.0, BETWEEN.1, Event::Fault);
    }

    fn any_service(&mut self) -> usize {
        let which = self.dice.below(self.nodes.len() as u64);
        usize::try_from(which).unwrap_or(0)
    }

    fn broker_ends(&mut self) {
        self.broker_down = true;
        self.nodes.iter_mut().for_each(|node| node.link += 1);
        self.counts("broker ended");
        let most = if self.dice.happens(self.storm.outages) { OUTAGE } else { Duration::from_secs(15) };
        self.within(Duration::from_millis(50), most, Event::BrokerStarts);
    }

    /// The broker comes back, perhaps without what it had confirmed.
    pub(crate) fn broker_starts(&mut self) {
        if !std::mem::take(&mut self.broker_down) {
            return;
        }
        let tellers: Vec<usize> = self.broker.streams.keys().copied().collect();
        if self.dice.happens(self.storm.wiped) {
            tellers.iter().for_each(|teller| self.loses_stream(*teller));
            self.counts("store lost");
        } else if self.dice.happens(self.storm.rolled_back) {
            for teller in tellers {
                let messages = self.dice.below(12);
                self.broker.roll_back(teller, messages);
            }
            self.counts("store rolled back");
        } else if self.dice.happens(self.storm.holes) {
            tellers.into_iter().for_each(|teller| self.tears(teller));
        }
        let all: Vec<usize> = self.broker.streams.keys().copied().collect();
        all.into_iter().for_each(|teller| self.hands_out(teller));
    }

    /// What nobody has heard yet stands near the end.
    fn tears(&mut self, teller: usize) {
        let mut upto = |most| usize::try_from(self.dice.between(1, most)).unwrap_or(1);
        let (before_end, messages) = (upto(6), upto(2));
        self.broker.tear(teller, before_end, messages);
        self.counts("hole in a stream");
    }

    fn loses_stream(&mut self, teller: usize) {
        self.loses_hearers_of(teller);
        self.broker.streams.remove(&teller);
    }

    /// A clock that was set is noticed by everybody soon.
    fn everybody_looks(&mut self) {
        for node in 0..self.nodes.len() {
            let (of, soon) = ((node, self.nodes[node].life), Duration::from_secs(1));
            let wait = self.dice.time(Duration::ZERO, soon);
            self.looks_what_is_due(of, wait);
        }
    }

    /// The storm is over: everything works, and the clock is right.
    pub fn storm_ends(&mut self) {
        self.storm = Storm::calm();
        self.letters.trouble(0);
        self.clock.set_right();
        self.refusing.clear();
        for node in &mut self.nodes {
            (node.still_until, node.full_until, node.dies) = (0, 0, None);
        }
        self.broker_starts();
        self.every_relay_looks();
        self.everybody_looks();
    }

    /// In fair weather relays look less often than they do in a storm, and one that stood still when it ended
    /// would look only when it meant to go on.
    fn every_relay_looks(&mut self) {
        for node in 0..self.nodes.len() {
            self.compares_soon((node, self.nodes[node].life));
        }
    }
}
