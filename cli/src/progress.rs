//! Long work: a bar while it goes on, tries again where that may help, and what was refused.

use std::future::Future;
use std::time::Duration;

use contracts::catalog::RefusedLine;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::shop::Shop;

/// Tries of a request before the work stops.
const TRIES_MAX: u32 = 4;
/// The wait before the second try; it doubles with each further one.
const TRY_AGAIN_AFTER: Duration = Duration::from_millis(300);
/// Refused lines that are named unless all are wanted.
const REFUSED_LINES_SHOWN: usize = 20;

/// A bar on standard error, if that is a terminal.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(out: &Output, total: usize, what: &str) -> Self {
        if !out.may_animate() {
            return Self(ProgressBar::hidden());
        }
        let bar = ProgressBar::with_draw_target(Some(total as u64), ProgressDrawTarget::stderr());
        let form = format!("{{bar:30}} {{pos}} of {{len}} {what}, {{per_sec}}, {{eta}} left");
        // A template that is not understood is a mistake of ours; the usual bar serves as well.
        let style = ProgressStyle::with_template(&form).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("█▉▊▋▌▍▎▏ "));
        Self(bar)
    }

    pub(crate) fn add(&self, done: usize) {
        self.0.inc(done as u64);
    }

    /// Prints something while the bar is away.
    pub(crate) fn beside<T>(&self, print: impl FnOnce() -> T) -> T {
        self.0.suspend(print)
    }

    /// Takes the bar away: what was done is said in words.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}

/// A bar with a rate of its own, for work that is measured: by how many are done, or by how long it goes on.
pub(crate) struct Live {
    bar: ProgressBar,
    by_time: bool,
}

/// What a measurement comes to its end by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Whole {
    Count(u64),
    Time(Duration),
}

impl Live {
    pub(crate) fn new(out: &Output, whole: Whole) -> Self {
        let (length, by_time) = match whole {
            Whole::Count(count) => (count, false),
            Whole::Time(time) => (u64::try_from(time.as_millis()).unwrap_or(u64::MAX), true),
        };
        if !out.may_animate() {
            return Self { bar: ProgressBar::hidden(), by_time };
        }
        let bar = ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr());
        let style = ProgressStyle::with_template("{bar:30} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("█▉▊▋▌▍▎▏ ");
        bar.set_style(style);
        Self { bar, by_time }
    }

    /// Something that goes on without a bar.
    pub(crate) fn waiting(out: &Output, what: &'static str) -> Self {
        if !out.may_animate() {
            return Self { bar: ProgressBar::hidden(), by_time: false };
        }
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        bar.set_message(what);
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar, by_time: false }
    }

    /// Shows how far it is, by how many are done and how long it took, if that counts already, and says more.
    pub(crate) fn show(&self, place: Option<(u64, Duration)>, text: String) {
        self.bar.set_message(text);
        let Some((done, since)) = place else { return self.bar.tick() };
        let place = if self.by_time { u64::try_from(since.as_millis()).unwrap_or(u64::MAX) } else { done };
        self.bar.set_position(place.min(self.bar.length().unwrap_or(u64::MAX)));
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

/// Asks again if nobody answered or there was too much to do. Only for what cannot be done twice.
///
/// # Errors
/// The last failure.
pub(crate) async fn persist<T, F: Future<Output = Result<T, Failure>>>(
    ask: impl Fn() -> F,
) -> Result<T, Failure> {
    let mut tries = 1;
    let mut wait = TRY_AGAIN_AFTER;
    loop {
        match ask().await {
            Err(failure) if failure.exit() == exit::UNAVAILABLE && tries < TRIES_MAX => {
                tokio::time::sleep(wait).await;
                tries += 1;
                wait *= 2;
            }
            answer => return answer,
        }
    }
}

/// Names the lines that were refused: the first of them, or with `--verbose` all.
pub(crate) fn say_refused(shop: &Shop, refused: &[RefusedLine]) {
    let shown = if shop.is_verbose() { refused.len() } else { REFUSED_LINES_SHOWN };
    for RefusedLine { line, sku, reason, message } in refused.iter().take(shown) {
        let sku = if sku.is_empty() {
            String::new()
        } else {
            format!("{}  ", crate::show::cut(&kit::text::printable(sku), 40))
        };
        shop.out.warn(format!("line {line}  {sku}{reason}: {}", kit::text::printable(message)));
    }
    if refused.len() > shown {
        shop.out
            .warn(format!("{} more lines were refused; -v shows all, -o json too", refused.len() - shown));
    }
}
