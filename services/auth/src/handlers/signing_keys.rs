//! The keys with which tokens are signed, as others may see and change them.

use contracts::auth::{GetKeys, KeySet, RotateKey};
use kit::{Ctx, Result};

use super::asking::expect_current;
use crate::keys::{self, KEY_LEAD};
use crate::{store, upkeep};

/// Shows the public keys.
pub async fn get_keys(ctx: Ctx, _: GetKeys) -> Result<KeySet> {
    let now = ctx.now();
    ctx.read(move |sql| Ok(keys::shown(&store::list_keys(sql)?, now))).await
}

/// Announces a new key, which signs once everybody has had time to hear of it.
pub async fn rotate_key(ctx: Ctx, _: RotateKey) -> Result<KeySet> {
    let caller = ctx.caller().clone();
    ctx.write(move |tx| {
        expect_current(tx, &caller, tx.now())?;
        upkeep::look_after_keys(tx)?;
        let signs_from = tx.now() + KEY_LEAD;
        let known = store::list_keys(tx)?;
        upkeep::add_key(tx, &known, signs_from)?;
        Ok(keys::shown(&store::list_keys(tx)?, tx.now()))
    })
    .await
}
