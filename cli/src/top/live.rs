//! The loop of the full screen: asks, listens, and draws.

use std::future::{Future, pending};
use std::time::Duration;

use futures_util::future::{FutureExt, LocalBoxFuture};
use jiff::tz::TimeZone;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep_until};

use super::keyboard::{self, Typed};
use super::sample::Sample;
use super::screen::Screen;
use super::state::{State, Wish};
use crate::failure::{Failure, exit};
use crate::shop::Shop;
use crate::trace::Story;
use crate::trace::gather::{ANSWER_TIME, Gathered, Wanted, gather};

/// The screen is not drawn more often than this.
const DRAW_EVERY: Duration = Duration::from_millis(250);
/// The clock on the screen goes on so often.
const CLOCK_EVERY: Duration = Duration::from_secs(1);
/// What is heard of orders.
pub(super) const ORDERS: &str = "events.order.>";
/// The signal of somebody who wants to set a program aside. It is the only one of those that end or stop a
/// program which does not end this one: a terminal that is set aside would be left in disorder.
const SIGNAL_ASIDE: i32 = if cfg!(target_os = "linux") { 20 } else { 18 };

/// What is being asked: one sample and one trace at most, so that nothing piles up.
#[derive(Default)]
struct Asking<'a> {
    sample: Option<LocalBoxFuture<'a, Result<Sample, Failure>>>,
    trace: Option<LocalBoxFuture<'a, Result<(Wanted, Story), Failure>>>,
}

/// Shows the shop until somebody ends it.
///
/// # Errors
/// 11 if there is no broker at the beginning, 74 if the terminal cannot be used, 130 after a signal.
pub(crate) async fn run(shop: &Shop, every: Duration) -> Result<(), Failure> {
    let mut watch = Some(shop.client().await?.watch(ORDERS).await?);
    let mut ends = Ends::listen()?;
    let mut state = State::new(shop.now(), TimeZone::system(), shop.out.has_colour());
    let mut screen = Screen::take()?;
    let mut keys = keyboard::listen();
    let mut asking = Asking::default();
    let (mut next_sample, mut next_tick) = (Instant::now(), Instant::now() + CLOCK_EVERY);
    let (mut next_draw, mut changed) = (Instant::now(), true);
    loop {
        tokio::select! {
            // A key and an end come before whatever else there is.
            biased;
            () = ends.heard() => return Err(Failure::shown(exit::INTERRUPTED)),
            typed = keys.recv() => match typed {
                // The terminal is gone.
                None => return Err(Failure::shown(exit::INTERRUPTED)),
                Some(Typed::Resized) => screen.clear()?,
                Some(Typed::Key(key)) => {
                    match state.press(key) {
                        Some(Wish::Quit) => return Ok(()),
                        Some(Wish::Sample) => next_sample = Instant::now(),
                        Some(Wish::Trace(wanted)) => asking.trace = Some(trace(shop, wanted).boxed_local()),
                        None => {}
                    }
                    if state.paused {
                        asking.sample = None;
                    }
                    if state.pane.is_none() {
                        asking.trace = None;
                    }
                    state.tick(shop.now());
                }
            },
            () = sleep_until(next_draw), if changed => {
                screen.draw(&mut state)?;
                (next_draw, changed) = (Instant::now() + DRAW_EVERY, false);
                continue;
            }
            sample = done(&mut asking.sample) => {
                state.tick(shop.now());
                match sample {
                    Ok(sample) => state.sampled(sample),
                    Err(failure) => state.unanswered(shop.now(), failure.message()),
                }
                next_sample = Instant::now() + every;
            }
            story = done(&mut asking.trace) => match story {
                Ok((wanted, story)) => state.told(&wanted, story),
                Err(failure) => {
                    state.pane = None;
                    state.notice = failure.message().to_owned();
                }
            },
            told = async { match &mut watch { Some(watch) => watch.next().await, None => pending().await } } => {
                match told {
                    Some(told) => state.heard(shop.now(), &told),
                    None => watch = None,
                }
            }
            () = sleep_until(next_sample), if asking.sample.is_none() && !state.paused => {
                asking.sample = Some(Sample::ask(shop).boxed_local());
                continue;
            }
            () = sleep_until(next_tick) => {
                state.tick(shop.now());
                next_tick = Instant::now() + CLOCK_EVERY;
            }
        }
        changed = true;
    }
}

/// What becomes of a task, once; nothing ever, if there is none.
async fn done<T>(task: &mut Option<impl Future<Output = T> + Unpin>) -> T {
    match task {
        Some(running) => {
            let outcome = running.await;
            *task = None;
            outcome
        }
        None => pending().await,
    }
}

async fn trace(shop: &Shop, wanted: Wanted) -> Result<(Wanted, Story), Failure> {
    let client = &shop.asker().await?;
    let Gathered { flows, silent, left_out, .. } =
        gather(client, wanted.clone(), false, shop.timeout.min(ANSWER_TIME)).await;
    Ok((wanted, Story { flows, silent, left_out, ..Story::default() }))
}

/// The signals that end the screen in good order.
struct Ends {
    asked: Signal,
    hung_up: Signal,
    quit: Signal,
    aside: Signal,
}

impl Ends {
    fn listen() -> Result<Self, Failure> {
        let on = |kind| signal(kind).map_err(|error| Failure::io("signals cannot be heard", &error));
        Ok(Self {
            asked: on(SignalKind::terminate())?,
            hung_up: on(SignalKind::hangup())?,
            quit: on(SignalKind::quit())?,
            aside: on(SignalKind::from_raw(SIGNAL_ASIDE))?,
        })
    }

    async fn heard(&mut self) {
        loop {
            tokio::select! {
                _ = self.asked.recv() => return,
                _ = self.hung_up.recv() => return,
                _ = self.quit.recv() => return,
                _ = self.aside.recv() => {}
            }
        }
    }
}
