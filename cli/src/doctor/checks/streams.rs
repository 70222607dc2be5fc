//! The streams and who hears them: how full, whether whole, who is behind.

use std::collections::BTreeMap;

use jiff::Timestamp;
use kit::client::StreamState;

use super::{above, age, share, size, time};
use crate::doctor::facts::{Facts, Hearer, Stream};
use crate::doctor::limits::{BEHIND, BEHIND_TIME, FULL, OUTSIDE_TIME};
use crate::doctor::report::{Level, Report};
use crate::show::count;

pub(super) fn check(report: &mut Report, facts: &Facts) {
    match &facts.streams {
        Ok(streams) => {
            check_streams(report, facts, streams);
            check_hearers(report, streams, facts.at);
        }
        Err(why) => {
            let says = format!("the streams are not known: {why}");
            report.say("streams", Level::Bad, says, &["shopctl logs broker"]);
        }
    }
}

fn check_streams(report: &mut Report, facts: &Facts, streams: &[Stream]) {
    const CHECK: &str = "streams";
    let by_name: BTreeMap<&str, &StreamState> =
        streams.iter().map(|stream| (stream.state.name.as_str(), &stream.state)).collect();
    let (mut events, mut bytes) = (0, 0);
    for state in by_name.values() {
        let (name, of) = (&state.name, ("stream", state.name.as_str()));
        events += state.messages;
        bytes += state.bytes;
        report.measure_of("stream_messages", "Messages in the stream.", of, state.messages as f64);
        report.measure_of("stream_bytes", "Bytes in the stream.", of, state.bytes as f64);
        if let Some(most) = u64::try_from(state.bytes_max).ok().filter(|most| *most > 0) {
            report.measure_of("stream_bytes_max", "Bytes the stream may hold.", of, most as f64);
            let full = share(state.bytes, most);
            let level = above(&full, &FULL);
            if level > Level::Ok {
                let says = format!(
                    "stream {name} is {full} % full: {} of {}; at 100 % nothing more is told",
                    size(state.bytes),
                    size(most)
                );
                report.say(
                    CHECK,
                    level,
                    says,
                    &[&format!("shopctl consumer ls {name}      shows whom it is kept for")],
                );
            }
        }
        let missing = missing(state);
        if missing > 0 {
            let says =
                format!("stream {name} has holes: {} missing", count(missing, "event is", "events are"));
            report.say(CHECK, Level::Bad, says, &[&format!("shopctl stream rebuild {name}")]);
        }
    }
    for service in &facts.services {
        let Ok(answer) = &service.answer else { continue };
        let (health, name) = (&answer.health, service.name.to_uppercase());
        match by_name.get(name.as_str()) {
            None if health.outbox_newest > 0 => {
                let says = format!(
                    "{} has told {} events, but there is no stream {name}",
                    service.name, health.outbox_newest
                );
                report.say(CHECK, Level::Bad, says, &[&format!("shopctl logs {}", service.name)]);
            }
            Some(state) if !health.origin.is_empty() && state.origin != health.origin => {
                let says = format!("stream {name} mirrors another database than that of {}", service.name);
                let mend = format!("shopctl stream verify {name}      says what is to be done");
                report.say(CHECK, Level::Bad, says, &[&mend]);
            }
            Some(state) if state.last < health.outbox_published => {
                let (last, told) = (state.last, health.outbox_published);
                let says =
                    format!("stream {name} ends at {last}, but {} has told up to {told}", service.name);
                report.say(CHECK, Level::Bad, says, &[&format!("shopctl stream verify {name}")]);
            }
            _ => {}
        }
    }
    report.else_ok(
        CHECK,
        format!(
            "{} are whole: {events} events, {}",
            count(streams.len() as u64, "stream", "streams"),
            size(bytes)
        ),
    );
}

/// How many numbers between the first and the last have no message.
fn missing(state: &StreamState) -> u64 {
    let numbers = (state.last + 1).saturating_sub(state.first);
    let gone = if state.messages == 0 { 0 } else { numbers.saturating_sub(state.messages) };
    gone.max(state.deleted)
}

fn check_hearers(report: &mut Report, streams: &[Stream], now: Timestamp) {
    const CHECK: &str = "consumers";
    let (mut all, mut behind) = (0, 0);
    for stream in streams {
        let name = &stream.state.name;
        let hearers = match &stream.hearers {
            Ok(hearers) => hearers,
            Err(why) => {
                let says = format!("who hears {name} is not known: {why}");
                report.say(CHECK, Level::Warn, says, &["shopctl logs broker"]);
                continue;
            }
        };
        for hearer in hearers {
            all += 1;
            behind += check_hearer(report, CHECK, hearer, now);
        }
    }
    report.else_ok(
        CHECK,
        format!(
            "{} have nothing old to hear ({behind} messages behind)",
            count(all as u64, "consumer", "consumers")
        ),
    );
}

/// Answers how many messages it is behind.
fn check_hearer(report: &mut Report, check: &'static str, hearer: &Hearer, now: Timestamp) -> u64 {
    let state = &hearer.state;
    let (stream, name) = (&state.stream, &state.name);
    let of = format!("{stream}/{name}");
    let behind = state.pending.saturating_add(state.unacknowledged as u64);
    let waited = hearer
        .waiting_since
        .filter(|_| behind > 0)
        .map_or(std::time::Duration::ZERO, |since| age(since, now));
    report.measure_of("consumer_behind", "Messages it has not acted on.", ("consumer", &of), behind as f64);
    report.measure_of(
        "consumer_behind_seconds",
        "For how long the first of them waits.",
        ("consumer", &of),
        waited.as_secs_f64(),
    );
    let in_time = above(&waited, if state.outside { &OUTSIDE_TIME } else { &BEHIND_TIME });
    let level = if state.outside { in_time } else { in_time.max(above(&behind, &BEHIND)) };
    if level > Level::Ok {
        let kind = if state.outside { "subscriber " } else { "" };
        let messages = count(behind, "message", "messages");
        let moved =
            [&state.acknowledged_at, &state.delivered_at].into_iter().max().filter(|at| !at.is_empty());
        let moved = match moved.and_then(|at| at.parse::<Timestamp>().ok()) {
            Some(at) => format!("it last moved {} ago", time(age(at, now))),
            None => "it never moved".to_owned(),
        };
        let says = format!("{kind}{name} is {messages} and {} behind in {stream}; {moved}", time(waited));
        let info = format!("shopctl consumer info {stream} {name}");
        let logs = format!("shopctl logs {name}");
        let remove = format!("shopctl user rm {name}      if nobody is there any more");
        report.say(check, level, says, &[&info, if state.outside { &remove } else { &logs }]);
    }
    behind
}
