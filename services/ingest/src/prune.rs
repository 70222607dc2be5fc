//! Forgetting readings that are older than what is kept, in pieces so small that recording hardly waits for one. They
//! go a chunk at a time, when its newest is old: at most a day later than they could.

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

/// Chunks of readings that one piece removes.
pub const CHUNKS_AT_ONCE: usize = 500;

/// Series that one piece looks at.
pub const SERIES_AT_ONCE: usize = 200;

/// Begins a round, if the clock can be believed.
pub fn begin(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    let clock = store::pruning(tx)?.clock.look(tx.now().as_millisecond());
    store::put_pruning(tx, Pruning { behind: 0, clock })?;
    go_on(tx, settings)
}

/// Removes some chunks, if the clock can be believed, and comes again at once if there may be more.
pub fn go_on(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    let now = tx.now().as_millisecond();
    let mut standing = store::pruning(tx)?;
    if !standing.clock.is_believed(now) {
        return Ok(());
    }
    let before = now - millis(settings.keep);
    let all = store::series_behind(tx, standing.behind, SERIES_AT_ONCE)?;
    let mut room = CHUNKS_AT_ONCE;
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
