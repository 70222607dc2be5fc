//! What alert hears of readings and devices, and what the time does.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::DeviceId;
use contracts::alert::{Condition, RuleName};
use contracts::device::{DeviceMoved, DeviceOffline, DeviceOnline, DeviceRegistered, DeviceRevoked};
use contracts::ingest::{ReadingsRecorded, RecordedSeries};
use contracts::readings::Site;
use kit::{Result, Tx};

use crate::rulebook::{Ready, Rulebook};
use crate::turn::{self, turn};
use crate::{alarms, store};

/// Open alarms of one device that are cleared when it is revoked: as many as there can be rules.
const ALARMS_OF_A_DEVICE_MAX: usize = contracts::alert::RULES_MAX;

/// The series of one device that concern one rule.
struct Concerned<'a> {
    rule: Arc<Ready>,
    series: Vec<&'a RecordedSeries>,
}

/// Looks at new readings. What did not come about when it was measured raises nothing.
pub fn readings(tx: &mut Tx<'_>, book: &Rulebook, event: &ReadingsRecorded) -> Result<()> {
    let rules = book.rules(tx)?;
    let mut concerned: BTreeMap<(RuleName, DeviceId), Concerned<'_>> = BTreeMap::new();
    for series in event.series.iter().filter(|series| series.live && !series.readings.is_empty()) {
        let known = OnceCell::new();
        for rule in rules.about(&series.metric) {
            if !is_for(tx, rule, series.device, &event.site, &known)? {
                continue;
            }
            let entry = concerned.entry((rule.rule.name.clone(), series.device));
            let of = || Concerned { rule: Arc::clone(rule), series: Vec::new() };
            entry.or_insert_with(of).series.push(series);
        }
    }
    let now = tx.now().as_millisecond();
    for ((_, device), Concerned { rule, series }) in concerned {
        turn(tx, &rule, device, Some(&event.site), |mover| {
            if let Condition::Silent { .. } = rule.rule.when {
                return mover.heard(now);
            }
            for reading in series.iter().flat_map(|series| &series.readings) {
                mover.take(*reading, rule.counts_at_ms(reading.time));
            }
        })?;
    }
    Ok(())
}

/// Notes that a device is there.
pub fn online(tx: &mut Tx<'_>, book: &Rulebook, event: &DeviceOnline) -> Result<()> {
    store::end_revoked(tx, event.device)?;
    came_or_went(tx, book, (event.device, &event.site), false)
}

/// Notes that a device is gone. Of one that may not connect any more that is known.
pub fn offline(tx: &mut Tx<'_>, book: &Rulebook, event: &DeviceOffline) -> Result<()> {
    came_or_went(tx, book, (event.device, &event.site), true)
}

fn came_or_went(
    tx: &mut Tx<'_>,
    book: &Rulebook,
    (device, site): (DeviceId, &Site),
    gone: bool,
) -> Result<()> {
    let rules = book.rules(tx)?;
    let (at, known) = (tx.told_at(), OnceCell::new());
    for rule in rules.about_presence() {
        if is_for(tx, rule, device, site, &known)? {
            let counts = rule.counts_at(at);
            turn(tx, rule, device, Some(site), |mover| {
                mover.came_or_went(at.as_millisecond(), gone, counts);
            })?;
        }
    }
    Ok(())
}

/// Remembers the profile of a device.
pub fn registered(tx: &mut Tx<'_>, event: DeviceRegistered) -> Result<()> {
    store::put_device(tx, event.device, &event.site, &event.profile)
}

/// Forgets what was seen of a device that may not connect any more, and clears its alarms: that it is silent is
/// known. Until it is back, nothing more of it is looked at: what it said before may be heard after this.
pub fn revoked(tx: &mut Tx<'_>, event: DeviceRevoked) -> Result<()> {
    for alarm in store::list_open_of(tx, event.device, ALARMS_OF_A_DEVICE_MAX)? {
        alarms::clear(tx, alarm, alarms::DEVICE_REVOKED, "")?;
    }
    store::put_revoked(tx, event.device, &event.site)?;
    store::forget_watches_of(tx, event.device)
}

/// Forgets what rules of other sites saw of a device that stands elsewhere now, and clears what they raised: they hear
/// nothing further of it.
pub fn moved(tx: &mut Tx<'_>, book: &Rulebook, event: &DeviceMoved) -> Result<()> {
    store::update_site(tx, event.device, &event.site)?;
    for rule in book.rules(tx)?.of_other_sites(&event.site) {
        let name = &rule.rule.name;
        if let Some(alarm) = store::find_open(tx, name, event.device)? {
            alarms::clear(tx, alarm, alarms::DEVICE_MOVED, "")?;
        }
        store::forget_watch(tx, name, event.device)?;
    }
    Ok(())
}

/// Looks at a watch because its time has come.
pub fn rung(tx: &mut Tx<'_>, book: &Rulebook, key: &str) -> Result<()> {
    let (rule, device) = turn::read_key(key)?;
    match book.rules(tx)?.named(&rule) {
        Some(rule) => turn::ring(tx, rule, device),
        None => Ok(()),
    }
}

/// Whether a rule is for a device, and the device may connect.
fn is_for(
    tx: &Tx<'_>,
    rule: &Ready,
    device: DeviceId,
    site: &Site,
    known: &OnceCell<store::Known>,
) -> Result<bool> {
    let look = || match known.get() {
        Some(known) => Ok(known.clone()),
        None => {
            let found = store::find_known(tx, device)?;
            Ok::<_, kit::Error>(known.get_or_init(|| found).clone())
        }
    };
    Ok(rule.is_for(device, site, || Ok(look()?.profile))? && !look()?.revoked)
}
