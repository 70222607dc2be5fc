//! What operators and customers may ask: here of devices, below of the rest.

pub mod credentials;
pub mod moves;
pub mod profiles;
pub mod states;

use std::collections::BTreeMap;

use contracts::DeviceId;
use contracts::device::{
    DescribeDevice, DeviceMoved, DevicePage, DeviceView, GetDevice, LABEL_CHARS_MAX, LABELS_MAX, ListDevices,
};
use kit::{Asker, Ctx, Result, Sql, Timestamp, page};

use crate::kick;
use crate::refusal::Refusal;
use crate::store::{self, Device, doors};

/// Shows a device.
pub async fn get_device(ctx: Ctx, asked: GetDevice) -> Result<DeviceView> {
    let (asker, now) = (ctx.asker(), ctx.now());
    ctx.look_up(move |sql| view(sql, own(sql, asked.device, &asker)?, now)).await
}

/// Lists devices, the oldest first.
pub async fn list_devices(ctx: Ctx, asked: ListDevices) -> Result<DevicePage> {
    let limit = page::limit(asked.limit)?;
    let after: Option<DeviceId> = page::after(asked.after.as_deref())?;
    let now = ctx.now();
    let found = ctx.read(move |sql| store::list(sql, &asked, after, now, limit + 1)).await?;
    let (items, next) = page::cut(found, limit, |last| last.device);
    Ok(DevicePage { items, next })
}

/// Changes where a device stands, and its labels.
pub async fn describe_device(ctx: Ctx, asked: DescribeDevice) -> Result<DeviceView> {
    ctx.write(move |tx| {
        tx.about(asked.device);
        let mut device = store::get(tx, asked.device)?;
        // What a device may say, it may say of the place where it was let in.
        let before = device.site.clone();
        device.site = asked.site.unwrap_or(device.site);
        device.labels = asked.labels.unwrap_or(device.labels);
        for (name, value) in asked.relabel {
            match value {
                Some(value) => device.labels.insert(name, value),
                None => device.labels.remove(&name),
            };
        }
        check_labels(&device.labels)?;
        store::update(tx, &device)?;
        if before != device.site {
            kick::disconnect(tx, device.id)?;
            tx.emit(&DeviceMoved { device: device.id, site: device.site, before })?;
        }
        let now = tx.now();
        view(tx, store::get(tx, device.id)?, now)
    })
    .await
}

/// A device that whoever asks may see; to others there is none.
fn own(sql: &Sql<'_>, id: DeviceId, asker: &Asker) -> Result<Device> {
    let device = store::find(sql, id)?.filter(|device| asker.may_touch(&device.owner));
    // Also for one that is not there it was asked.
    asker.limited_to();
    device.ok_or_else(|| Refusal::UnknownDevice(id).into())
}

fn view(sql: &Sql<'_>, device: Device, now: Timestamp) -> Result<DeviceView> {
    let credentials = doors::speaking(sql, device.id, now)?;
    Ok(device.into_view(credentials))
}

fn check_labels(labels: &BTreeMap<String, String>) -> Result<(), Refusal> {
    let fits = |text: &String| {
        (1..=LABEL_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(kit::text::is_unprintable)
    };
    let all = labels.iter().all(|(name, value)| fits(name) && fits(value));
    if labels.len() <= LABELS_MAX && all { Ok(()) } else { Err(Refusal::InvalidLabels) }
}

/// A time that was asked for, within its bounds.
pub(crate) fn seconds(
    what: &'static str,
    asked: Option<u32>,
    usual: u32,
    least: u32,
    most: u32,
) -> Result<std::time::Duration, Refusal> {
    let asked = asked.unwrap_or(usual);
    if (least..=most).contains(&asked) {
        Ok(std::time::Duration::from_secs(u64::from(asked)))
    } else {
        Err(Refusal::InvalidTime { what, least, most })
    }
}
