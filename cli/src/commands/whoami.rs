//! `shopctl whoami`: as whom requests are asked, and at which shop.

use contracts::auth::{Me, WhoAmI};
use kit::caller::GuestId;
use kit::{Role, Timestamp};
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::private::shown;
use crate::session::Session;
use crate::shop::Shop;
use crate::show;

/// Say as whom requests are asked, by what, and at which shop
///
/// If the shop cannot be asked, it says what the file of the session does.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl whoami
  shopctl whoami --as-key")]
pub(crate) struct Args {}

/// Who asks. Nothing here is a secret.
#[derive(Debug, Default, Serialize)]
struct Who {
    /// The number of the account, the name of the key, or the number of the guest.
    id: String,
    email: Option<String>,
    /// None for a guest.
    role: Option<Role>,
    /// `session`, `key` or `guest`.
    by: &'static str,
    session: Option<String>,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
    /// Where what proves it is kept.
    file: Option<String>,
    shop: String,
}

pub(crate) async fn run(shop: &Shop, _: Args) -> Result<(), Failure> {
    let place = shop.store().map_or_else(|| shop.address().url, |store| store.shop().to_owned());
    if let Some(secret) = shop.guest()? {
        let id = GuestId::of_secret(&secret)?.to_string();
        let file = shop.guest_file().map(|file| shown(file));
        return said(shop, &Who { id, by: "guest", file, shop: place, ..Who::default() });
    }
    let session = shop.session()?;
    match (shop.call(&WhoAmI {}).await, session) {
        // Asking may have renewed the session.
        (Ok(me), Some(before)) => {
            let session = shop.session()?.unwrap_or(before);
            said(shop, &Who { role: Some(me.role), ..by_session(shop, place, &session) })
        }
        (Ok(me), None) => said(shop, &by_key(shop, place, me)),
        (Err(failure), Some(session)) if is_away(&failure) => {
            let who = by_session(shop, place, &session);
            let failure = failure.so("only what the file of the session says is known");
            if shop.out.is_table() {
                said(shop, &who)?;
            }
            Err(failure.details(serde_json::to_value(&who).unwrap_or_default()))
        }
        (Err(failure), _) => Err(failure),
    }
}

/// Whether there is nobody to ask, rather than somebody who says no.
fn is_away(failure: &Failure) -> bool {
    [exit::BROKER_UNREACHABLE, exit::UNAVAILABLE].contains(&failure.exit())
}

fn by_session(shop: &Shop, place: String, session: &Session) -> Who {
    let tokens = &session.tokens;
    Who {
        id: tokens.account.customer.to_string(),
        email: Some(tokens.account.email.to_string()),
        role: Some(tokens.account.role),
        by: "session",
        session: Some(tokens.session.to_string()),
        since: Some(session.since),
        until: Some(tokens.refresh_expires_at),
        file: shop.store().map(|store| shown(&store.path())),
        shop: place,
    }
}

fn by_key(shop: &Shop, place: String, me: Me) -> Who {
    let file = shop.seed().map(|file| shown(&file));
    Who { id: me.id, role: Some(me.role), by: "key", file, shop: place, ..Who::default() }
}

fn said(shop: &Shop, who: &Who) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(who);
    }
    let text = |some: &Option<String>| some.clone().unwrap_or_default();
    let time = |some: Option<Timestamp>| some.map(show::time).unwrap_or_default();
    let by = match &who.session {
        Some(session) => format!("{} {session}", who.by),
        None => who.by.to_owned(),
    };
    shop.out.line(show::facts(&[
        ("who", if who.email.is_some() { text(&who.email) } else { who.id.clone() }),
        ("number", who.email.as_ref().map(|_| who.id.clone()).unwrap_or_default()),
        ("role", who.role.map(|role| role.to_string()).unwrap_or_default()),
        ("by", by),
        ("since", time(who.since)),
        ("until", time(who.until)),
        ("file", text(&who.file)),
        ("shop", who.shop.clone()),
    ]))
}
