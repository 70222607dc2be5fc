//! A fact is noted, and the figures that are shown follow, in one transaction.

use kit::{Result, Tx};

use crate::fact::Fact;
use crate::figures::Figures;
use crate::store;

/// Notes facts of one event, and counts those that say something new. A generation that is being built
/// counts them when it comes to them.
pub fn note(tx: &mut Tx<'_>, facts: &[Fact]) -> Result<()> {
    let mut change = Figures::default();
    for fact in facts {
        if let Some(id) = store::insert_fact(tx, fact)? {
            change.add(&change_by(tx, id, fact)?, 1);
        }
    }
    let standing = store::state(tx)?.standing;
    store::add_figures(tx, standing, &change.tidied())
}

/// How the figures of all facts before one change when it comes.
pub fn change_by(tx: &Tx<'_>, id: i64, fact: &Fact) -> Result<Figures> {
    let before = store::facts_beside(tx, id, fact)?;
    Ok(Figures::change(&before, fact))
}
