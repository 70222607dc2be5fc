//! Doing it again and again, as many at once or as often as wanted, and counting.

use std::time::{Duration, Instant};

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt, StreamExt};

use super::pace::{Pace, Schedule, Until};
use super::tally::{Tally, tenth};
use super::work::{Done, Work};

/// How often the bar is drawn anew.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// What is to be done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) pace: Pace,
    pub(crate) until: Until,
    pub(crate) warm_up: Duration,
    /// The length of a stretch of time that is told apart.
    pub(crate) every: Duration,
}

/// Whoever looks on.
pub(crate) trait Onlooker {
    /// Counting begins.
    fn begins(&mut self);
    /// Counting ends: the time is over, or enough have ended.
    fn ends(&mut self);
    /// Some time has passed.
    fn passes(&mut self, tally: &Tally, now: Phase);
    /// Memory and disk of now, if they are known.
    fn use_of_now(&mut self) -> (Option<u64>, Option<u64>);
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    WarmUp,
    Counting,
    /// Nothing more begins, and so many are still under way.
    Ending(usize),
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Driven {
    pub(crate) tally: Tally,
    /// How long was counted.
    pub(crate) counted: Duration,
    /// Of an open loop: how many should have begun and never did.
    pub(crate) unsent: u64,
    /// How many were under way when it was broken off.
    pub(crate) unfinished: u64,
    pub(crate) interrupted: bool,
    until: Until,
}

impl Driven {
    /// How many ended well, a second: within the time that was given, or until the last of those that were
    /// wanted.
    pub(crate) fn rate(&self) -> f64 {
        let ended = match self.until {
            Until::Time(_) => self.tally.passed,
            Until::Count(_) => self.tally.done,
        };
        if self.counted.is_zero() { 0.0 } else { tenth(ended as f64 / self.counted.as_secs_f64()) }
    }
}

/// Does it until it is enough, or until `stop`. Whatever is under way when time is over is waited for, so
/// that the slowest are not left out.
pub(crate) async fn drive(
    work: &impl Work,
    plan: &Plan,
    onlooker: &mut impl Onlooker,
    stop: impl Future<Output = ()>,
) -> Driven {
    let began = Instant::now();
    let mut schedule = Schedule::new(plan.pace, plan.until, began, plan.warm_up);
    let (counted_from, ends) = (schedule.counted_from(), schedule.ends());
    let mut tally = Tally::new(work.names().len());
    let mut flying = FuturesUnordered::new();
    let (mut stop, mut interrupted) = (std::pin::pin!(stop), false);
    let mut wake = std::pin::pin!(tokio::time::sleep(Duration::ZERO));
    let (mut counting, mut ended) = (false, false);
    let (mut next_show, mut next_point) = (began, counted_from + plan.every);
    loop {
        let now = Instant::now();
        if !counting && now >= counted_from {
            counting = true;
            tally.begin(now);
            onlooker.begins();
        }
        while let Some(at) = schedule.next(now, flying.len()) {
            let counts = at >= counted_from;
            if counts {
                tally.late.note(now.saturating_duration_since(at));
            }
            flying.push(work.once().map(move |done| (at, counts, done)));
        }
        let is_over = schedule.is_over(now);
        if !ended && (ends.is_some_and(|end| now >= end) || (is_over && flying.is_empty())) {
            ended = true;
            let (memory, disk) = onlooker.use_of_now();
            tally.end(counted_from, now, memory, disk);
            onlooker.ends();
        }
        if is_over && flying.is_empty() {
            break;
        }
        if counting && now >= next_point && !ended {
            let (memory, disk) = onlooker.use_of_now();
            tally.point(counted_from, now, memory, disk);
            next_point = now.max(next_point + plan.every);
        }
        if now >= next_show {
            let phase = match (is_over, counting) {
                (true, _) => Phase::Ending(flying.len()),
                (false, true) => Phase::Counting,
                (false, false) => Phase::WarmUp,
            };
            onlooker.passes(&tally, phase);
            next_show = now + SHOWN_EVERY;
        }
        let due = schedule.due().filter(|due| !is_over && *due > now);
        let next = [due, ends.filter(|_| !ended), (!counting).then_some(counted_from), Some(next_show)];
        wake.as_mut().reset(next.into_iter().flatten().min().unwrap_or(next_show).into());
        tokio::select! {
            biased;
            () = &mut stop => {
                interrupted = true;
                break;
            }
            Some(first) = flying.next() => {
                let now = Instant::now();
                let mut note = |(at, counts, done): (Instant, bool, Done)| tally.note(at, counts, now, &done);
                note(first);
                // Those that have ended meanwhile need no further round.
                while let Some(Some(further)) = flying.next().now_or_never() {
                    note(further);
                }
            }
            () = &mut wake => {}
        }
    }
    let now = Instant::now();
    if !ended {
        let (memory, disk) = onlooker.use_of_now();
        tally.end(counted_from, now, memory, disk);
        onlooker.ends();
    }
    let end = match (plan.until, interrupted) {
        (Until::Time(_), false) => ends.unwrap_or(now),
        (Until::Count(_), false) => tally.last.unwrap_or(now),
        (_, true) => now,
    };
    Driven {
        counted: end.saturating_duration_since(counted_from),
        unsent: if interrupted { 0 } else { schedule.behind(now) },
        unfinished: flying.len() as u64,
        interrupted,
        until: plan.until,
        tally,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    /// Work that ends at its second look, and counts how much of it is under way.
    #[derive(Default)]
    struct Counted {
        under_way: Cell<usize>,
        most: Cell<usize>,
        begun: Cell<u64>,
        fails_every: u64,
        never_ends: bool,
    }

    impl Work for Counted {
        fn names(&self) -> Vec<&'static str> {
            vec!["done"]
        }

        async fn once(&self) -> Done {
            self.begun.set(self.begun.get() + 1);
            let number = self.begun.get();
            self.under_way.set(self.under_way.get() + 1);
            self.most.set(self.most.get().max(self.under_way.get()));
            tokio::task::yield_now().await;
            if self.never_ends {
                std::future::pending::<()>().await;
            }
            self.under_way.set(self.under_way.get() - 1);
            match self.fails_every {
                0 => Done::single(0, Ok(Instant::now())),
                every if number.is_multiple_of(every) => Done::failed(0, "every_so_many"),
                _ => Done::single(0, Ok(Instant::now())),
            }
        }
    }

    /// Notes what it is told.
    #[derive(Default)]
    struct Noted(Vec<&'static str>);

    impl Onlooker for Noted {
        fn begins(&mut self) {
            self.0.push("begins");
        }
        fn ends(&mut self) {
            self.0.push("ends");
        }
        fn passes(&mut self, _: &Tally, _: Phase) {}
        fn use_of_now(&mut self) -> (Option<u64>, Option<u64>) {
            (Some(1), None)
        }
    }

    fn plan(pace: Pace, until: Until) -> Plan {
        Plan { pace, until, warm_up: Duration::ZERO, every: Duration::from_secs(1) }
    }

    const FIVE: Pace = Pace::Closed { in_flight: 5 };

    #[tokio::test]
    async fn a_closed_loop_does_as_many_as_wanted_and_never_more_at_once_than_allowed() {
        let (work, mut noted) = (Counted { fails_every: 10, ..Counted::default() }, Noted::default());
        let driven = drive(&work, &plan(FIVE, Until::Count(100)), &mut noted, std::future::pending()).await;
        assert_eq!((work.begun.get(), work.most.get(), driven.unfinished), (100, 5, 0));
        let tally = &driven.tally;
        assert_eq!((tally.done, tally.failed["every_so_many"], tally.times[0].spread().count), (90, 10, 90));
        assert_eq!((noted.0, tally.points.len()), (vec!["begins", "ends"], 1));
        assert!(driven.rate() > 0.0 && !driven.interrupted);
    }

    #[tokio::test]
    async fn an_open_loop_begins_as_many_as_its_rate_says() {
        let (work, mut noted) = (Counted::default(), Noted::default());
        let plan = plan(Pace::Open { rate: 1000.0 }, Until::Time(Duration::from_millis(50)));
        let driven = drive(&work, &plan, &mut noted, std::future::pending()).await;
        assert_eq!(work.begun.get() + driven.unsent, 50);
        assert_eq!(
            (driven.tally.done, driven.tally.late.spread().count),
            (work.begun.get(), work.begun.get())
        );
    }

    #[tokio::test]
    async fn what_is_broken_off_says_what_was_under_way() {
        let (work, mut noted) = (Counted { never_ends: true, ..Counted::default() }, Noted::default());
        let driven = drive(&work, &plan(FIVE, Until::Count(100)), &mut noted, tokio::task::yield_now()).await;
        assert_eq!((driven.interrupted, driven.unfinished, driven.tally.done), (true, 5, 0));
        assert_eq!((noted.0, driven.rate()), (vec!["begins", "ends"], 0.0));
    }
}
