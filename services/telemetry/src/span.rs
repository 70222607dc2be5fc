//! Of how much time may be asked at once, and in which steps it is told.

use contracts::telemetry::{BUCKETS_CHOSEN, BUCKETS_MAX, Step, reason};
use kit::{Error, Result, Timestamp};

use crate::settings::Settings;

/// Buckets of one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// How long each is.
    pub step: Step,
    /// The beginning of the first, in milliseconds since 1970.
    pub from: i64,
    /// The end of the last.
    pub to: i64,
}

/// Up to so many milliseconds a summary is made of minutes, and then of hours; a longer one of days.
const SUMMED_OF: [(Step, i64); 2] = [(Step::Minute, 6 * 3_600_000), (Step::Hour, 60 * 86_400_000)];

impl Span {
    /// The buckets that a time touches, in a step that is asked for, or else in the shortest that is still kept and
    /// does not give too many.
    ///
    /// # Errors
    /// `invalid_span` or `span_too_long`.
    pub fn of(
        (from, to): (Timestamp, Timestamp),
        step: Option<Step>,
        now: Timestamp,
        settings: &Settings,
    ) -> Result<Self> {
        let is_kept = |step: Step| from >= now - settings.keep(step);
        let chosen = || {
            let fits =
                |step: &Step| is_kept(*step) && Self::touched((from, to), *step).buckets() <= BUCKETS_CHOSEN;
            Step::ALL.into_iter().find(fits).unwrap_or(Step::Day)
        };
        Self::checked((from, to), step.unwrap_or_else(chosen))
    }

    /// The buckets of which a summary is made.
    ///
    /// # Errors
    /// As [`Self::of`].
    pub fn of_summary(
        (from, to): (Timestamp, Timestamp),
        now: Timestamp,
        settings: &Settings,
    ) -> Result<Self> {
        let long = to.as_millisecond() - from.as_millisecond();
        let fits = |(step, longest): &(Step, i64)| long <= *longest && from >= now - settings.keep(*step);
        let step = SUMMED_OF.into_iter().find(fits).map_or(Step::Day, |(step, _)| step);
        Self::checked((from, to), step)
    }

    fn checked(time: (Timestamp, Timestamp), step: Step) -> Result<Self> {
        if time.1 <= time.0 {
            let what = "nothing was told: the end must be after the beginning";
            return Err(Error::invalid(reason::INVALID_SPAN, what));
        }
        let span = Self::touched(time, step);
        if span.buckets() > BUCKETS_MAX {
            let what = format!(
                "nothing was told: these are {} buckets of a {}, at most {BUCKETS_MAX} may be; ask for less time, or \
                 for longer buckets",
                span.buckets(),
                step.word()
            );
            return Err(Error::invalid(reason::SPAN_TOO_LONG, what));
        }
        Ok(span)
    }

    fn touched((from, to): (Timestamp, Timestamp), step: Step) -> Self {
        let last = to.as_millisecond() - i64::from(to.subsec_nanosecond() % 1_000_000 == 0);
        Self { step, from: step.begin(from.as_millisecond()), to: step.begin(last) + step.millis() }
    }

    fn buckets(&self) -> i64 {
        (self.to - self.from) / self.step.millis()
    }

    /// A moment of it, in milliseconds since 1970, for people.
    ///
    /// # Errors
    /// If the calendar has no such moment.
    pub fn moment(millis: i64) -> Result<Timestamp> {
        Timestamp::from_millisecond(millis).map_err(|_| {
            let what = "nothing was told: the span ends outside of the calendar";
            Error::invalid(reason::INVALID_SPAN, what)
        })
    }
}
