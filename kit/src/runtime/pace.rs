//! How long a group waits for more: most of what a commit costs, it costs once.

use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use super::writer::Entry;
use crate::engine::{Job, Work};
use crate::limits::{GROUP_WAIT, GROUP_WAIT_LOOKS, GROUP_WAITS_FROM};
use crate::service::Service;

/// When a writer turns to a group that could still grow.
pub(super) struct Pace {
    /// How far apart groups of nothing but events are, if the service has the leisure.
    apart: Duration,
    /// When the last of them ended.
    last_of_events: Option<Instant>,
    /// Jobs of the last group; 0 if this one has waited.
    before: usize,
}

impl Pace {
    pub(super) fn of(service: &Service) -> Self {
        Self { apart: service.leisure(), last_of_events: None, before: 0 }
    }

    /// Waits for another entry, if that is worth while.
    pub(super) fn next(&mut self, jobs: &[Job], waiting: &Receiver<Entry>) -> Option<Entry> {
        while are_events(jobs)
            && let Some(wait) = self.until_apart()
        {
            // Whoever asks something meanwhile does not wait longer than one look.
            std::thread::sleep(wait.min(GROUP_WAIT_LOOKS));
            if let Ok(entry) = waiting.try_recv() {
                return Some(entry);
            }
        }
        if self.before < GROUP_WAITS_FROM {
            return None;
        }
        self.before = 0;
        std::thread::sleep(GROUP_WAIT);
        waiting.try_recv().ok()
    }

    /// Notes that a group is complete.
    pub(super) fn ends(&mut self, jobs: &[Job]) {
        self.before = jobs.len();
        if are_events(jobs) {
            self.last_of_events = Some(Instant::now());
        }
    }

    /// How long until the next group of events is far enough from the last.
    fn until_apart(&self) -> Option<Duration> {
        let due = self.last_of_events? + self.apart;
        due.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero())
    }
}

fn are_events(jobs: &[Job]) -> bool {
    !jobs.is_empty() && jobs.iter().all(|job| matches!(job.work, Work::Hear(_)))
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use bytes::Bytes;
    use jiff::Timestamp;

    use super::*;
    use crate::clock::SystemChance;
    use crate::engine::hearing::Heard;
    use crate::trace::Trace;

    /// A pace with which the next group of events is an hour away, if there was one before.
    fn slow() -> Pace {
        Pace { apart: Duration::from_secs(3600), last_of_events: None, before: 0 }
    }

    fn event() -> Job {
        let heard = Heard {
            source: "TELLER".into(),
            origin: "here".into(),
            sequence: 1,
            previous: 0,
            due: 0,
            event_id: "evt_1".into(),
            subject: "events.teller.told".into(),
            key: "word".into(),
            body: Bytes::new(),
        };
        let now = Timestamp::UNIX_EPOCH;
        Job::heard(heard, "teller", Trace::begin(now, &mut SystemChance), now)
    }

    fn request() -> Job {
        Job::piece(Timestamp::UNIX_EPOCH, |_| Ok(Bytes::new()))
    }

    #[test]
    fn an_event_behind_a_quiet_time_waits_for_nothing() {
        let (_sender, waiting) = channel();
        assert!(slow().next(&[event()], &waiting).is_none());
    }

    #[test]
    fn events_behind_others_wait_for_more_and_take_what_comes() {
        let (sender, waiting) = channel();
        let mut pace = slow();
        pace.ends(&[event()]);
        sender.send(Entry::Look).unwrap();
        assert!(matches!(pace.next(&[event()], &waiting), Some(Entry::Look)));
    }

    #[test]
    fn who_asks_something_never_waits_for_events() {
        let (_sender, waiting) = channel();
        let mut pace = slow();
        pace.ends(&[event()]);
        assert!(pace.next(&[event(), request()], &waiting).is_none());
        assert!(pace.next(&[request()], &waiting).is_none());
    }
}
