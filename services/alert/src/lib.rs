//! The alert service: rules over what devices say, and one open alarm for each rule and device.
//!
//! # Layout
//! - [`handlers`]: what may be asked
//! - [`reactions`]: what it hears of readings and devices, and what timers do
//! - [`turn`]: one turn of one watch: read once, moved in memory, written once
//! - [`alarms`]: raising, counting, clearing and escalating alarms
//! - [`rulebook`]: the rules, kept ready in memory
//! - [`checks`], [`hours`], [`watch`], [`words`]: the rules of rules; no I/O
//! - [`store`]: the SQL

pub mod alarms;
pub mod checks;
pub mod handlers;
pub mod hours;
pub mod reactions;
pub mod rulebook;
pub mod store;
pub mod turn;
pub mod watch;
pub mod words;

use std::sync::Arc;

use contracts::alert::ClearAlarm;
use contracts::device::{DeviceMoved, DeviceOffline, DeviceOnline};
use contracts::ingest::ReadingsRecorded;
use kit::{Service, Tx};

use crate::rulebook::Rulebook;

/// The alert service.
pub fn service() -> Service {
    let book = Arc::new(Rulebook::default());
    let [readings, online, offline, moved, ring, escalate, clear] =
        std::array::from_fn(|_| Arc::clone(&book));
    Service::new(contracts::alert::NAME, env!("CARGO_PKG_VERSION"))
        .about("Watches what devices say by rules, and keeps one open alarm for each rule and device.")
        .giving_way()
        .hearing_at_leisure()
        .migrations_from(&[
            include_str!("../migrations/0001_alarms.sql"),
            include_str!("../migrations/0002_revoked.sql"),
        ])
        .answers(handlers::put_rule)
        .answers(handlers::get_rule)
        .answers(handlers::list_rules)
        .answers(handlers::remove_rule)
        .answers(handlers::list_alarms)
        .answers(handlers::get_alarm)
        .answers(handlers::acknowledge_alarm)
        .answers(move |ctx, asked: ClearAlarm| handlers::clear_alarm(ctx, Arc::clone(&clear), asked))
        .hears(move |tx: &mut Tx<'_>, event: ReadingsRecorded| reactions::readings(tx, &readings, &event))
        .hears(move |tx: &mut Tx<'_>, event: DeviceOnline| reactions::online(tx, &online, &event))
        .hears(move |tx: &mut Tx<'_>, event: DeviceOffline| reactions::offline(tx, &offline, &event))
        .hears(move |tx: &mut Tx<'_>, event: DeviceMoved| reactions::moved(tx, &moved, &event))
        .hears(reactions::registered)
        .hears(reactions::revoked)
        .on_timer(turn::WATCH, move |tx, key| reactions::rung(tx, &ring, key))
        .on_timer(alarms::ESCALATE, move |tx, key| alarms::escalate(tx, &escalate, key))
        .on_timer(alarms::RETIRE, alarms::retire)
        .on_timer(alarms::FORGET, |tx: &mut Tx<'_>, _: &str| alarms::forget(tx))
        .every("forget", alarms::FORGET_EVERY, alarms::forget)
}
