//! A rebuild: the figures of all facts from the first on, built beside those that are shown, a batch at a
//! time; once nothing is left to count they are shown instead, and the old ones removed, again in batches.
//!
//! Where a rebuild stands is in the database, and so is its timer, so that it goes on after a restart.

use contracts::analytics::Rebuild;
use kit::{Result, Tx};

use crate::figures::Figures;
use crate::{books, store};

/// The timer of the next batch.
pub const TIMER: &str = "rebuild";

/// Facts that one batch counts. What is heard meanwhile waits for the end of the batch.
pub const FACTS_AT_ONCE: usize = 500;

/// Rows of each table of old figures that one batch removes.
pub const ROWS_REMOVED_AT_ONCE: usize = 1000;

/// Begins a rebuild. If one is running, that one is answered: it will show the same figures.
pub fn begin(tx: &mut Tx<'_>) -> Result<Rebuild> {
    let state = store::state(tx)?;
    if let Some(running) = state.building {
        return Ok(Rebuild { began: false, generation: running.generation });
    }
    let generation = state.standing + 1;
    store::begin_rebuild(tx, generation)?;
    tx.set_timer(TIMER, "", tx.now())?;
    tracing::info!(generation, "A rebuild of the figures began");
    Ok(Rebuild { began: true, generation })
}

/// Counts the next batch, or removes the next old figures, and comes again if there is more.
pub fn go_on(tx: &mut Tx<'_>, _key: &str) -> Result<()> {
    let state = store::state(tx)?;
    let Some(running) = state.building else {
        if store::remove_figures_but(tx, state.standing, ROWS_REMOVED_AT_ONCE)? {
            tx.set_timer(TIMER, "", tx.now())?;
        }
        return Ok(());
    };
    let facts = store::list_facts(tx, running.counted, FACTS_AT_ONCE)?;
    let mut change = Figures::default();
    for (id, fact) in &facts {
        change.add(&books::change_by(tx, *id, fact)?, 1);
    }
    store::add_figures(tx, running.generation, &change.tidied())?;
    let counted = facts.last().map_or(running.counted, |(id, _)| *id);
    if facts.len() < FACTS_AT_ONCE {
        store::end_rebuild(tx)?;
        tracing::info!(
            generation = running.generation,
            facts = counted,
            "The figures were rebuilt from {counted} facts"
        );
    } else {
        store::advance_rebuild(tx, counted)?;
    }
    tx.set_timer(TIMER, "", tx.now())
}
