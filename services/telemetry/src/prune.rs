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

/// Between two looks at the clock no more time passes than this, unless the clock was set or the service was away.
pub const STEADY_MS: i64 = 60 * 60 * 1000;

/// For how long nothing is removed after that: a clock that shows the wrong year must not cost what is kept.
pub const HELD_MS: i64 = 24 * 60 * 60 * 1000;

/// Begins a round, if the clock can be believed.
pub fn begin(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    let now = tx.now().as_millisecond();
    let before = store::pruning(tx)?;
    let unsteady = before.looked_at > 0 && (now - before.looked_at).abs() > STEADY_MS;
    let held_until = if unsteady { now.saturating_add(HELD_MS) } else { before.held_until };
    store::put_pruning(tx, Pruning { behind: 0, looked_at: now, held_until })?;
    // A clock that was set back must not hold it for years.
    if now < held_until && held_until - now <= HELD_MS {
        return Ok(());
    }
    go_on(tx, settings)
}

/// Removes some buckets, and comes again at once if there may be more.
pub fn go_on(tx: &mut Tx<'_>, settings: &Settings) -> Result<()> {
    let standing = store::state(tx)?.standing;
    let now = tx.now().as_millisecond();
    let mut pruning = store::pruning(tx)?;
    let all = store::series_behind(tx, pruning.behind, SERIES_AT_ONCE)?;
    let mut room = BUCKETS_AT_ONCE;
    'all: for series in &all {
        for step in Step::ALL {
            let keep = i64::try_from(settings.keep(step).as_millis()).unwrap_or(i64::MAX);
            room -= store::remove_before(tx, standing, (*series, step), now.saturating_sub(keep), room)?;
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
