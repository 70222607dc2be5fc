//! What becomes of a device: taken into use, suspended, retired, claimed.

use contracts::DeviceId;
use contracts::device::{
    ActivateDevice, ClaimCode, ClaimDevice, DeviceState, DeviceView, OfferClaim, RetireDevice, SuspendDevice,
};
use kit::{Ctx, Owner, Result, Tx};

use crate::lifecycle::{self, Step};
use crate::refusal::Refusal;
use crate::store::{self, Device, doors};
use crate::{kick, offer, secret};

/// Takes a device into use, or into use again.
pub async fn activate(ctx: Ctx, asked: ActivateDevice) -> Result<DeviceView> {
    ctx.write(move |tx| step(tx, asked.device, Step::Activate)).await
}

/// Disconnects a device until it is activated again. It keeps its secrets.
pub async fn suspend(ctx: Ctx, asked: SuspendDevice) -> Result<DeviceView> {
    ctx.write(move |tx| step(tx, asked.device, Step::Suspend)).await
}

/// Disconnects a device for good.
pub async fn retire(ctx: Ctx, asked: RetireDevice) -> Result<DeviceView> {
    ctx.write(move |tx| {
        doors::remove_credentials(tx, asked.device)?;
        doors::remove_claim(tx, asked.device)?;
        step(tx, asked.device, Step::Retire)
    })
    .await
}

fn step(tx: &mut Tx<'_>, id: DeviceId, step: Step) -> Result<DeviceView> {
    tx.about(id);
    let device = store::get(tx, id)?;
    let state = after(&device, step)?;
    if state != device.state {
        let device = Device { state, ..device };
        store::update(tx, &device)?;
        if matches!(state, DeviceState::Suspended | DeviceState::Retired) {
            kick::shut_out(tx, &device)?;
        }
    }
    let now = tx.now();
    super::view(tx, store::get(tx, id)?, now)
}

fn after(device: &Device, step: Step) -> Result<DeviceState, Refusal> {
    let (id, state, wanted) = (device.id, device.state, step.wanted());
    lifecycle::after(state, step).ok_or(Refusal::WrongState { device: id, state, wanted })
}

/// Makes a code by which a customer claims a device.
pub async fn offer_claim(ctx: Ctx, asked: OfferClaim) -> Result<ClaimCode> {
    let window = offer::window(asked.window_s)?;
    ctx.write(move |tx| {
        tx.about(asked.device);
        let device = store::get(tx, asked.device)?;
        after(&device, Step::Claim)?;
        let code = secret::make_code(tx);
        let until = offer::keep(tx, device.id, &code, window)?;
        Ok(ClaimCode { device: device.id, code, until })
    })
    .await
}

/// Makes a device one's own. The code is used up by it; whoever has it already is answered the same. Wrong codes
/// are counted, for a device may have chosen a short one.
pub async fn claim(ctx: Ctx, asked: ClaimDevice) -> Result<DeviceView> {
    let owner = Owner::of(ctx.caller());
    let claimed: Option<DeviceView> = ctx
        .write(move |tx| {
            tx.about(asked.device);
            let now = tx.now();
            let Some(device) = store::find(tx, asked.device)? else { return Ok(None) };
            if device.owner == owner && owner != Owner::nobody() {
                return super::view(tx, device, now).map(Some);
            }
            let digest = secret::digest(&asked.code);
            let good = doors::find_claim(tx, device.id, &digest)?.is_some_and(|until| now < until);
            if !good {
                doors::count_try(tx, device.id)?;
                return Ok(None);
            }
            let state = lifecycle::after(device.state, Step::Claim).filter(|_| owner != Owner::nobody());
            let Some(state) = state else { return Ok(None) };
            doors::remove_claim(tx, device.id)?;
            store::update(tx, &Device { state, owner, ..device })?;
            super::view(tx, store::get(tx, asked.device)?, now).map(Some)
        })
        .await?;
    claimed.ok_or_else(|| Refusal::ClaimRefused.into())
}
