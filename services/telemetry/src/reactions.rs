//! What telemetry hears: readings that were recorded, each told once.

use contracts::ingest::ReadingsRecorded;
use contracts::readings::Reading;
use kit::{Result, Tx};

use crate::rollup::roll_up;
use crate::store::{self, Building, Page};

/// Readings count in their minutes, hours and days, however late they came.
pub fn readings_recorded(tx: &mut Tx<'_>, event: ReadingsRecorded) -> Result<()> {
    let state = store::state(tx)?;
    let unsettled = state.settled > 0 && event.number <= state.settled;
    if state.settled > 0 && !unsettled {
        store::settle(tx)?;
    }
    let mut counted = 0;
    for told in &event.series {
        let found = (told.device, &told.metric);
        let series = store::take_series(tx, found, told.unit.as_ref(), state.standing)?;
        counted += told.readings.len() as u64;
        let all = &told.readings;
        let shown = if unsettled {
            let pages = store::list_pages(tx, state.standing, series.number)?;
            roll_up(&news(all, &pages, event.number, true))
        } else {
            roll_up(all)
        };
        store::add_rollups(tx, state.standing, &series, &shown)?;
        if let Some(Building { generation, .. }) = state.building {
            let pages = store::list_pages(tx, generation, series.number)?;
            store::add_rollups(tx, generation, &series, &roll_up(&news(all, &pages, event.number, false)))?;
        }
    }
    store::add_readings(tx, counted)
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
