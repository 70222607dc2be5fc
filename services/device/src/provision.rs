//! Devices that register themselves, with the secret of their kind.

use std::time::Duration;

use contracts::DeviceId;
use contracts::device::{DeviceRegistered, DeviceState, HardwareId, RegisterDevice, wire};
use kit::listen::{Return, Said};
use kit::{Ctx, Error, Owner, Result, Tx};

use crate::refusal::Refusal;
use crate::secret;
use crate::store::{self, Device, doors, profiles};
use crate::talk::{as_json, rejected};

/// How many devices of one kind may register themselves within [`WINDOW`]. A further one is refused, and asks again.
pub const REGISTERED_MAX: u32 = 60;

/// The time in which they are counted.
pub const WINDOW: Duration = Duration::from_secs(60);

/// A device asks to be registered. The broker has let it in under its kind and its hardware id, which stand in the
/// subject. It may ask again until it has connected: it is the same device then, with another secret.
///
/// # Errors
/// If the subject is none of ours, which the broker does not let through.
pub async fn provision(ctx: Ctx, said: Said) -> Result<Return> {
    let mut names = said.subject.split('.').skip(2);
    let (Some(profile), Some(hardware)) = (names.next(), names.next()) else {
        return Err(Error::invalid("invalid_subject", "nobody can be registered there"));
    };
    let (profile, hardware): (String, HardwareId) = (profile.to_owned(), hardware.parse()?);
    let answer = wire::provision(wire::PROVISIONED, &profile, &hardware);
    let done = ctx
        .write(move |tx| {
            count(tx, &profile)?;
            let asked = RegisterDevice {
                profile,
                hardware: Some(hardware),
                site: None,
                labels: std::collections::BTreeMap::new(),
            };
            let (device, secret) = register(tx, asked)?;
            Ok(wire::Provisioned { device: device.id, secret, site: device.site })
        })
        .await;
    let body = match done {
        Ok(provisioned) => as_json(&provisioned)?,
        Err(error) => as_json(&rejected(&error, None))?,
    };
    Ok(vec![(answer, body)])
}

/// Counts a registration, unless there were too many of this kind.
fn count(tx: &mut Tx<'_>, name: &str) -> Result<()> {
    let profile = profiles::get(tx, name)?;
    if profile.secret.is_empty() {
        return Err(Refusal::NotAdmitted.into());
    }
    let now = tx.now();
    let within = profile.window_from <= now && now < profile.window_from + WINDOW;
    let (from, before) = if within { (profile.window_from, profile.registered) } else { (now, 0) };
    if before >= REGISTERED_MAX {
        return Err(Refusal::TooFast.into());
    }
    profiles::set_count(tx, name, from, before + 1)
}

/// Registers a device and gives it a secret. One with the same hardware id that never connected is the same device.
///
/// # Errors
/// [`Refusal::AlreadyProvisioned`] if it connected, [`Refusal::WrongState`] if it may not connect.
pub fn register(tx: &mut Tx<'_>, asked: RegisterDevice) -> Result<(Device, String)> {
    let profile = profiles::get(tx, &asked.profile)?;
    let known = match &asked.hardware {
        Some(hardware) => store::find_by_hardware(tx, hardware)?,
        None => None,
    };
    let device = match known {
        Some(known) => {
            if matches!(known.state, DeviceState::Suspended | DeviceState::Retired) {
                let (device, state) = (known.id, known.state);
                return Err(Refusal::WrongState { device, state, wanted: "registered" }.into());
            }
            if known.profile != asked.profile || known.state == DeviceState::Active {
                return Err(Refusal::AlreadyProvisioned(known.id).into());
            }
            known
        }
        None => {
            let (id, now): (DeviceId, _) = (tx.new_id(), tx.now());
            let device = Device {
                id,
                profile: asked.profile,
                hardware: asked.hardware,
                site: asked.site.unwrap_or(profile.site),
                state: DeviceState::New,
                owner: Owner::nobody(),
                labels: asked.labels,
                online: false,
                since: None,
                left_at: None,
                flaps: 0,
                last_seen: None,
                made_at: now,
                changed_at: now,
            };
            store::insert(tx, &device)?;
            let (profile, site) = (device.profile.clone(), device.site.clone());
            tx.emit(&DeviceRegistered { device: id, site, profile })?;
            device
        }
    };
    tx.about(device.id);
    let secret = secret::make(tx);
    let now = tx.now();
    doors::add_credential(tx, device.id, &secret::digest(&secret), now)?;
    Ok((device, secret))
}
