//! The broker: whether it answers, whether it is new enough, how full its store is.

use super::{above, share, size, time};
use crate::doctor::facts::{Broker, Facts};
use crate::doctor::limits::{BROKER_KNOWN_GOOD, FULL, ROUND_TRIP};
use crate::doctor::report::{Level, Report};

const CHECK: &str = "broker";

pub(super) fn check(report: &mut Report, facts: &Facts) {
    report.measure("broker_up", "Whether the broker answers.", f64::from(u8::from(facts.broker.is_ok())));
    let broker = match &facts.broker {
        Ok(broker) => broker,
        Err(why) => {
            let says = format!("{why}, so nobody else could be asked");
            let mend = "shopctl up      starts a shop on this machine, or what of it has ended";
            return report.say(CHECK, Level::Bad, says, &[mend, "shopctl logs broker"]);
        }
    };
    let round_trip = broker.round_trip;
    report.measure("broker_round_trip_seconds", "A round trip to the broker.", round_trip.as_secs_f64());
    check_version(report, broker);
    let level = above(&round_trip, &ROUND_TRIP);
    if level > Level::Ok {
        let says = format!("the broker is slow: there and back takes {}", time(round_trip));
        report.say(CHECK, level, says, &["shopctl top", "shopctl logs broker"]);
    }
    let store = check_store(report, facts);
    let sync = facts.here.iter().flatten().find_map(|here| here.sync.clone());
    let sync = sync.map(|sync| format!(", sync_interval {sync}")).unwrap_or_default();
    let (version, took) = (&broker.version, time(round_trip));
    report.else_ok(CHECK, format!("nats-server {version}{sync}, {took} there and back{store}"));
}

fn check_version(report: &mut Report, broker: &Broker) {
    let (major, minor, patch) = BROKER_KNOWN_GOOD;
    if numbers(&broker.version).is_none_or(|version| version < BROKER_KNOWN_GOOD) {
        let says = format!(
            "the broker {} is nats-server {}; {major}.{minor}.{patch} is the oldest known to keep what it acknowledged",
            broker.name, broker.version
        );
        let mend = [
            "scripts/ensure-nats-server      fetches one, in a checkout of this project",
            "shopctl down && shopctl up",
        ];
        report.say(CHECK, Level::Warn, says, &mend);
    }
}

fn check_store(report: &mut Report, facts: &Facts) -> String {
    let store = match &facts.store {
        Ok(store) => store,
        Err(why) => {
            let says = format!("how full the broker's store is is not known: {why}");
            report.say(CHECK, Level::Warn, says, &["shopctl logs broker"]);
            return String::new();
        }
    };
    report.measure("store_bytes", "What the broker keeps for the shop.", store.bytes as f64);
    let said = || facts.here.iter().flatten().find_map(|here| here.store_max);
    let Some(most) = store.bytes_max.or_else(said) else { return format!(", {} stored", size(store.bytes)) };
    report.measure("store_bytes_max", "What the broker may keep for the shop.", most as f64);
    let full = share(store.bytes, most);
    let level = above(&full, &FULL);
    if level > Level::Ok {
        let says = format!("the broker's store is {full} % full: {} of {}", size(store.bytes), size(most));
        report.say(CHECK, level, says, &["shopctl stream ls      shows what fills it"]);
    }
    format!(", {} of {} stored", size(store.bytes), size(most))
}

/// The three numbers of a version, without what may stand behind them.
fn numbers(version: &str) -> Option<(u64, u64, u64)> {
    let mut parts = version.split(['.', '-', '+']).map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_numbers_of_a_version_are_compared_as_numbers() {
        assert_eq!(super::numbers("2.15.1"), Some((2, 15, 1)));
        assert_eq!(super::numbers("2.16.0-RC.1"), Some((2, 16, 0)));
        assert!(super::numbers("2.9.25") < Some(super::BROKER_KNOWN_GOOD));
        assert_eq!(super::numbers("unknown"), None);
    }
}
