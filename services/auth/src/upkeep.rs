//! What is done from time to time: the keys, and what nobody can refer to any more.

use std::time::Duration;

use kit::{Result, Tx};

use crate::keys::{self, Due, KEY_LEAD, KEYS_MAX, Key};
use crate::refusal::Refusal;
use crate::store;
use crate::ticket::CONFIRMED_WITHIN;

/// The timer of the keys.
pub(crate) const KEYS: &str = "keys";

/// The timer of tidying.
pub(crate) const TIDY: &str = "tidy";

/// How often it is tidied.
pub(crate) const TIDIED_EVERY: Duration = Duration::from_secs(10 * 60);

/// Rows of each table that are removed at a time.
pub(crate) const TIDY_ROWS_MAX: usize = 20_000;

/// How long an account is kept whose address nobody confirms; in any case while there is a ticket.
pub(crate) const UNCONFIRMED_KEPT: Duration = CONFIRMED_WITHIN;

/// Does what is due about the keys. At the first start this makes the secret and the first key.
pub(crate) fn look_after_keys(tx: &mut Tx<'_>) -> Result<()> {
    store::make_secret(tx)?;
    store::delete_keys(tx)?;
    let known = store::list_keys(tx)?;
    let now = tx.now();
    match keys::due(&known, now) {
        Due::First => add_key(tx, &known, now),
        Due::Next => add_key(tx, &known, now + KEY_LEAD),
        Due::Telling => match known.into_iter().next() {
            Some(newest) => tell(tx, &newest.told_again(None, now)),
            None => Ok(()),
        },
        Due::Nothing => Ok(()),
    }
}

/// Makes a key that signs from a time on, and tells of it. The one before is believed until its last
/// token is over.
pub(crate) fn add_key(tx: &mut Tx<'_>, known: &[Key], signs_from: kit::Timestamp) -> Result<()> {
    if known.len() >= KEYS_MAX {
        return Err(Refusal::TooManyKeys.into());
    }
    let now = tx.now();
    // No two begin at the same time, so that there is always one that is the newest.
    let after = known.first().map_or(signs_from, |newest| newest.signs_from + Duration::from_millis(1));
    let signs_from = signs_from.max(after);
    let key = Key::new(tx.new_id(), tx.new_secret(), signs_from, now);
    tell(tx, &key)?;
    tracing::info!(key.id = %key.id, "Key {} signs tokens from {signs_from} on", key.id);
    match known.first() {
        Some(before) => tell(tx, &before.clone().told_again(Some(signs_from), now)),
        None => Ok(()),
    }
}

/// Removes what nobody can refer to any more.
pub(crate) fn tidy(tx: &mut Tx<'_>) -> Result<()> {
    store::tidy(tx).map(drop)
}

fn tell(tx: &mut Tx<'_>, key: &Key) -> Result<()> {
    store::save_key(tx, key)?;
    tx.emit(&key.event())
}
