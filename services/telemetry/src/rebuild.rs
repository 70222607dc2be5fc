//! A rebuild: all buckets from the readings that ingest keeps, built beside those that are shown, a page of readings at a
//! time; once no series is left they are shown instead, and the old ones removed, again a few at a time.
//!
//! Ingest goes on recording meanwhile. Each page says up to which event it is complete, and each event has a number: so
//! it is known of every reading that is heard whether a page had it. Where a rebuild stands is in the database, and
//! the next question is work that is asked for in the same transaction, so that it goes on after a restart.

use std::time::Duration;

use contracts::DeviceId;
use contracts::ingest::{self, GetRange, ListSeries, READINGS_MAX, Range, SeriesList};
use contracts::readings::Metric;
use contracts::telemetry::RebuildBegan;
use kit::limits::PAGE_MAX;
use kit::{Attempt, Effect, EffectCtx, Error, Policy, Result, Timestamp, Trouble, Tx};
use serde::{Deserialize, Serialize};

use crate::rollup::roll_up;
use crate::store::{self, Page, Series};

/// The timer that removes old buckets.
pub const CLEAN: &str = "clean_buckets";

/// Buckets that one turn of it removes.
pub const BUCKETS_AT_ONCE: usize = 1000;

/// A question of a rebuild.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The generation that is built.
    pub generation: u64,
    /// Which question of it this is.
    pub turn: u64,
    /// What is asked.
    pub about: About,
}

/// What a rebuild asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// What is measured, behind this.
    Series(Option<String>),
    /// The readings of a series.
    Readings {
        /// Its number here.
        series: i64,
        /// The device.
        device: DeviceId,
        /// The metric.
        metric: Metric,
        /// Behind this.
        after: Option<String>,
        /// The time of the first reading of all, once it is known.
        first: Option<i64>,
    },
}

/// What ingest says.
#[derive(Debug)]
pub enum Said {
    /// What is measured.
    Series(SeriesList),
    /// Readings; none if it knows no such series.
    Readings(Option<Range>),
}

impl Effect for Question {
    const NAME: &'static str = "rebuild_telemetry";
    // A shop is seldom without its ingest for more than an hour. What was built by then is thrown away.
    const POLICY: Policy = Policy {
        time_limit: Duration::from_secs(10),
        tries_max: 150,
        wait: Duration::from_millis(200),
        wait_max: Duration::from_secs(30),
        at_once: 1,
    };
    type Outcome = Said;

    fn key(&self) -> String {
        format!("{}/{}", self.generation, self.turn)
    }

    fn about(&self) -> String {
        format!("generation-{}", self.generation)
    }
}

/// Begins a rebuild. If one is running, that one is answered: it will show the same buckets.
pub fn begin(tx: &mut Tx<'_>) -> Result<RebuildBegan> {
    let state = store::state(tx)?;
    if let Some(running) = state.building {
        return Ok(RebuildBegan { began: false, generation: running.generation });
    }
    // What an earlier one left that was given up has another number.
    let generation = state.standing.max(store::newest_generation(tx)?) + 1;
    store::begin_rebuild(tx, generation)?;
    tx.perform(&Question { generation, turn: 0, about: About::Series(None) })?;
    tracing::info!(generation, "A rebuild of the buckets began");
    Ok(RebuildBegan { began: true, generation })
}

/// Asks ingest.
pub async fn ask(ctx: EffectCtx, question: Question) -> Result<Said, Trouble> {
    match question.about {
        About::Series(after) => {
            let asked = ListSeries { device: None, limit: Some(PAGE_MAX), after };
            ctx.call(&asked).await.map(Said::Series).map_err(|error| trouble(&error))
        }
        About::Readings { device, metric, after, .. } => {
            let (from, to) = (Timestamp::MIN, Timestamp::MAX);
            let asked = GetRange { device, metric, from, to, limit: Some(READINGS_MAX), after };
            match ctx.call(&asked).await {
                Ok(range) => Ok(Said::Readings(Some(range))),
                Err(error) if error.reason == ingest::reason::SERIES_UNKNOWN => Ok(Said::Readings(None)),
                Err(error) => Err(trouble(&error)),
            }
        }
    }
}

fn trouble(error: &Error) -> Trouble {
    Trouble::Transient(error.to_string())
}

/// Counts what ingest said, and asks on.
pub fn record(tx: &mut Tx<'_>, question: Question, attempt: Attempt<Said>) -> Result<()> {
    let state = store::state(tx)?;
    let Some(building) = state.building.filter(|building| building.generation == question.generation) else {
        return Ok(());
    };
    if building.turn != question.turn {
        return Ok(());
    }
    let said = match attempt {
        Attempt::Answered(said) => said,
        Attempt::Retrying { .. } => return Ok(()),
        Attempt::GaveUp { trouble, .. } => {
            tracing::error!("The rebuild of the buckets was given up: {}", trouble.message());
            store::give_up_rebuild(tx)?;
            return tx.set_timer(CLEAN, "", tx.now());
        }
    };
    let mut counted = 0;
    let next = match (question.about, said) {
        (About::Series(_), Said::Series(list)) => {
            for series in &list.items {
                store::take_series(tx, (series.device, &series.metric), series.unit.as_ref(), 0)?;
            }
            list.next.map(|next| About::Series(Some(next)))
        }
        (About::Readings { series, device, metric, first, .. }, Said::Readings(range)) => {
            let range = range.unwrap_or(Range {
                unit: None,
                readings: Vec::new(),
                after_ms: Vec::new(),
                number: 0,
                next: None,
            });
            counted = range.readings.len() as u64;
            let first = first.or(range.readings.first().map(|reading| reading.time));
            let own = Series { number: series, rebuilt: 0 };
            store::add_rollups(tx, question.generation, &own, &roll_up(&range.readings))?;
            let to = match (&range.next, range.readings.last()) {
                (Some(_), Some(last)) => last.time,
                _ => i64::MAX,
            };
            store::put_page(tx, question.generation, series, Page { to, number: range.number })?;
            if range.next.is_none() {
                store::keep_old_buckets(tx, (state.standing, question.generation), series, first)?;
                store::mark_rebuilt(tx, series, question.generation)?;
            }
            range.next.map(|next| About::Readings { series, device, metric, after: Some(next), first })
        }
        _ => return Err(Error::internal("ingest answered another question")),
    };
    store::advance(tx, counted)?;
    let next = match next {
        Some(next) => Some(next),
        None => store::next_to_rebuild(tx, question.generation)?.map(|(series, device, metric)| {
            About::Readings { series: series.number, device, metric, after: None, first: None }
        }),
    };
    match next {
        Some(about) => {
            tx.perform(&Question { generation: question.generation, turn: question.turn + 1, about })
        }
        None => end(tx, question.generation),
    }
}

/// Shows what was built. Every series that was heard by now is in it.
fn end(tx: &mut Tx<'_>, generation: u64) -> Result<()> {
    store::end_rebuild(tx)?;
    tracing::info!(generation, "The buckets were rebuilt");
    tx.set_timer(CLEAN, "", tx.now())
}

/// Removes some old buckets, and comes again if there are more.
pub fn clean(tx: &mut Tx<'_>, _key: &str) -> Result<()> {
    let state = store::state(tx)?;
    let building = state.building.map_or(state.standing, |building| building.generation);
    if store::remove_others(tx, (state.standing, building), BUCKETS_AT_ONCE)? {
        tx.set_timer(CLEAN, "", tx.now())?;
    }
    Ok(())
}
