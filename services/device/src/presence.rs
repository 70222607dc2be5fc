//! Whether a device is there: by its connections, and by what it says.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::DeviceId;
use contracts::device::{DeviceOffline, DeviceOnline, Gone};
use contracts::ingest::ReadingsRecorded;
use kit::listen::{Return, Said};
use kit::{Ctx, Error, Result, Timestamp, Tx};
use serde::Deserialize;

use crate::kick;
use crate::lifecycle::{self, Step};
use crate::store::doors::{self, Connection};
use crate::store::{self, Device, profiles};

/// The timer of a device whose last connection has ended.
pub const LEFT: &str = "device_left";

/// The timer of a device that may become silent.
pub const SILENT: &str = "device_silent";

/// The timer of a kind of devices whose silence was changed; its key is the kind.
pub const WATCH: &str = "device_watch";

/// Devices whose timers are set anew in one transaction, once the silence of their kind was changed.
const WATCHED_AT_ONCE: usize = 200;

/// How long a device may be away before it counts as gone. It doubles with each return within that time, and
/// begins anew once the device stayed away or stayed connected for longer than [`GRACE_MAX`].
pub const GRACE: Duration = Duration::from_secs(15);

/// The longest such time.
pub const GRACE_MAX: Duration = Duration::from_secs(8 * 60);

/// How exactly it is written down when a device was seen: in a flood not each time.
const SEEN_EVERY: Duration = Duration::from_secs(1);

/// Doublings of [`GRACE`] up to [`GRACE_MAX`].
const FLAPS_MAX: u32 = 5;

/// What the broker tells of a connection.
#[derive(Deserialize)]
struct Told {
    server: Server,
    client: Client,
}

#[derive(Deserialize)]
struct Server {
    id: String,
}

#[derive(Deserialize)]
struct Client {
    id: u64,
    #[serde(default)]
    user: String,
}

impl Told {
    fn read(said: &Said) -> Result<(Connection, String)> {
        let told: Self = serde_json::from_slice(&said.body).map_err(|_| {
            Error::invalid("invalid_notice", "what the broker tells of a connection is not understood")
        })?;
        Ok((Connection { server: told.server.id, number: told.client.id }, told.client.user))
    }
}

/// Somebody came into the account of devices. Whoever is not known is sent away: their secret was taken back, or
/// the device was suspended, after they were let in.
///
/// # Errors
/// If the broker is not understood, or nothing can be recorded.
pub async fn connected(ctx: Ctx, said: Said) -> Result<Return> {
    let (connection, user) = Told::read(&said)?;
    if user.parse::<DeviceId>().is_err() {
        return Ok(Return::new());
    }
    let noted = connection.clone();
    let known = ctx
        .write(move |tx| {
            let device = doors::device_of(tx, &noted)?;
            if let Some(device) = device {
                arrived(tx, device)?;
            }
            Ok(device.is_some())
        })
        .await?;
    let (subject, body) = kick::command(&connection);
    Ok(if known { Return::new() } else { vec![(subject, body.into())] })
}

/// Somebody left it.
///
/// # Errors
/// As [`connected`].
pub async fn disconnected(ctx: Ctx, said: Said) -> Result<Return> {
    let (connection, _) = Told::read(&said)?;
    ctx.write(move |tx| ended(tx, &connection)).await?;
    Ok(Return::new())
}

/// A connection has ended.
///
/// # Errors
/// If the rows cannot be written.
pub fn ended(tx: &mut Tx<'_>, connection: &Connection) -> Result<()> {
    let Some(device) = doors::device_of(tx, connection)? else { return Ok(()) };
    doors::remove_connection(tx, connection)?;
    left(tx, device)
}

/// The broker says that a device is connected. If its coming was not told, it comes now; one that is silent stays so.
///
/// # Errors
/// If the rows cannot be written.
pub fn is_connected(tx: &mut Tx<'_>, id: DeviceId) -> Result<()> {
    let missed = |device: &Device| device.left_at.is_some() || device.since.is_none();
    if store::find(tx, id)?.is_some_and(|device| missed(&device)) { arrived(tx, id) } else { Ok(()) }
}

/// A device is there.
///
/// # Errors
/// If the rows cannot be written.
pub fn arrived(tx: &mut Tx<'_>, id: DeviceId) -> Result<()> {
    let Some(mut device) = store::find(tx, id)? else { return Ok(()) };
    tx.cancel_timer(LEFT, &id.to_string())?;
    if let Some(left_at) = device.left_at.take() {
        let away = Duration::try_from(tx.now().duration_since(left_at)).unwrap_or_default();
        device.flaps = if away < GRACE_MAX { (device.flaps + 1).min(FLAPS_MAX) } else { 0 };
    }
    come_online(tx, device)
}

fn come_online(tx: &mut Tx<'_>, mut device: Device) -> Result<()> {
    let id = device.id;
    if device.online || !may_be_there(tx, &device)? {
        return store::update_presence(tx, &device);
    }
    device.online = true;
    device.since = Some(tx.now());
    store::update_presence(tx, &device)?;
    watch(tx, &device)?;
    tx.emit(&DeviceOnline { device: id, site: device.site, since: tx.now() })
}

/// Whether a device may connect. What one said that may not is heard for a while longer, and shows nothing.
fn may_be_there(tx: &Tx<'_>, device: &Device) -> Result<bool> {
    Ok(lifecycle::after(device.state, Step::Connect).is_some()
        && doors::speaking(tx, device.id, tx.now())? > 0)
}

/// A device may not connect any more: it is gone at once, so that everybody hears of it when it comes back.
///
/// # Errors
/// If the rows cannot be written.
pub fn shut_out(tx: &mut Tx<'_>, id: DeviceId) -> Result<()> {
    let Some(mut device) = store::find(tx, id)?.filter(|device| device.online) else { return Ok(()) };
    tx.cancel_timer(LEFT, &id.to_string())?;
    let now = tx.now();
    device.left_at.get_or_insert(now);
    go_offline(tx, device, now, Gone::ShutOut)
}

/// Waits for its silence, if its kind is ever silent for too long.
fn watch(tx: &mut Tx<'_>, device: &Device) -> Result<()> {
    if let Some(due) = silent_at(tx, device)? {
        tx.set_timer(SILENT, &device.id.to_string(), due)?;
    }
    Ok(())
}

/// Sees to it that the devices of a kind are watched by its silence of now.
///
/// # Errors
/// If the timer cannot be set.
pub fn silence_changed(tx: &mut Tx<'_>, profile: &str) -> Result<()> {
    let now = tx.now();
    tx.set_timer(WATCH, &format!("{profile} "), now)
}

/// The silence of a kind was changed: the key is its name, and behind a blank the device behind which it goes on.
///
/// # Errors
/// If the rows cannot be written.
pub fn watch_kind(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    let (profile, after) = key.split_once(' ').unwrap_or((key, ""));
    let found = store::list_online(tx, profile, after, WATCHED_AT_ONCE)?;
    for device in &found {
        watch(tx, device)?;
    }
    match found.last() {
        Some(last) if found.len() == WATCHED_AT_ONCE => {
            let now = tx.now();
            tx.set_timer(WATCH, &format!("{profile} {}", last.id), now)
        }
        _ => Ok(()),
    }
}

/// When a device counts as silent if it says nothing further; none: never.
fn silent_at(tx: &Tx<'_>, device: &Device) -> Result<Option<Timestamp>> {
    let silence_s = profiles::get(tx, &device.profile)?.silence_s;
    let heard = device.last_seen.max(device.since);
    let silence = Duration::from_secs(u64::from(silence_s));
    Ok(heard.filter(|_| silence_s > 0).map(|heard| heard + silence))
}

/// A connection of a device has ended. It counts as gone only if it does not come back soon.
///
/// # Errors
/// If the rows cannot be written.
pub fn left(tx: &mut Tx<'_>, id: DeviceId) -> Result<()> {
    let Some(mut device) = store::find(tx, id)? else { return Ok(()) };
    if !doors::connections_of(tx, id)?.is_empty() || device.left_at.is_some() {
        return Ok(());
    }
    let now = tx.now();
    let stayed = device
        .since
        .map_or(Duration::ZERO, |since| Duration::try_from(now.duration_since(since)).unwrap_or_default());
    if device.flaps > 0 && stayed > GRACE_MAX * (FLAPS_MAX + 1) {
        device.flaps = 0;
    }
    device.left_at = Some(now);
    store::update_presence(tx, &device)?;
    let grace = (GRACE * 2_u32.pow(device.flaps.min(FLAPS_MAX))).min(GRACE_MAX);
    if device.online { tx.set_timer(LEFT, &id.to_string(), now + grace) } else { Ok(()) }
}

/// A device did not come back.
///
/// # Errors
/// If the rows cannot be written.
pub fn left_for_good(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    let Some(device) = store::find(tx, key.parse()?)? else { return Ok(()) };
    match device.left_at {
        Some(left_at) if device.online => go_offline(tx, device, left_at, Gone::Disconnected),
        _ => Ok(()),
    }
}

/// A device may have said nothing for too long.
///
/// # Errors
/// If the rows cannot be written.
pub fn silent(tx: &mut Tx<'_>, key: &str) -> Result<()> {
    let Some(device) = store::find(tx, key.parse()?)? else { return Ok(()) };
    if !device.online {
        return Ok(());
    }
    match silent_at(tx, &device)? {
        None => Ok(()),
        Some(due) if due > tx.now() => tx.set_timer(SILENT, key, due),
        Some(_) => {
            let last = device.last_seen.max(device.since).unwrap_or_else(|| tx.now());
            go_offline(tx, device, last, Gone::Silent)
        }
    }
}

fn go_offline(tx: &mut Tx<'_>, mut device: Device, last: Timestamp, why: Gone) -> Result<()> {
    device.online = false;
    device.since = Some(tx.now());
    store::update_presence(tx, &device)?;
    tx.emit(&DeviceOffline { device: device.id, site: device.site, since: last, why })
}

/// Devices said something. What was told long ago, or measured before they left, shows no longer that they are there:
/// what waited at the broker while nobody recorded it is told after them.
///
/// # Errors
/// If the rows cannot be written.
pub fn readings_recorded(tx: &mut Tx<'_>, event: ReadingsRecorded) -> Result<()> {
    let told_at = tx.told_at();
    let just_before = told_at - SEEN_EVERY;
    let mut newest: BTreeMap<DeviceId, i64> = BTreeMap::new();
    for series in &event.series {
        let measured = series.readings.iter().map(|reading| reading.time).max().unwrap_or(i64::MIN);
        newest.entry(series.device).and_modify(|known| *known = measured.max(*known)).or_insert(measured);
    }
    for (id, measured) in newest {
        if store::was_seen(tx, id, just_before)? {
            continue;
        }
        // A device that is not known was registered in a database that is lost.
        let Some(mut device) = store::find(tx, id)? else { continue };
        device.last_seen = device.last_seen.max(Some(told_at));
        let silent = silent_at(tx, &device)?.is_some_and(|due| due <= tx.now());
        let away =
            device.left_at.is_some_and(|left_at| left_at >= told_at || left_at.as_millisecond() >= measured);
        if device.online || silent || away {
            store::update_presence(tx, &device)?;
        } else {
            come_online(tx, device)?;
        }
    }
    Ok(())
}
