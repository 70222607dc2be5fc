//! Forgetting buckets that are older than what is kept of their step, in pieces so small that hearing hardly waits.

use std::time::Duration;

use contracts::telemetry::Step;
use kit::{Result, Tx};

use crate::settings::Settings;
use crate::store::{self, Pruning};

/// The timer of a round through all series.
pub const TIMER: &str = "prune_buckets";

/// The timer of the next piece of a round.
pub const MORE: &str = "prune_more_buckets";

/// Time between two rounds.
pub const EVERY: Duration = Duration::from_secs(600);

/// Buckets that one piece removes.
pub const BUCKETS_AT_ONCE: usize = 2000;

/// Series that one piece looks at.
pub const SERIES_AT_ONCE: usize = 100;

/// Begins a round, if the clock can be believed.
pub fn begin(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    let clock = store::pruning(tx)?.clock.look(tx.now().as_millisecond());
    store::put_pruning(tx, Pruning { behind: 0, clock })?;
    go_on(tx, settings)
}

/// Removes some buckets, if the clock can be believed, and comes again at once if there may be more.
pub fn go_on(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    let standing = store::state(tx)?.standing;
    let now = tx.now().as_millisecond();
    let mut pruning = store::pruning(tx)?;
    if !pruning.clock.is_believed(now) {
        return Ok(());
    }
    for step in Step::ALL {
        store::put_pruned(tx, step, now.saturating_sub(keep_ms(settings, step)))?;
    }
    let all = store::series_behind(tx, pruning.behind, SERIES_AT_ONCE)?;
    let mut room = BUCKETS_AT_ONCE;
    'all: for series in &all {
        for step in Step::ALL {
            let before = now.saturating_sub(keep_ms(settings, step));
            room -= store::remove_before(tx, standing, (*series, step), before, room)?;
            if room == 0 {
                break 'all;
            }
        }
        pruning.behind = *series;
    }
    store::put_pruning(tx, pruning)?;
    if room == 0 || all.len() == SERIES_AT_ONCE {
        tx.set_timer(MORE, "", tx.now())?;
    }
    Ok(())
}

fn keep_ms(settings: &Settings, step: Step) -> i64 {
    i64::try_from(settings.keep(step).as_millis()).unwrap_or(i64::MAX)
}
