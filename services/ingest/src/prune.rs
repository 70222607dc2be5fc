//! Forgetting readings that are older than what is kept, in pieces so small that recording hardly waits for one.

use std::time::Duration;

use kit::{Result, Tx};

use crate::gather::millis;
use crate::settings::Settings;
use crate::store::{self, Pruning};

/// The timer of a round through all series.
pub const TIMER: &str = "prune_readings";

/// The timer of the next piece of a round.
pub const MORE: &str = "prune_more_readings";

/// Time between two rounds.
pub const EVERY: Duration = Duration::from_secs(60);

/// Readings that one piece removes.
pub const READINGS_AT_ONCE: usize = 2000;

/// Series that one piece looks at.
pub const SERIES_AT_ONCE: usize = 200;

/// Begins a round, if the clock can be believed.
pub fn begin(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    let clock = store::pruning(tx)?.clock.look(tx.now().as_millisecond());
    store::put_pruning(tx, Pruning { behind: 0, clock })?;
    go_on(tx, settings)
}

/// Removes some readings, if the clock can be believed, and comes again at once if there may be more.
pub fn go_on(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    let now = tx.now().as_millisecond();
    let mut standing = store::pruning(tx)?;
    if !standing.clock.is_believed(now) {
        return Ok(());
    }
    let before = now - millis(settings.keep);
    let all = store::series_behind(tx, standing.behind, SERIES_AT_ONCE)?;
    let mut room = READINGS_AT_ONCE;
    for series in &all {
        room -= store::remove_before(tx, *series, before, room)?;
        if room == 0 {
            break;
        }
        standing.behind = *series;
    }
    store::put_pruning(tx, standing)?;
    if room == 0 || all.len() == SERIES_AT_ONCE {
        tx.set_timer(MORE, "", tx.now())?;
    }
    Ok(())
}
