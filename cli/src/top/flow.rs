//! Orders as they are told: how many a second, and how long each took from placed to confirmed.

use std::collections::{BTreeMap, HashMap, VecDeque};

use contracts::order::{OrderCancelled, OrderConfirmed, OrderNeedsAttention, OrderPlaced};
use jiff::Timestamp;
use kit::Told;
use kit::message::Event;
use serde::Serialize;

/// How far back the view reaches, in seconds.
pub(super) const WINDOW_SECONDS: i64 = 300;
/// The rate of now is that of so many seconds.
const RATE_SECONDS: i64 = 10;
/// Orders whose confirmation is awaited; beyond that the oldest is forgotten.
const AWAITED_MAX: usize = 10_000;
/// Times that are kept; beyond that the oldest is forgotten.
const TIMES_MAX: usize = 10_000;

/// What was heard of orders since the view was opened.
#[derive(Debug, Clone)]
pub(crate) struct Flow {
    began: Timestamp,
    /// Placed and confirmed in each second since 1970 in which there was something.
    seconds: BTreeMap<i64, (u32, u32)>,
    /// When each order was placed that is neither confirmed nor at another end.
    awaited: HashMap<String, Timestamp>,
    /// The same orders in the order in which they came; some may be gone from `awaited`.
    came: VecDeque<String>,
    /// In which second something was confirmed, and how many microseconds it had taken.
    times: VecDeque<(i64, i64)>,
    placed: u64,
    confirmed: u64,
}

/// How long it took from placed to confirmed, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Latency {
    /// Half took no longer.
    pub(crate) p50_us: i64,
    /// Of a hundred, one took longer.
    pub(crate) p99_us: i64,
    /// Of so many orders.
    pub(crate) orders: usize,
}

impl Flow {
    pub(crate) fn new(began: Timestamp) -> Self {
        Self {
            began,
            seconds: BTreeMap::new(),
            awaited: HashMap::new(),
            came: VecDeque::new(),
            times: VecDeque::new(),
            placed: 0,
            confirmed: 0,
        }
    }

    /// Takes note of an event. It counts for the second in which it was heard; how long an order took
    /// is what the order service itself says, so a slow connection does not show.
    pub(crate) fn heard(&mut self, now: Timestamp, told: &Told) {
        let said_at = told.time.parse::<Timestamp>().ok();
        let second = self.seconds.entry(now.as_second()).or_default();
        match told.subject.as_str() {
            OrderPlaced::SUBJECT => {
                second.0 = second.0.saturating_add(1);
                self.placed += 1;
                if let Some(at) = said_at {
                    self.awaited.insert(told.key.clone(), at);
                    self.came.push_back(told.key.clone());
                }
            }
            OrderConfirmed::SUBJECT => {
                second.1 = second.1.saturating_add(1);
                self.confirmed += 1;
                if let (Some(placed), Some(at)) = (self.awaited.remove(&told.key), said_at) {
                    let took = at.as_microsecond().saturating_sub(placed.as_microsecond());
                    self.times.push_back((now.as_second(), took.max(0)));
                }
            }
            OrderCancelled::SUBJECT | OrderNeedsAttention::SUBJECT => {
                self.awaited.remove(&told.key);
            }
            _ => {}
        }
        self.forget(now);
    }

    fn forget(&mut self, now: Timestamp) {
        let from = now.as_second() - WINDOW_SECONDS;
        self.seconds = self.seconds.split_off(&from);
        while self.times.len() > TIMES_MAX || self.times.front().is_some_and(|(second, _)| *second < from) {
            self.times.pop_front();
        }
        while self.came.len() > AWAITED_MAX {
            if let Some(order) = self.came.pop_front() {
                self.awaited.remove(&order);
            }
        }
    }

    /// How many were placed and how many confirmed since the view was opened.
    pub(crate) fn totals(&self) -> (u64, u64) {
        (self.placed, self.confirmed)
    }

    /// How many were placed and how many confirmed in the time that is shown.
    pub(crate) fn in_window(&self, now: Timestamp) -> (u64, u64) {
        self.sum(now.as_second() - WINDOW_SECONDS + 1, now.as_second())
    }

    /// How many a second are placed and confirmed now.
    pub(crate) fn rates(&self, now: Timestamp) -> (f64, f64) {
        let here = now.as_second().saturating_sub(self.began.as_second());
        let seconds = here.clamp(1, RATE_SECONDS);
        let (placed, confirmed) = self.sum(now.as_second() - seconds + 1, now.as_second());
        (placed as f64 / seconds as f64, confirmed as f64 / seconds as f64)
    }

    fn sum(&self, from: i64, to: i64) -> (u64, u64) {
        if from > to {
            return (0, 0);
        }
        let counts = self.seconds.range(from..=to).map(|(_, count)| count);
        counts.fold((0, 0), |sum, count| (sum.0 + u64::from(count.0), sum.1 + u64::from(count.1)))
    }

    /// How many were placed and how many confirmed in each of the last spans of so many seconds, the
    /// oldest first. Spans begin at multiples of their length, so that a picture of them moves and does
    /// not flicker.
    pub(crate) fn spans(&self, now: Timestamp, seconds: i64) -> Vec<(u64, u64)> {
        let seconds = seconds.max(1);
        let last = now.as_second().div_euclid(seconds);
        let first = (now.as_second() - WINDOW_SECONDS).div_euclid(seconds) + 1;
        (first..=last)
            .map(|span| self.sum(span * seconds, (span * seconds + seconds - 1).min(now.as_second())))
            .collect()
    }

    /// How long those took that were confirmed in the time that is shown; none if there were none.
    pub(crate) fn latency(&self, now: Timestamp) -> Option<Latency> {
        let shown = now.as_second() - WINDOW_SECONDS + 1..=now.as_second();
        let mut times: Vec<i64> =
            self.times.iter().filter(|(second, _)| shown.contains(second)).map(|(_, took)| *took).collect();
        times.sort_unstable();
        let p50_us = percentile(&times, 50)?;
        Some(Latency { p50_us, p99_us: percentile(&times, 99)?, orders: times.len() })
    }
}

/// The smallest of sorted values that so many of a hundred do not exceed.
fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_000_000 + second).unwrap()
    }

    fn told(subject: &str, order: &str, time: Timestamp) -> Told {
        Told {
            subject: subject.to_owned(),
            id: String::new(),
            key: order.to_owned(),
            time: time.to_string(),
            trace: String::new(),
            body: serde_json::Value::Null,
        }
    }

    fn sale(flow: &mut Flow, order: &str, second: i64, took_ms: i64) {
        flow.heard(at(second), &told(OrderPlaced::SUBJECT, order, at(second)));
        let confirmed = at(second) + jiff::SignedDuration::from_millis(took_ms);
        flow.heard(confirmed, &told(OrderConfirmed::SUBJECT, order, confirmed));
    }

    #[test]
    fn a_rate_is_that_of_the_last_ten_seconds_or_of_as_long_as_somebody_looks() {
        let mut flow = Flow::new(at(0));
        assert_eq!(flow.rates(at(0)), (0.0, 0.0));
        for second in 1..=4 {
            sale(&mut flow, &format!("o{second}"), second, 10);
        }
        assert_eq!(flow.rates(at(4)), (1.0, 1.0));
        assert_eq!(flow.rates(at(12)), (0.2, 0.2));
        assert_eq!((flow.rates(at(40)), flow.in_window(at(40)), flow.totals()), ((0.0, 0.0), (4, 4), (4, 4)));
        assert_eq!(flow.in_window(at(400)), (0, 0));
    }

    #[test]
    fn an_order_took_as_long_as_its_two_events_say_however_late_they_are_heard() {
        let mut flow = Flow::new(at(0));
        flow.heard(at(9), &told(OrderPlaced::SUBJECT, "a", at(1)));
        flow.heard(at(9), &told(OrderConfirmed::SUBJECT, "a", at(3)));
        flow.heard(at(9), &told(OrderConfirmed::SUBJECT, "not seen placed", at(3)));
        let expected = Latency { p50_us: 2_000_000, p99_us: 2_000_000, orders: 1 };
        assert_eq!(flow.latency(at(9)), Some(expected));
        assert_eq!(flow.latency(at(500)), None);
    }

    #[test]
    fn of_a_hundred_orders_one_may_take_longer_than_the_99th_percentile() {
        let mut flow = Flow::new(at(0));
        for took in 1..=100 {
            sale(&mut flow, &format!("o{took}"), 1, took);
        }
        assert_eq!(flow.latency(at(5)), Some(Latency { p50_us: 50_000, p99_us: 99_000, orders: 100 }));
    }

    #[test]
    fn spans_cover_the_window_and_lose_nothing() {
        let mut flow = Flow::new(at(0));
        for second in 0..600 {
            sale(&mut flow, &format!("o{second}"), second, 1);
        }
        for seconds in [1, 2, 4, 7, 50, 300, 1000] {
            let spans = flow.spans(at(599), seconds);
            let shown = spans.iter().map(|span| span.0).sum::<u64>();
            assert!((300..=300 + seconds as u64).contains(&(shown + seconds as u64)), "{seconds}: {shown}");
        }
    }

    #[test]
    fn however_many_orders_never_end_only_so_many_are_remembered() {
        let mut flow = Flow::new(at(0));
        for order in 0..AWAITED_MAX + 50 {
            flow.heard(at(1), &told(OrderPlaced::SUBJECT, &order.to_string(), at(1)));
        }
        assert_eq!((flow.awaited.len(), flow.came.len()), (AWAITED_MAX, AWAITED_MAX));
        flow.heard(at(2), &told(OrderConfirmed::SUBJECT, "0", at(2)));
        assert_eq!(flow.latency(at(2)), None, "the first was forgotten");
    }

    #[test]
    fn a_text_that_is_no_time_is_counted_and_not_measured() {
        let mut flow = Flow::new(at(0));
        let broken = Told { time: "\u{1b}[2J".to_owned(), ..told(OrderPlaced::SUBJECT, "a", at(1)) };
        flow.heard(at(1), &broken);
        flow.heard(at(1), &told(OrderConfirmed::SUBJECT, "a", at(1)));
        assert_eq!((flow.totals(), flow.latency(at(1))), ((1, 1), None));
    }
}
