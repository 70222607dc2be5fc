//! What telemetry hears: readings that were recorded, each told once.

use contracts::ingest::ReadingsRecorded;
use contracts::readings::Reading;
use contracts::telemetry::Step;
use kit::{Result, Tx};

use crate::rollup::{Place, Rollup, roll_up};
use crate::store::{self, Building, Page};

/// Readings count in their minutes, hours and days, however late they came.
pub fn readings_recorded(tx: &mut Tx<'_>, event: ReadingsRecorded) -> Result<()> {
    let state = store::state(tx)?;
    let unsettled = state.settled > 0 && event.number <= state.settled;
    if state.settled > 0 && !unsettled {
        store::settle(tx)?;
    }
    let (pruned, mut counted) = (store::pruned(tx)?, 0);
    for told in &event.series {
        let found = (told.device, &told.metric);
        let series = store::take_series(tx, found, told.unit.as_ref(), state.standing)?;
        counted += told.readings.len() as u64;
        let all = &told.readings;
        let mut shown = if unsettled {
            let pages = store::list_pages(tx, state.standing, series.number)?;
            roll_up(&news(all, &pages, event.number, true))
        } else {
            roll_up(all)
        };
        if shown.iter().any(|(place, _)| is_pruned(&pruned, *place)) {
            shown = without_pruned(tx, state.standing, series.number, &pruned, shown)?;
        }
        store::add_rollups(tx, state.standing, &series, &shown)?;
        if let Some(Building { generation, .. }) = state.building {
            let pages = store::list_pages(tx, generation, series.number)?;
            store::add_rollups(tx, generation, &series, &roll_up(&news(all, &pages, event.number, false)))?;
        }
    }
    store::add_readings(tx, counted)
}

/// Whether a bucket is so old that those of its time are removed.
fn is_pruned(pruned: &[i64; Step::ALL.len()], (step, at): Place) -> bool {
    Step::ALL.iter().zip(pruned).any(|(of, before)| *of == step && at < *before)
}

/// Leaves out buckets of a time of which buckets are removed, unless one is still there: made of late readings alone, it
/// would look like all that was measured then. Longer buckets have them.
fn without_pruned(
    tx: &Tx<'_>,
    generation: u64,
    series: i64,
    pruned: &[i64; Step::ALL.len()],
    rollups: Vec<(Place, Rollup)>,
) -> Result<Vec<(Place, Rollup)>> {
    let mut kept = Vec::with_capacity(rollups.len());
    for (place, rollup) in rollups {
        if !is_pruned(pruned, place) || store::has_bucket(tx, generation, series, place)? {
            kept.push((place, rollup));
        }
    }
    Ok(kept)
}

/// The readings of an event that a rebuild has not counted and will not: those of a time that it read before they were
/// recorded. `others` says whether those of a time that it never read are among them.
fn news(readings: &[Reading], pages: &[Page], number: u64, others: bool) -> Vec<Reading> {
    let is_news = |reading: &&Reading| {
        let page = pages.get(pages.partition_point(|page| page.to < reading.time));
        page.map_or(others, |page| number > page.number)
    };
    readings.iter().filter(is_news).copied().collect()
}
