//! Kinds of devices, and how devices of a kind register themselves.

use contracts::device::{
    CloseProvisioning, ListProfiles, OpenProvisioning, PROFILE_CHARS_MAX, ProfileList, ProfileView,
    ProvisioningSecret, PutProfile, SILENCE_S_MAX,
};
use kit::{Ctx, Result};

use crate::refusal::Refusal;
use crate::store::profiles::{self, Profile};
use crate::{presence, secret};

/// Lists the kinds of devices.
pub async fn list(ctx: Ctx, _: ListProfiles) -> Result<ProfileList> {
    let found = ctx.read(profiles::list).await?;
    Ok(ProfileList { items: found.into_iter().map(Profile::into_view).collect() })
}

/// Whether a text can be the name of a kind of devices.
pub fn is_profile(name: &str) -> bool {
    kit::text::is_name(name) && name.chars().count() <= PROFILE_CHARS_MAX
}

/// Makes or changes a kind of devices.
pub async fn put(ctx: Ctx, asked: PutProfile) -> Result<ProfileView> {
    if !is_profile(&asked.name) {
        return Err(Refusal::InvalidProfile.into());
    }
    super::seconds("silence_s", Some(asked.silence_s), 0, 0, SILENCE_S_MAX)?;
    ctx.write(move |tx| {
        tx.about(&asked.name);
        let before = profiles::find(tx, &asked.name)?;
        if before.is_some_and(|before| before.silence_s != asked.silence_s) {
            presence::silence_changed(tx, &asked.name)?;
        }
        Ok(profiles::put(tx, &asked)?.into_view())
    })
    .await
}

/// Makes a secret by which devices of a kind register themselves.
pub async fn open(ctx: Ctx, asked: OpenProvisioning) -> Result<ProvisioningSecret> {
    ctx.write(move |tx| {
        let OpenProvisioning { profile } = asked;
        tx.about(&profile);
        profiles::get(tx, &profile)?;
        let secret = secret::make(tx);
        profiles::set_secret(tx, &profile, Some(&secret::digest(&secret)))?;
        Ok(ProvisioningSecret { profile, secret })
    })
    .await
}

/// Lets no further devices of a kind register themselves.
pub async fn close(ctx: Ctx, asked: CloseProvisioning) -> Result<ProfileView> {
    ctx.write(move |tx| {
        tx.about(&asked.profile);
        profiles::get(tx, &asked.profile)?;
        profiles::set_secret(tx, &asked.profile, None)?;
        Ok(profiles::get(tx, &asked.profile)?.into_view())
    })
    .await
}
