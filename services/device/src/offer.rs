//! Devices that offer themselves to customers: with a code that they chose, or one that is made and told to them.

use std::time::Duration;

use contracts::DeviceId;
use contracts::device::{CLAIM_S_DEFAULT, CLAIM_S_MAX, CODE_CHARS_MAX, CODE_CHARS_MIN, wire};
use kit::listen::{Return, Said};
use kit::{Ctx, Owner, Result, Timestamp, Tx};

use crate::handlers::seconds;
use crate::lifecycle::{self, Step};
use crate::refusal::Refusal;
use crate::secret;
use crate::store::{self, doors, profiles};
use crate::talk::{answered_at, as_json, rejected, speaker};

/// For how long a code that is offered is good.
///
/// # Errors
/// [`Refusal::InvalidTime`] if it is too short or too long.
pub fn window(asked: Option<u32>) -> Result<Duration, Refusal> {
    seconds("window_s", asked, CLAIM_S_DEFAULT, 1, CLAIM_S_MAX)
}

/// Keeps a code by which a device is claimed, in the place of one before. Answers until when it is good.
///
/// # Errors
/// If it cannot be recorded.
pub fn keep(tx: &mut Tx<'_>, device: DeviceId, code: &str, window: Duration) -> Result<Timestamp> {
    let until = tx.now() + window;
    doors::put_claim(tx, device, &secret::digest(code), until)?;
    Ok(until)
}

/// A device offers itself. It may, if it belongs to nobody and its kind lets it.
///
/// # Errors
/// If the subject is none of ours, which the broker does not let through.
pub async fn offered(ctx: Ctx, said: Said) -> Result<Return> {
    let device = speaker(&said)?;
    let (asked, token) = match read(&said) {
        Ok(mut offer) => {
            let token = offer.token.take();
            (check(offer), token)
        }
        Err(refusal) => (Err(refusal), None),
    };
    let done = match asked {
        Ok((code, window)) => ctx.write(move |tx| offer(tx, device, code, window)).await,
        Err(refusal) => Err(refusal.into()),
    };
    let (usual, body) = match done {
        Ok(offered) => (wire::CLAIM_ACCEPTED, as_json(&wire::Offered { token, ..offered })?),
        Err(error) => (wire::CLAIM_REJECTED, as_json(&rejected(&error, token))?),
    };
    Ok(vec![(answered_at(&said, device, usual), body)])
}

fn read(said: &Said) -> Result<wire::Offer, Refusal> {
    let body = said.body.trim_ascii();
    let offer: wire::Offer = match body {
        b"" => wire::Offer::default(),
        body => serde_json::from_slice(body).map_err(|_| Refusal::InvalidOffer("is not understood"))?,
    };
    let long = |token: &String| token.chars().count() > wire::TOKEN_CHARS_MAX;
    if offer.token.as_ref().is_some_and(long) {
        return Err(Refusal::InvalidOffer("has a token that is too long"));
    }
    Ok(offer)
}

fn check(offer: wire::Offer) -> Result<(Option<String>, Duration), Refusal> {
    let good = |code: &String| {
        let legal = |c: char| !c.is_whitespace() && !kit::text::is_unprintable(c);
        (CODE_CHARS_MIN..=CODE_CHARS_MAX).contains(&code.chars().count()) && code.chars().all(legal)
    };
    if !offer.code.as_ref().is_none_or(good) {
        return Err(Refusal::InvalidCode);
    }
    Ok((offer.code, window(offer.window_s)?))
}

fn offer(tx: &mut Tx<'_>, id: DeviceId, code: Option<String>, window: Duration) -> Result<wire::Offered> {
    tx.about(id);
    let device = store::get(tx, id)?;
    let may = device.owner == Owner::nobody()
        && lifecycle::after(device.state, Step::Claim).is_some()
        && profiles::get(tx, &device.profile)?.offers;
    if !may {
        return Err(Refusal::MayNotOffer.into());
    }
    let made = code.is_none().then(|| secret::make_code(tx));
    let code = made.clone().or(code).unwrap_or_default();
    let until = keep(tx, id, &code, window)?;
    Ok(wire::Offered { code: made, until, token: None })
}
