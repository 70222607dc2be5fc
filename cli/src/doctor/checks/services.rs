//! The services: whether all answer and agree, and what of their work waits.

use std::collections::BTreeMap;
use std::time::Duration;

use kit::vitals::Health;

use super::{above, age, size, time};
use crate::doctor::facts::{Answer, Facts};
use crate::doctor::limits::{ANSWER, DEAD, LATE, QUEUED, REQUESTS, SKEW, UNTOLD, WAL};
use crate::doctor::report::{Level, Report};
use crate::show::count;

pub(super) fn check(report: &mut Report, facts: &Facts) {
    let answers: Vec<(&str, &Answer)> = facts
        .services
        .iter()
        .filter_map(|service| Some((service.name.as_str(), service.answer.as_ref().ok()?)))
        .collect();
    check_answers(report, facts, &answers);
    check_parts(report, &answers);
    check_clocks(report, &answers);
    check_work(report, &answers);
    check_letters(report, &answers);
    check_databases(report, facts, &answers);
}

fn check_answers(report: &mut Report, facts: &Facts, answers: &[(&str, &Answer)]) {
    const CHECK: &str = "services";
    for service in &facts.services {
        let is_up = service.answer.is_ok();
        let up = f64::from(u8::from(is_up));
        report.measure_of("service_up", "Whether the service answers.", ("service", &service.name), up);
        if let Err(why) = &service.answer {
            let says = format!("{} does not answer: {why}", service.name);
            let logs = format!("shopctl logs {}", service.name);
            let hangs = "shopctl down && shopctl up      if it runs and hangs";
            report.say(CHECK, Level::Bad, says, &["shopctl up      starts what does not run", hangs, &logs]);
        }
    }
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, answer) in answers {
        let took = answer.took.as_secs_f64();
        report.measure_of("service_answer_seconds", "How long its answer took.", ("service", name), took);
        versions.entry(&answer.health.version).or_default().push(name);
        let level = above(&answer.took, &ANSWER);
        if level > Level::Ok {
            let says = format!("{name} is slow: its answer took {}", time(answer.took));
            report.say(CHECK, level, says, &[&format!("shopctl service stats {name}")]);
        }
    }
    if versions.len() > 1 {
        let each = versions.iter().map(|(version, names)| format!("{version}: {}", names.join(", ")));
        let says = format!("services are of different versions: {}", each.collect::<Vec<_>>().join("; "));
        report.say(CHECK, Level::Warn, says, &["shopctl down && shopctl up"]);
    }
    let slowest = answers.iter().max_by_key(|(_, answer)| answer.took);
    let slowest = slowest.map(|(name, answer)| format!(" (slowest {name} {})", time(answer.took)));
    let version = versions.keys().next().map(|version| format!(", version {version}")).unwrap_or_default();
    let (asked, answering) = (facts.services.len(), answers.len());
    let says = format!("{answering} of {asked} services answer{version}{}", slowest.unwrap_or_default());
    report.else_ok(CHECK, says);
}

fn check_parts(report: &mut Report, answers: &[(&str, &Answer)]) {
    for (name, answer) in answers {
        for (part, state) in answer.health.parts.iter().filter(|(_, state)| *state != "ok") {
            let says = format!("{name}: {part}: {state}");
            let logs = format!("shopctl logs {name}");
            let mends: Vec<&str> = mend_of(part, state).into_iter().chain([logs.as_str()]).collect();
            report.say("parts", Level::Bad, says, &mends);
        }
    }
    let parts: usize = answers.iter().map(|(_, answer)| answer.health.parts.len()).sum();
    report.else_ok("parts", format!("all {parts} parts of the services are in order"));
}

/// What mends a part that has no room, here or at the broker; none if its log has to say.
fn mend_of(part: &str, state: &str) -> Option<&'static str> {
    match part {
        "room" => {
            Some("df -h      make room on the disk of the data folder; nothing has to be started again")
        }
        "relay" if state.contains("its disk may be full") => {
            Some("df -h      make room on the disk of the streams, then: shopctl down && shopctl up")
        }
        _ => None,
    }
}

fn check_clocks(report: &mut Report, answers: &[(&str, &Answer)]) {
    let mut most = Duration::ZERO;
    for (name, answer) in answers {
        let seconds = answer.ahead_ms as f64 / 1e3;
        report.measure_of(
            "clock_ahead_seconds",
            "By how much its clock is ahead of ours.",
            ("service", name),
            seconds,
        );
        let skew = Duration::from_millis(answer.ahead_ms.unsigned_abs());
        most = most.max(skew);
        let level = above(&skew, &SKEW);
        if level > Level::Ok {
            let way = if answer.ahead_ms > 0 { "ahead of" } else { "behind" };
            let says = format!("the clock of {name} is {} {way} that of this machine", time(skew));
            report.say(
                "clocks",
                level,
                says,
                &["timedatectl      on both machines: the clock must be synchronized"],
            );
        }
    }
    report.else_ok("clocks", format!("clocks agree to {}", time(most)));
}

fn check_work(report: &mut Report, answers: &[(&str, &Answer)]) {
    const CHECK: &str = "work";
    let mut oldest = Duration::ZERO;
    for (name, answer) in answers {
        let (health, of) = (&answer.health, ("service", *name));
        let since = |then: Option<jiff::Timestamp>| then.map_or(Duration::ZERO, |then| age(then, health.now));
        let waits = [
            (
                since(health.untold_since),
                UNTOLD,
                "untold_seconds",
                "How long its oldest event waits to be told.",
            ),
            (since(health.timers_late_since), LATE, "timers_late_seconds", "How late its latest timer is."),
            (
                since(health.effects_late_since),
                LATE,
                "effects_late_seconds",
                "How late its latest effect is.",
            ),
        ];
        oldest = oldest.max(waits[0].0);
        for (number, (waited, mark, measure, help)) in waits.into_iter().enumerate() {
            report.measure_of(measure, help, of, waited.as_secs_f64());
            let level = above(&waited, &mark);
            if level > Level::Ok {
                let (waited, untold) = (time(waited), untold(health));
                let (says, mend) = match number {
                    0 => (
                        format!("{name} has {untold} events untold, since {waited}"),
                        format!("shopctl logs {name}"),
                    ),
                    1 => (
                        format!("{name} has a timer that is {waited} late"),
                        format!("shopctl service info {name}"),
                    ),
                    _ => (
                        format!("{name} has work on the outside world that is {waited} late"),
                        format!("shopctl service info {name}"),
                    ),
                };
                report.say(CHECK, level, says, &[&mend]);
            }
        }
        report.measure_of(
            "untold_events",
            "Events of its outbox that are not told.",
            of,
            untold(health) as f64,
        );
        report.measure_of("queued_jobs", "Jobs that wait for its writer.", of, health.queued as f64);
        report.measure_of("requests", "Requests it works on.", of, health.requests as f64);
        report.measure_of("memory_bytes", "The memory of its process.", of, health.memory_bytes as f64);
        for (many, mark, what) in [
            (health.queued, QUEUED, "jobs wait for its writer"),
            (health.requests, REQUESTS, "requests are in progress"),
        ] {
            let level = above(&many, &mark);
            if level > Level::Ok {
                let says = format!("{name} has too much to do: {many} {what}");
                report.say(CHECK, level, says, &[&format!("shopctl service stats {name}")]);
            }
        }
    }
    let untold: u64 = answers.iter().map(|(_, answer)| untold(&answer.health)).sum();
    let queued: u64 = answers.iter().map(|(_, answer)| answer.health.queued).sum();
    let oldest = if oldest.is_zero() { String::new() } else { format!(" (oldest {})", time(oldest)) };
    report.else_ok(CHECK, format!("nothing is late: {queued} jobs queued, {untold} events untold{oldest}"));
}

fn check_letters(report: &mut Report, answers: &[(&str, &Answer)]) {
    const CHECK: &str = "dead letters";
    for (name, answer) in answers {
        let (health, of) = (&answer.health, ("service", *name));
        report.measure_of("dead_letters", "Events it could not act on.", of, health.dead_letters as f64);
        report.measure_of("parked_events", "Events that wait behind dead letters.", of, health.parked as f64);
        report.measure_of(
            "effects_given_up",
            "Work on the outside world it gave up.",
            of,
            health.effects_given_up as f64,
        );
        if health.dead_letters > 0 {
            let oldest = health.dead_since.map_or(Duration::ZERO, |since| age(since, health.now));
            let says = format!(
                "{name} could not act on {} ({} behind, oldest {})",
                count(health.dead_letters, "event", "events"),
                health.parked,
                time(oldest)
            );
            let level = above(&oldest, &DEAD);
            report.say(CHECK, level, says, &["shopctl dlq ls"]);
        }
        if health.effects_given_up > 0 {
            let pieces = count(health.effects_given_up, "piece", "pieces");
            let says = format!("{name} gave up {pieces} of work on the outside world");
            report.say(CHECK, Level::Warn, says, &[&format!("shopctl service info {name}")]);
        }
    }
    report.else_ok(CHECK, "no dead letters, no work given up");
}

fn check_databases(report: &mut Report, facts: &Facts, answers: &[(&str, &Answer)]) {
    const CHECK: &str = "databases";
    let (mut bytes, mut checked) = (0, 0);
    for service in facts.services.iter().filter(|service| service.answer.is_ok()) {
        let name = &service.name;
        let sound = matches!(&service.database, Ok(findings) if findings.is_empty());
        report.measure_of(
            "database_sound",
            "Whether the file of its database is sound.",
            ("service", name),
            f64::from(u8::from(sound)),
        );
        let (says, level) = match &service.database {
            Ok(findings) if findings.is_empty() => {
                checked += 1;
                continue;
            }
            Ok(findings) => {
                (format!("the database of {name} is damaged: {}", findings.join("; ")), Level::Bad)
            }
            Err(why) => (format!("the database of {name} was not checked: {why}"), Level::Warn),
        };
        let mend: &[&str] = match level {
            Level::Bad => &[
                "shopctl down      then restore the file from a backup",
                "shopctl stream ls      its events are in its stream",
            ],
            _ => &["shopctl doctor --deep      gives it more time"],
        };
        report.say(CHECK, level, says, mend);
    }
    for (name, answer) in answers {
        let (health, of) = (&answer.health, ("service", *name));
        bytes += health.database_bytes + health.wal_bytes;
        report.measure_of("database_bytes", "The size of its database.", of, health.database_bytes as f64);
        report.measure_of("wal_bytes", "The size of its write-ahead log.", of, health.wal_bytes as f64);
        let level = above(&health.wal_bytes, &WAL);
        if level > Level::Ok {
            let says = format!(
                "the write-ahead log of {name} has grown to {}: somebody reads for too long",
                size(health.wal_bytes)
            );
            report.say(CHECK, level, says, &[&format!("shopctl service stats {name}")]);
        }
    }
    report.else_ok(CHECK, format!("{checked} databases are sound, {} in all", size(bytes)));
}

fn untold(health: &Health) -> u64 {
    health.outbox_newest.saturating_sub(health.outbox_published)
}
