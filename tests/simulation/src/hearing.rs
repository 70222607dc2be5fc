//! The hearers of each service, as `runtime::hear` has them, on the model of the broker. Where a hearer
//! goes on is decided by the same function, and what it hears is the same job.

use std::time::Duration;

use kit::Trace;
use kit::clock::Clock;
use kit::engine::Job;
use kit::engine::hearing::Heard;
use kit::engine::mirror;
use kit::engine::standing::{self, Course, position};
use kit::limits::RETRY_WAIT;
use kit::message::stream_of;

use crate::broken::Broken;
use crate::broker::{Consumer, Message};
use crate::chance::micros;
use crate::node::{Hearer, Waits};
use crate::shop;
use crate::world::{Event, World};

/// After what time without an acknowledgement the broker hands out again, in microseconds.
const ACK_WAIT: i64 = 30_000_000;
/// How long it takes a hearer to notice that its consumer is gone.
const NOTICES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(4));

impl World {
    fn hearer(&mut self, (node, _): (usize, u64), source: usize) -> Option<&mut Hearer> {
        self.nodes[node].live.as_mut().map(|live| live.hearers.entry(source).or_default())
    }

    fn hears(&self, of: (usize, u64), source: usize, session: u64) -> bool {
        let live = self.nodes[of.0].live.as_ref();
        self.lives(of)
            && live.and_then(|live| live.hearers.get(&source)).is_some_and(|hearer| hearer.session == session)
    }

    /// Lets a hearer begin soon.
    pub(crate) fn begins_soon(&mut self, of: (usize, u64), source: usize) {
        let Some(hearer) = self.hearer(of, source) else { return };
        hearer.session += 1;
        hearer.wait_us = micros(RETRY_WAIT.0);
        let session = hearer.session;
        self.within(Duration::from_millis(1), Duration::from_millis(50), Event::Begins(of, source, session));
    }

    /// Lets a hearer begin anew after a failure, a little later each time.
    fn begins_later(&mut self, of: (usize, u64), source: usize) {
        let Some(hearer) = self.hearer(of, source) else { return };
        hearer.session += 1;
        hearer.origin = None;
        let (session, wait) = (hearer.session, hearer.wait_us);
        hearer.wait_us = (wait * 2).min(micros(RETRY_WAIT.1));
        self.at(self.clock.passed() + wait, Event::Begins(of, source, session));
    }

    pub(crate) fn begins(&mut self, of: (usize, u64), source: usize, session: u64) {
        if !self.hears(of, source, session) {
            return;
        }
        let is_there = !self.broker_down && self.broker.streams.contains_key(&source);
        if !is_there || self.dice.happens(self.storm.lost) {
            return self.begins_later(of, source);
        }
        let stream = stream_of(shop::NAMES[source]);
        let origin = self.broker.streams[&source].owner.clone();
        let stands = self.nodes[of.0].read(|sql| position(sql, &stream, &origin)).unwrap_or(0);
        let consumer = self.broker.streams[&source].consumers.get(&of.0);
        let believes = self.broken == Some(Broken::AcknowledgesBeforeCommit);
        let agrees =
            consumer.is_some_and(|consumer| believes || mirror::goes_on(consumer.handed_out, stands));
        if agrees {
            return self.listens(of, source, stands);
        }
        let event = Event::Consumes(of, source, session, stands + 1);
        self.within(Duration::from_millis(1), Duration::from_millis(200), event);
    }

    /// What a service hears of another.
    fn subjects(&self, hearer: usize, source: usize) -> Vec<String> {
        self.nodes[hearer].live.as_ref().map_or_else(Vec::new, |live| {
            let sources = live.service().sources();
            let of = sources.get(shop::NAMES[source]).into_iter().flatten();
            of.map(|&subject| subject.to_owned()).collect()
        })
    }

    /// The keeper makes a consumer anew.
    pub(crate) fn consumes(&mut self, of: (usize, u64), source: usize, session: u64, start: u64) {
        if !self.hears(of, source, session) {
            return;
        }
        let subjects = self.subjects(of.0, source);
        let down = self.broker_down || self.dice.happens(self.storm.lost);
        let Some(stream) = self.broker.streams.get_mut(&source).filter(|_| !down) else {
            return self.begins_later(of, source);
        };
        let (handed_out, floor) = (start - 1, start - 1);
        stream.consumers.insert(
            of.0,
            Consumer { subjects, next: start, handed_out, handed: 0, floor, session: None, watched: false },
        );
        self.listens(of, source, start - 1);
    }

    fn listens(&mut self, of: (usize, u64), source: usize, stands: u64) {
        let origin = self.broker.streams.get(&source).map(|stream| stream.owner.clone());
        let Some(hearer) = self.hearer(of, source) else { return };
        hearer.origin = origin;
        let session = hearer.session;
        let consumer =
            self.broker.streams.get_mut(&source).and_then(|stream| stream.consumers.get_mut(&of.0));
        if let Some(consumer) = consumer {
            consumer.session = Some(session);
            let course = Course::at(stands, consumer.handed);
            if let Some(hearer) = self.hearer(of, source) {
                hearer.course = course;
            }
        }
        self.hands_out_to(source, of.0);
        self.watches(source, of.0);
    }

    /// The broker hands out what is new in a stream, to everybody who listens.
    pub(crate) fn hands_out(&mut self, teller: usize) {
        let hearers: Vec<usize> = self
            .broker
            .streams
            .get(&teller)
            .into_iter()
            .flat_map(|stream| stream.consumers.keys().copied())
            .collect();
        for hearer in hearers {
            self.hands_out_to(teller, hearer);
        }
    }

    fn hands_out_to(&mut self, teller: usize, hearer: usize) {
        if self.broker_down {
            return;
        }
        let session =
            self.broker.streams.get(&teller).and_then(|stream| stream.consumers.get(&hearer)?.session);
        let Some(session) = session else { return };
        let of = (hearer, self.nodes[hearer].life);
        let link = self.nodes[hearer].link;
        let mut moment = self.clock.passed();
        for message in self.broker.hand_out(teller, hearer) {
            // A connection loses nothing in the middle: it delivers, or it is gone.
            moment += self.takes().unwrap_or(0);
            self.at(moment, Event::Delivers(of, teller, session, link, Box::new(message)));
        }
        self.watches(teller, hearer);
    }

    /// What was handed out and not acknowledged comes again by itself, after a while.
    fn watches(&mut self, teller: usize, hearer: usize) {
        let consumer =
            self.broker.streams.get_mut(&teller).and_then(|stream| stream.consumers.get_mut(&hearer));
        let Some(consumer) = consumer.filter(|consumer| consumer.floor < consumer.handed_out) else { return };
        if !std::mem::replace(&mut consumer.watched, true) {
            self.at(self.clock.passed() + ACK_WAIT, Event::HandsOutAgain(teller, hearer));
        }
    }

    pub(crate) fn delivers(
        &mut self,
        of: (usize, u64),
        source: usize,
        session: u64,
        link: u64,
        message: Message,
    ) {
        if self.nodes[of.0].link != link || !self.hears(of, source, session) {
            return;
        }
        let (broken, now) = (self.broken, self.clock.now());
        let Some(live) = self.nodes[of.0].live.as_mut() else { return };
        let hears = live.service().sources();
        let Some(hearer) = live.hearers.get_mut(&source) else { return };
        let sequence = message.sequence;
        let believes = matches!(broken, Some(Broken::AcknowledgesBeforeCommit | Broken::GoesOnBehindAGap));
        let previous = match hearer.course.takes(message.handed, sequence) {
            Ok(previous) => previous,
            Err(_) if believes => {
                hearer.course = Course::at(0, message.handed);
                0
            }
            Err(_) => return self.begins_later(of, source),
        };
        let Some(origin) = hearer.origin.clone().filter(|origin| *origin == message.origin) else { return };
        let (name, told_before) = (shop::NAMES[source], message.told_before.unwrap_or_default());
        // Either of two defences would do against what went astray, so both are gone in that shop.
        let looks = !matches!(broken, Some(Broken::IgnoresWhatIsMissing | Broken::GoesOnBehindAGap));
        // Nothing is ever forgotten here.
        let due = standing::due_before(&told_before, name, &hears[name]);
        let heard = Heard {
            source: stream_of(shop::NAMES[source]),
            origin,
            sequence,
            previous,
            due: if looks { due } else { 0 },
            event_id: message.id,
            subject: message.subject,
            key: message.key,
            body: message.body,
        };
        let heard = match broken {
            Some(Broken::SkipsThePosition) => {
                hearer.count += 1;
                let counted = u64::try_from(self.clock.passed()).unwrap_or(0) * 1000 + hearer.count;
                Heard { sequence: counted, previous: 0, ..heard }
            }
            Some(Broken::AcknowledgesBeforeCommit) => Heard { previous: 0, ..heard },
            _ => heard,
        };
        let trace: Trace = live.port.child(&message.trace);
        let job = Job::heard(heard, shop::NAMES[source], trace, now);
        if broken == Some(Broken::AcknowledgesBeforeCommit) {
            self.acknowledges(source, of.0, sequence);
        }
        self.submits(of, job, Waits::Hearer(source, session, sequence));
    }

    /// What was heard has committed, or has not.
    pub(crate) fn heard(&mut self, of: (usize, u64), source: usize, session: u64, sequence: u64, well: bool) {
        if !self.hears(of, source, session) {
            return;
        }
        if !well && self.broken != Some(Broken::AcknowledgesBeforeCommit) {
            return self.begins_later(of, source);
        }
        if let Some(hearer) = self.hearer(of, source) {
            hearer.wait_us = micros(RETRY_WAIT.0);
        }
        if let Some(takes) = self.takes() {
            self.at(self.clock.passed() + takes, Event::Acknowledges(source, of.0, sequence));
        }
    }

    pub(crate) fn acknowledges(&mut self, teller: usize, hearer: usize, sequence: u64) {
        let consumer =
            self.broker.streams.get_mut(&teller).and_then(|stream| stream.consumers.get_mut(&hearer));
        if let Some(consumer) = consumer {
            consumer.floor = consumer.floor.max(sequence.min(consumer.handed_out));
        }
    }

    pub(crate) fn hands_out_again(&mut self, teller: usize, hearer: usize) {
        let down = self.broker_down;
        let consumer =
            self.broker.streams.get_mut(&teller).and_then(|stream| stream.consumers.get_mut(&hearer));
        let Some(consumer) = consumer else { return };
        consumer.watched = false;
        if consumer.floor < consumer.handed_out && !down {
            consumer.next = consumer.next.min(consumer.floor + 1);
        }
        self.hands_out_to(teller, hearer);
        self.watches(teller, hearer);
    }

    /// The consumers of a stream are gone; whoever listened to one notices after a while.
    pub(crate) fn loses_hearers_of(&mut self, teller: usize) {
        let Some(stream) = self.broker.streams.get_mut(&teller) else { return };
        for hearer in std::mem::take(&mut stream.consumers).into_keys() {
            let of = (hearer, self.nodes[hearer].life);
            let Some(state) = self.hearer(of, teller) else { continue };
            state.session += 1;
            state.origin = None;
            let session = state.session;
            self.within(NOTICES.0, NOTICES.1, Event::Begins(of, teller, session));
        }
    }
}
