//! What devices connect with: made, replaced, taken back.

use contracts::device::{
    Credential, DeviceState, DeviceView, OVERLAP_S_DEFAULT, OVERLAP_S_MAX, RegisterDevice, RevokeCredentials,
    RotateCredential,
};
use kit::{Ctx, Result};

use crate::refusal::Refusal;
use crate::store::{self, doors};
use crate::{kick, provision, secret};

/// Registers a device, which may connect at once.
pub async fn register(ctx: Ctx, asked: RegisterDevice) -> Result<Credential> {
    super::check_labels(&asked.labels)?;
    ctx.write(move |tx| {
        let (device, secret) = provision::register(tx, asked)?;
        Ok(Credential { device: device.id, secret, site: device.site, before_until: None })
    })
    .await
}

/// Gives a device another secret; those before speak a while longer, and what was replaced earlier not at all.
pub async fn rotate(ctx: Ctx, asked: RotateCredential) -> Result<Credential> {
    let overlap = super::seconds("overlap_s", asked.overlap_s, OVERLAP_S_DEFAULT, 0, OVERLAP_S_MAX)?;
    ctx.write(move |tx| {
        tx.about(asked.device);
        let device = store::get(tx, asked.device)?;
        if device.state == DeviceState::Retired {
            let (device, state) = (device.id, device.state);
            return Err(Refusal::WrongState { device, state, wanted: "given a secret" }.into());
        }
        let now = tx.now();
        let speaks = doors::speaking(tx, device.id, now)? > 0 && !overlap.is_zero();
        let until = now + overlap;
        let secret = secret::make(tx);
        doors::add_credential(tx, device.id, &secret::digest(&secret), until)?;
        kick::end_outlived(tx, device.id)?;
        Ok(Credential { device: device.id, secret, site: device.site, before_until: speaks.then_some(until) })
    })
    .await
}

/// Takes all secrets of a device back, and disconnects it.
pub async fn revoke(ctx: Ctx, asked: RevokeCredentials) -> Result<DeviceView> {
    ctx.write(move |tx| {
        tx.about(asked.device);
        let device = store::get(tx, asked.device)?;
        doors::remove_credentials(tx, device.id)?;
        kick::shut_out(tx, &device)?;
        let now = tx.now();
        super::view(tx, device, now)
    })
    .await
}
