//! The virtual sensors as the registry knows them: each is registered once, by its hardware id.

use std::collections::{BTreeMap, HashMap};

use contracts::DeviceId;
use contracts::device::{Credential, HardwareId, ListDevices, PutProfile, RegisterDevice, RotateCredential};
use contracts::readings::Site;
use futures_util::{StreamExt, TryStreamExt};

use crate::failure::Failure;
use crate::shop::Shop;

/// The kind of all virtual sensors.
const PROFILE: &str = "simulated";

/// After so many seconds without a reading a virtual sensor counts as gone.
const SILENCE_S: u32 = 60;

/// Requests that are under way at once.
const AT_ONCE: usize = 16;

/// Devices asked for in one page.
const PAGE: u32 = 200;

/// A sensor that the registry knows.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) device: DeviceId,
    pub(crate) site: Site,
    /// What it connects with, if it was registered just now.
    secret: Option<String>,
}

impl From<Credential> for Known {
    fn from(made: Credential) -> Self {
        Self { device: made.device, site: made.site, secret: Some(made.secret) }
    }
}

/// The sensors of a seed at a site, from number 0 on. Those that are not known yet are registered.
///
/// # Errors
/// If the registry does not answer, or refuses one.
pub(crate) async fn known(shop: &Shop, seed: u64, count: u64, site: &Site) -> Result<Vec<Known>, Failure> {
    // Before the first request, so that several at once need not connect each for itself.
    shop.client().await?;
    shop.call(&PutProfile { name: PROFILE.into(), site: site.clone(), silence_s: SILENCE_S, offers: false })
        .await?;
    let mut registered = registered(shop, site).await?;
    let mut wanted = Vec::new();
    for number in 0..count {
        let hardware: HardwareId = format!("sim-{site}-{seed}-{number}").parse().map_err(kit::Error::from)?;
        let known = registered.remove(&hardware);
        wanted.push((hardware, known));
    }
    let all = wanted.into_iter().map(|(hardware, known)| async move {
        match known {
            Some(known) => Ok(known),
            None => register(shop, hardware, site.clone()).await,
        }
    });
    futures_util::stream::iter(all).buffered(AT_ONCE).try_collect().await
}

async fn register(shop: &Shop, hardware: HardwareId, site: Site) -> Result<Known, Failure> {
    let (profile, labels) = (PROFILE.to_owned(), BTreeMap::new());
    let made =
        shop.call(&RegisterDevice { profile, hardware: Some(hardware), site: Some(site), labels }).await?;
    Ok(made.into())
}

/// What each connects with. Who had a secret before gets another, and the one before ends.
///
/// # Errors
/// As [`known`].
pub(crate) async fn secrets(shop: &Shop, known: &[Known]) -> Result<Vec<(DeviceId, String)>, Failure> {
    let secrets = known.iter().map(|known| async move {
        let device = known.device;
        if let Some(secret) = &known.secret {
            return Ok((device, secret.clone()));
        }
        let made = shop.call(&RotateCredential { device, overlap_s: Some(0) }).await?;
        Ok((device, made.secret))
    });
    futures_util::stream::iter(secrets).buffered(AT_ONCE).try_collect().await
}

async fn registered(shop: &Shop, site: &Site) -> Result<HashMap<HardwareId, Known>, Failure> {
    let mut all = HashMap::new();
    let mut after = None;
    loop {
        let page = shop
            .call(&ListDevices {
                profile: Some(PROFILE.into()),
                site: Some(site.clone()),
                after: after.take(),
                limit: Some(PAGE),
                ..ListDevices::default()
            })
            .await?;
        all.extend(page.items.into_iter().filter_map(|view| {
            let known = Known { device: view.device, site: view.site, secret: None };
            Some((view.hardware?, known))
        }));
        let Some(next) = page.next else { return Ok(all) };
        after = Some(next);
    }
}
