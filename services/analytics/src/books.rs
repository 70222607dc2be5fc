//! A fact is noted, and the figures that are shown follow, in one transaction.

use kit::{Result, Tx};

use crate::fact::Fact;
use crate::figures::Figures;
use crate::store;

/// Notes facts of one event, and counts those that say something new. A generation that is being built
/// counts them when it comes to them.
///
/// What is known of an order or a cart is read once, however many facts the event has about it.
pub fn note(tx: &mut Tx<'_>, facts: &[Fact]) -> Result<()> {
    let mut change = Figures::default();
    for facts in facts.chunk_by(|one, next| one.about == next.about) {
        let mut known = store::facts_about(tx, &facts[0].about)?;
        for fact in facts {
            if known.iter().any(|other| other.says_already(fact)) {
                continue;
            }
            store::insert_fact(tx, fact)?;
            let beside = known.iter().filter(|other| other.group() == fact.group());
            change.add(&Figures::change(beside, fact), 1);
            known.push(fact.clone());
        }
    }
    let change = change.tidied();
    if change == Figures::default() {
        return Ok(());
    }
    store::add_figures(tx, store::state(tx)?.standing, &change)
}

/// How the figures of all facts before one change when it comes.
pub fn change_by(tx: &Tx<'_>, id: i64, fact: &Fact) -> Result<Figures> {
    let before = store::facts_beside(tx, id, fact)?;
    Ok(Figures::change(&before, fact))
}
