//! Letting a world go on: one event after the other, and everything that follows at the same moment.

use std::sync::Arc;
use std::time::Duration;

use kit::engine::places::Begun;
use kit::engine::port::Port;
use kit::engine::{Job, worker};
use kit::error::reason;
use kit::{Error, Kind};

use crate::bank::Answer;
use crate::broken::{self, Broken};
use crate::node::{Death, Waits};
use crate::port::{Note, lock};
use crate::shop;
use crate::world::{Event, World};

/// Jobs that share a commit here: few, so that there are many boundaries at which to end.
const GROUP_MAX: u64 = 12;

impl World {
    /// One step: what happens next, and what follows of it at once. False: nothing ever happens again.
    pub fn step(&mut self) -> bool {
        let Some((moment, event)) = self.next() else { return false };
        self.clock.pass_to(moment);
        // Whoever stands still does nothing until it goes on; then all that waited happens in order.
        if let Some(until) = event.node().map(|node| self.nodes[node].still_until)
            && until > moment
        {
            self.put_off(until, event);
            return true;
        }
        self.sum(moment, &event);
        self.happens(event);
        self.follows();
        true
    }

    /// Goes on until a moment.
    pub fn run_to(&mut self, moment: i64) {
        while self.clock.passed() < moment && self.step() {}
    }

    /// Polls what was woken and hears what it wants, until nothing goes on at this moment.
    pub(crate) fn follows(&mut self) {
        loop {
            for note in self.notes.take() {
                self.hears_note(note);
            }
            let dice = &mut self.dice;
            let Some(task) = self.tasks.take_woken(|many| dice.below(many)) else { return };
            self.tasks.poll(task);
        }
    }

    fn sum(&mut self, moment: i64, event: &Event) {
        let (steps, sum) = self.steps;
        let kind = event.number();
        let sum =
            (sum ^ u64::try_from(moment).unwrap_or(0) ^ (kind << 56)).wrapping_mul(0x0000_0100_0000_01b3);
        self.steps = (steps + 1, sum.rotate_left(23));
    }

    fn hears_note(&mut self, note: Note) {
        match note {
            Note::Ask(ask) => self.begins_asking(ask),
            Note::Submit { of, job, answer } => {
                let waits = answer.map_or(Waits::Nobody, Waits::Handler);
                self.submits(of, *job, waits);
            }
            Note::Sleep(time, wake) => self.at(self.clock.passed() + time, Event::Wake(wake)),
            Note::Answered { ask, answer } => self.answers(ask, answer),
            Note::Bank(asked) => self.asks_bank(asked),
            Note::Due(of) => self.looks_what_is_due(of, 0),
            Note::Begin(of, work) if self.lives(of) => self.tasks.begin(Some(of), work),
            Note::Begin(..) => {}
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Wake(wake) => drop(wake.send(())),
            Event::Asks(ask) => self.asks_service(ask),
            Event::AsksAgain(ask) => self.asks_again(ask),
            Event::Answers(ask, answer) => self.answered(ask, answer),
            Event::Starts(node) => self.starts(node),
            Event::Commits(of) => self.commits(of),
            Event::Due(of) => self.is_due(of),
            Event::Compares(of, turn) => self.compares(of, turn),
            Event::Makes(of, turn, first) => self.makes(of, turn, first),
            Event::Publishes(of, link, turn, publish) => self.publishes(of, link, turn, *publish),
            Event::Stored(of, turn, stored) => self.stored(of, turn, stored),
            Event::Begins(of, source, session) => self.begins(of, source, session),
            Event::Consumes(of, source, session, start) => self.consumes(of, source, session, start),
            Event::Delivers(of, source, session, link, message) => {
                self.delivers(of, source, session, link, *message);
            }
            Event::Acknowledges(teller, hearer, sequence) => self.acknowledges(teller, hearer, sequence),
            Event::HandsOutAgain(teller, hearer) => self.hands_out_again(teller, hearer),
            Event::BankDoes(what, waits) => {
                let now = self.clock.passed();
                let says: Answer = self.bank.carry_out(&what, now);
                if let Some((answer, back)) = waits {
                    self.at(now + back, Event::BankSays(answer, Ok(says)));
                }
            }
            Event::BankSays(answer, says) => drop(answer.send(says)),
            Event::Fault => self.something_goes_wrong(),
            Event::BrokerStarts => self.broker_starts(),
        }
    }

    /// Whether a service is in this life.
    pub(crate) fn lives(&self, (node, life): (usize, u64)) -> bool {
        self.nodes[node].life == life && self.nodes[node].live.is_some()
    }

    fn starts(&mut self, node: usize) {
        if self.nodes[node].live.is_some() {
            return;
        }
        let service = shop::service(self.nodes[node].name, &self.notes, &self.letters, self.broken);
        let own = &mut self.nodes[node];
        own.start(node, service, &self.clock, &self.notes, &mut self.dice);
        if let Some(broken) = self.broken {
            let now = kit::clock::Clock::now(&self.clock);
            let forgets =
                Job::chore(now, move |tx| broken::forgets(broken, tx).map(|()| bytes::Bytes::new()));
            let _ = lock(&own.engine).as_mut().map(|engine| engine.commit(vec![forgets]));
        }
        let (of, live) = ((node, own.life), own.live.as_ref());
        let Some(live) = live else { return };
        let (port, notes) = (Arc::clone(&live.port), self.notes.clone());
        let sources: Vec<usize> =
            live.service().sources().keys().filter_map(|name| shop::number(name)).collect();
        self.tasks.begin(Some(of), async move {
            // What cannot be set now is set at the next start, as in the real thing.
            let _ = worker::set_periods(&port).await;
            notes.leave(Note::Due(of));
        });
        self.compares_soon(of);
        for source in sources {
            self.begins_soon(of, source);
        }
    }

    /// Hands a job to the writer of a service.
    pub(crate) fn submits(&mut self, of: (usize, u64), job: Job, waits: Waits) {
        if !self.lives(of) {
            return;
        }
        let Some(live) = self.nodes[of.0].live.as_mut() else { return };
        live.queue.push_back((job, waits));
        if !std::mem::replace(&mut live.committing, true) {
            self.within(Duration::from_micros(50), Duration::from_millis(3), Event::Commits(of));
        }
    }

    /// One group of the writer, from its first job to the answers.
    fn commits(&mut self, of: (usize, u64)) {
        if !self.lives(of) {
            return;
        }
        let crash = self.storm.crash;
        if self.nodes[of.0].dies.is_none() && self.dice.happens(crash) {
            let death = *self.dice.pick(&[Death::Before, Death::After]);
            self.nodes[of.0].dies = Some(death);
        }
        let most = self.dice.between(1, GROUP_MAX);
        let node = &mut self.nodes[of.0];
        let death = node.dies.take();
        if death == Some(Death::Before) {
            self.counts("crash before a commit");
            return self.dies(of.0);
        }
        let is_full = node.full_until > self.clock.passed();
        let Some(live) = node.live.as_mut() else { return };
        let group = live.queue.len().min(usize::try_from(most).unwrap_or(1));
        let (jobs, waiting): (Vec<Job>, Vec<Waits>) = live.queue.drain(..group).unzip();
        live.committing = !live.queue.is_empty();
        let again = live.committing;
        if is_full {
            let full = || Error::new(Kind::Unavailable, reason::DISK_FULL, "no space is left on the disk");
            for waits in waiting {
                self.tells(of, waits, Err(full()));
            }
        } else {
            if self.broken == Some(Broken::AnswersBeforeTheDisk) {
                node.synced = node.copied(&self.clock, &mut self.dice);
            }
            let done = lock(&node.engine).as_mut().map(|engine| engine.commit(jobs));
            let Some(done) = done else { return };
            if let Some(error) = &done.failure {
                self.findings.push(format!("{}: a group failed: {}", node.name, error.chain()));
            }
            if death == Some(Death::After) {
                self.counts("crash after a commit");
                return self.dies(of.0);
            }
            for (waits, answer) in waiting.into_iter().zip(done.answers) {
                self.tells(of, waits, answer);
            }
            for begun in done.begun {
                self.begins_a_try(of, begun);
            }
            if done.emitted.is_some() {
                self.pumps(of);
            }
            if done.timers || done.effects {
                self.looks_what_is_due(of, 0);
            }
        }
        if again {
            self.within(Duration::from_micros(50), Duration::from_millis(3), Event::Commits(of));
        }
    }

    /// Makes the first try that was recorded with what asked for it, as `runtime::due` does.
    fn begins_a_try(&mut self, of: (usize, u64), Begun { row, place }: Begun) {
        let Some(live) = self.nodes[of.0].live.as_ref() else { return };
        let (port, tried, notes) = (Arc::clone(&live.port), Arc::clone(&live.tried), self.notes.clone());
        lock(&tried).insert(row.id);
        self.tasks.begin(Some(of), async move {
            let id = row.id;
            worker::attempt_until_recorded(&port, row, true, || false).await;
            lock(&tried).remove(&id);
            drop(place);
            notes.leave(Note::Due(of));
        });
    }

    fn tells(&mut self, of: (usize, u64), waits: Waits, answer: kit::Result<bytes::Bytes>) {
        match waits {
            Waits::Nobody => {}
            Waits::Handler(waiting) => drop(waiting.send(answer)),
            Waits::Hearer(source, session, sequence) => {
                self.heard(of, source, session, sequence, answer.is_ok());
            }
        }
    }

    /// Ends a service at once; it is started again a while later.
    pub(crate) fn dies(&mut self, node: usize) {
        self.nodes[node].die();
        self.tasks.end_of(node);
        for stream in self.broker.streams.values_mut() {
            if let Some(consumer) = stream.consumers.get_mut(&node) {
                consumer.session = None;
            }
        }
        let most = if self.dice.happens(self.storm.outages) { 1500 } else { 12 };
        self.within(Duration::from_millis(50), Duration::from_secs(most), Event::Starts(node));
    }

    /// Lets a service look what is due, in a time of microseconds, unless it looks before that anyway.
    pub(crate) fn looks_what_is_due(&mut self, of: (usize, u64), wait: i64) {
        if !self.lives(of) {
            return;
        }
        let moment = self.clock.passed() + wait;
        let Some(live) = self.nodes[of.0].live.as_mut() else { return };
        if moment < live.due_at {
            live.due_at = moment;
            self.at(moment, Event::Due(of));
        }
    }

    /// Fires timers and tries effects, as `runtime::due` does.
    fn is_due(&mut self, of: (usize, u64)) {
        if !self.lives(of) {
            return;
        }
        let Some(live) = self.nodes[of.0].live.as_mut() else { return };
        if live.due_at > self.clock.passed() {
            return;
        }
        live.due_at = i64::MAX;
        let (port, tried, notes) = (Arc::clone(&live.port), Arc::clone(&live.tried), self.notes.clone());
        let effects: Vec<(&'static str, usize)> =
            live.service().effects().map(|(name, kind)| (name, kind.policy.at_once)).collect();
        let clock = self.clock.clone();
        self.tasks.begin(Some(of), async move {
            let turn = turn(&port, &effects, &tried, &notes, of).await;
            let next = match turn {
                Ok(next) => next.map_or(LOOKS_AT_MOST, |next| clock.until(next).clamp(1000, LOOKS_AT_MOST)),
                Err(_) => 1_000_000,
            };
            notes.sleep(next).await;
            notes.leave(Note::Due(of));
        });
    }
}

/// The longest time between two looks, in microseconds: what is due sooner is known before.
const LOOKS_AT_MOST: i64 = 600_000_000;

async fn turn(
    port: &Arc<dyn Port>,
    effects: &[(&'static str, usize)],
    tried: &Arc<std::sync::Mutex<std::collections::BTreeSet<i64>>>,
    notes: &crate::port::Notes,
    of: (usize, u64),
) -> kit::Result<Option<kit::Timestamp>> {
    worker::fire(port).await?;
    for (name, at_once) in effects {
        for row in worker::effects_due(port, name, *at_once).await? {
            if !lock(tried).insert(row.id) {
                continue;
            }
            let (port, tried, notes, id) = (Arc::clone(port), Arc::clone(tried), notes.clone(), row.id);
            notes.clone().leave(Note::Begin(
                of,
                Box::pin(async move {
                    worker::attempt_until_recorded(&port, row, false, || false).await;
                    lock(&tried).remove(&id);
                    notes.leave(Note::Due(of));
                }),
            ));
        }
    }
    let (timer, effect) = worker::next_due(port).await?;
    let busy = !lock(tried).is_empty();
    Ok([timer, effect.filter(|_| !busy)].into_iter().flatten().min())
}

impl Event {
    /// The service that it happens to, if it is one that could stand still.
    fn node(&self) -> Option<usize> {
        match self {
            Self::Commits(of)
            | Self::Due(of)
            | Self::Compares(of, _)
            | Self::Makes(of, ..)
            | Self::Stored(of, ..)
            | Self::Begins(of, ..)
            | Self::Consumes(of, ..)
            | Self::Delivers(of, ..) => Some(of.0),
            _ => None,
        }
    }

    fn number(&self) -> u64 {
        match self {
            Self::Wake(_) => 1,
            Self::Asks(_) => 2,
            Self::AsksAgain(_) => 3,
            Self::Answers(..) => 4,
            Self::Starts(_) => 5,
            Self::Commits(_) => 6,
            Self::Due(_) => 7,
            Self::Compares(..) => 8,
            Self::Makes(..) => 9,
            Self::Publishes(..) => 10,
            Self::Stored(..) => 11,
            Self::Begins(..) => 12,
            Self::Consumes(..) => 13,
            Self::Delivers(..) => 14,
            Self::Acknowledges(..) => 15,
            Self::HandsOutAgain(..) => 16,
            Self::BankDoes(..) => 17,
            Self::BankSays(..) => 18,
            Self::Fault => 19,
            Self::BrokerStarts => 20,
        }
    }
}
