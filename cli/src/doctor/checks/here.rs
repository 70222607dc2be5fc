//! This machine, if the shop runs on it: disks, memory, processes, keys, the broker's program.

use super::{above, age, below, share, size, time};
use crate::doctor::facts::{Disk, Facts, Here, Keys};
use crate::doctor::limits::{
    CERTIFICATE, DISK_FREE, DISK_FREE_SHARE, DISK_PLENTY, KEY_AGE, MEMORY_FREE, OPEN_FILES, OPEN_FILES_MIN,
};
use crate::doctor::report::{Level, Report};
use crate::show::count;

pub(super) fn check(report: &mut Report, facts: &Facts) {
    match &facts.here {
        Some(Ok(here)) => {
            check_disks(report, here);
            check_memory(report, here);
            check_processes(report, here);
            check_keys(report, facts, here);
            check_certificate(report, facts, here);
            check_program(report, here);
        }
        Some(Err(why)) => {
            let says = format!("this machine was not looked at: {why}");
            report.say("machine", Level::Warn, says, &["df -h", "dmesg | tail"]);
        }
        None => {
            check_far_disks(report, facts);
            let says = "the shop is not on this machine: its disks, keys and processes were not looked at";
            report.say("machine", Level::Skipped, says, &[]);
        }
    }
}

fn check_disks(report: &mut Report, here: &Here) {
    const CHECK: &str = "disk";
    for disk in &here.disks {
        let of = ("holds", disk.holds);
        report.measure_of("disk_free_bytes", "Room on the disk.", of, disk.free as f64);
        report.measure_of("disk_bytes", "The size of the disk.", of, disk.total as f64);
        let level = level_of(disk);
        if level > Level::Ok {
            let used = 100 - share(disk.free, disk.total).min(100);
            let says = format!(
                "the disk of the {} is {used} % full: {} of {} left; without room nothing is accepted",
                disk.holds,
                size(disk.free),
                size(disk.total)
            );
            report.say(CHECK, level, says, &["make room on it", &format!("df -h {}", disk.path)]);
        }
    }
    let each = here
        .disks
        .iter()
        .map(|disk| format!("{}: {} of {} free", disk.holds, size(disk.free), size(disk.total)));
    report.else_ok(CHECK, format!("disk of the {}", each.collect::<Vec<_>>().join(", ")));
}

/// Short of bytes, or short of its share unless it is so large that this is plenty.
fn level_of(disk: &Disk) -> Level {
    let in_share = below(&share(disk.free, disk.total), &DISK_FREE_SHARE);
    below(&disk.free, &DISK_FREE).max(if disk.free < DISK_PLENTY { in_share } else { Level::Ok })
}

/// What services tell of their disks, where nobody can look.
fn check_far_disks(report: &mut Report, facts: &Facts) {
    for service in &facts.services {
        let free = service.answer.as_ref().ok().and_then(|answer| answer.health.disk_free_bytes);
        let level = free.map_or(Level::Ok, |free| below(&free, &DISK_FREE));
        if let Some(free) = free.filter(|_| level > Level::Ok) {
            let says = format!("the disk of {} has {} left", service.name, size(free));
            report.say("disk", level, says, &["make room on it"]);
        }
    }
}

fn check_memory(report: &mut Report, here: &Here) {
    let Some((free, total)) = here.memory else { return };
    report.measure("memory_free_bytes", "Memory of this machine that is free for programs.", free as f64);
    let level = below(&free, &MEMORY_FREE);
    let says = format!("{} of {} of memory free", size(free), size(total));
    let mend: &[&str] =
        if level > Level::Ok { &["shopctl service ls      shows what each uses"] } else { &[] };
    report.say("memory", level, says, mend);
}

fn check_processes(report: &mut Report, here: &Here) {
    const CHECK: &str = "processes";
    if !here.leftovers.is_empty() {
        let says = format!("recorded as running, but ended: {}", here.leftovers.join(", "));
        report.say(CHECK, Level::Warn, says, &["shopctl up      starts them again"]);
    }
    let mut most = 0;
    for process in &here.processes {
        let of = ("process", process.name.as_str());
        report.measure_of(
            "open_files",
            "Files and connections that are open.",
            of,
            process.open_files as f64,
        );
        report.measure_of("open_files_max", "How many may be.", of, process.open_files_max as f64);
        let used = share(process.open_files, process.open_files_max);
        most = most.max(used);
        let level = above(&used, &OPEN_FILES);
        let says = if level > Level::Ok {
            format!("{} has {} of {} files open", process.name, process.open_files, process.open_files_max)
        } else if process.open_files_max < OPEN_FILES_MIN {
            format!("{} may open only {} files", process.name, process.open_files_max)
        } else {
            continue;
        };
        report.say(
            CHECK,
            level.max(Level::Warn),
            says,
            &["ulimit -n 65536      then shopctl down && shopctl up"],
        );
    }
    let many = count(here.processes.len() as u64, "process runs", "processes run");
    report.else_ok(CHECK, format!("{many} here, with {most} % of their files open at most"));
}

fn check_keys(report: &mut Report, facts: &Facts, here: &Here) {
    const CHECK: &str = "keys";
    let keys = match &here.keys {
        Ok(keys) => keys,
        Err(why) => {
            return report.say(
                CHECK,
                Level::Bad,
                format!("the keys cannot be used: {why}"),
                &["shopctl keys ls"],
            );
        }
    };
    for (path, mode) in &keys.exposed {
        let says = format!("others can reach {path} (mode {mode})");
        let mends = [
            format!("chmod go= {path}"),
            "shopctl keys rotate NAME      if somebody may have read it".to_owned(),
        ];
        report.say(CHECK, Level::Bad, says, &[&mends[0], &mends[1]]);
    }
    check_users(report, CHECK, keys);
    let aged = keys.oldest.as_ref().map(|(name, since)| (name, age(*since, facts.at)));
    if let Some((name, aged)) = aged.filter(|(_, aged)| *aged > KEY_AGE) {
        let says = format!("the key of {name} is {} old", time(aged));
        report.say(CHECK, Level::Warn, says, &[&format!("shopctl keys rotate {name}")]);
    }
    let aged = aged.map(|(_, aged)| format!(", the oldest {} old", time(aged))).unwrap_or_default();
    let members = count(keys.members as u64, "key", "keys");
    report.else_ok(CHECK, format!("{members} for nobody else's eyes{aged}; the broker knows whose they are"));
}

fn check_users(report: &mut Report, check: &'static str, keys: &Keys) {
    if !keys.users_match {
        let says = "the broker's users are not those of the roster";
        report.say(
            check,
            Level::Bad,
            says,
            &["shopctl keys make      writes them", "shopctl up      has the broker read them"],
        );
    } else if !keys.users_loaded {
        let says = "the broker has not read its users since they changed";
        report.say(check, Level::Bad, says, &["shopctl up      has it read them"]);
    }
}

fn check_certificate(report: &mut Report, facts: &Facts, here: &Here) {
    const CHECK: &str = "certificate";
    match &here.certificate {
        None => {}
        Some(Err(why)) => {
            let says = format!("when the broker's certificate ends is not known: {why}");
            report.say(CHECK, Level::Warn, says, &["see docs/tls.md"]);
        }
        Some(Ok(end)) => {
            let left = age(facts.at, *end);
            report.measure(
                "certificate_left_seconds",
                "For how long the broker's certificate is valid.",
                left.as_secs_f64(),
            );
            let (level, date) = (below(&left, &CERTIFICATE), end.strftime("%Y-%m-%d"));
            let says = if left.is_zero() {
                format!("the broker's certificate ended on {date}")
            } else {
                format!("the broker's certificate is valid for {}, until {date}", time(left))
            };
            let mend: &[&str] = if level > Level::Ok {
                &["renew it: docs/tls.md", "shopctl up      has the broker read it"]
            } else {
                &[]
            };
            report.say(CHECK, level, says, mend);
        }
    }
}

fn check_program(report: &mut Report, here: &Here) {
    const CHECK: &str = "programs";
    match &here.nats_server {
        Ok(found) => {
            report.say(CHECK, Level::Ok, format!("nats-server {found} is there for the next start"), &[]);
        }
        Err(why) => {
            let says = format!("the broker could not be started again: {why}");
            report.say(
                CHECK,
                Level::Warn,
                says,
                &["scripts/ensure-nats-server      fetches one, in a checkout of this project"],
            );
        }
    }
}
