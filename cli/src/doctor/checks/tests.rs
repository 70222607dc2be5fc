//! A shop that is well has no finding; each thing that is wrong is found, alone, with what mends it.

use std::time::Duration;

use contracts::order::{OrderView, Stage};
use contracts::payment::PaymentView;
use jiff::Timestamp;
use kit::Example;
use kit::vitals::Health;
use proptest::prelude::*;

use super::judge;
use crate::doctor::facts::{Facts, Hearer, Here, Stream};
use crate::doctor::lines::draw;
use crate::doctor::report::{Level, Report};
use crate::doctor::sample::{now, well, without_broker};
use crate::doctor::{self};

fn ago(seconds: u64) -> Timestamp {
    now() - Duration::from_secs(seconds)
}

fn wrong(change: impl FnOnce(&mut Facts)) -> Report {
    let mut facts = well();
    change(&mut facts);
    let mut report = judge(&facts);
    report.findings.retain(|finding| finding.level >= Level::Warn);
    assert_eq!(report.well, report.findings.is_empty());
    report
}

/// One thing that is wrong is one finding, as bad as it is, and says what mends it.
#[track_caller]
fn is_found(check: &str, level: Level, mend: &str, change: impl FnOnce(&mut Facts)) {
    let report = wrong(change);
    let found: Vec<_> = report
        .findings
        .iter()
        .map(|finding| (finding.check, finding.level, finding.mend[0].as_str()))
        .collect();
    assert_eq!(found, [(check, level, mend)], "{report:#?}");
}

fn with_health(service: &'static str, change: impl FnOnce(&mut Health)) -> impl FnOnce(&mut Facts) {
    move |facts| {
        let found = facts.services.iter_mut().find(|one| one.name == service).unwrap();
        change(&mut found.answer.as_mut().unwrap().health);
    }
}

fn with_stream(change: impl FnOnce(&mut Stream)) -> impl FnOnce(&mut Facts) {
    move |facts| {
        let streams = facts.streams.as_mut().unwrap();
        change(streams.iter_mut().find(|one| one.state.name == "ORDER").unwrap());
    }
}

fn with_hearer(change: impl FnOnce(&mut Hearer)) -> impl FnOnce(&mut Facts) {
    with_stream(|stream| change(&mut stream.hearers.as_mut().unwrap()[1]))
}

fn with_here(change: impl FnOnce(&mut Here)) -> impl FnOnce(&mut Facts) {
    |facts| change(facts.here.as_mut().unwrap().as_mut().unwrap())
}

#[test]
fn a_shop_that_is_well_is_a_list_of_what_is_in_order() {
    let report = judge(&well());
    let expected = "\
✓ nats-server 2.15.1, sync_interval always, 0.18 ms there and back, 4.1 MB stored
✓ 13 of 13 services answer, version 0.1.0 (slowest alert 13.0 ms)
✓ all 13 parts of the services are in order
✓ clocks agree to 0 ms
✓ nothing is late: 0 jobs queued, 0 events untold
✓ no dead letters, no work given up
✓ 13 databases are sound, 67.6 MB in all
✓ 13 streams are whole: 15652 events, 6.2 MB
✓ 2 consumers have nothing old to hear (0 messages behind)
✓ 37 orders, 2 of them on their way, none overdue
✓ the outcome of every payment is known
✓ disk of the data folder: 12.0 GB of 20.0 GB free
✓ 3.0 GB of 8.0 GB of memory free
✓ 14 processes run here, with 3 % of their files open at most
✓ 10 keys for nobody else's eyes, the oldest 3 d 0 h old; the broker knows whose they are
✓ nats-server 2.15.1 is there for the next start";
    assert_eq!(draw(&doctor::lines(&report), None, false), expected);
    assert_eq!((report.well, report.worst()), (true, Level::Ok));
}

#[test]
fn a_broker_that_is_away_is_what_is_wrong_and_this_machine_is_looked_at_all_the_same() {
    let report = judge(&without_broker());
    let bad: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.level >= Level::Warn)
        .map(|finding| finding.check)
        .collect();
    assert_eq!(bad, ["broker", "processes"]);
    assert!(!report.broker_reached && report.findings.iter().any(|finding| finding.check == "disk"));
}

#[test]
fn a_broker_that_is_old_or_slow_is_found() {
    let old = |facts: &mut Facts| facts.broker.as_mut().unwrap().version = "2.12.4".into();
    let mend = "scripts/ensure-nats-server      fetches one, in a checkout of this project";
    is_found("broker", Level::Warn, mend, old);
    let slow = |facts: &mut Facts| facts.broker.as_mut().unwrap().round_trip = Duration::from_secs(3);
    is_found("broker", Level::Bad, "shopctl top", slow);
}

#[test]
fn a_store_that_is_nearly_full_is_found_by_its_own_limit_or_that_of_the_configuration() {
    let mend = "shopctl stream ls      shows what fills it";
    is_found("broker", Level::Warn, mend, |facts| facts.store.as_mut().unwrap().bytes_max = Some(5_000_000));
    is_found("broker", Level::Bad, mend, with_here(|here| here.store_max = Some(4_200_000)));
}

#[test]
fn a_service_that_does_not_answer_is_found_and_the_rest_is_said() {
    let mend = "shopctl up      starts what does not run";
    is_found("services", Level::Bad, mend, |facts| facts.services[3].answer = Err("nobody answers".into()));
}

#[test]
fn what_a_silent_service_would_tell_is_left_out_and_otherwise_missed() {
    is_found("services", Level::Bad, "shopctl up      starts what does not run", |facts| {
        facts.services.iter_mut().find(|one| one.name == "payment").unwrap().answer = Err("nobody".into());
        facts.unknown = Err("nobody".into());
    });
    is_found("payments", Level::Warn, "shopctl logs payment", |facts| facts.unknown = Err("too slow".into()));
    is_found("orders", Level::Warn, "shopctl logs order", |facts| facts.orders = Err("too slow".into()));
}

#[test]
fn services_that_are_slow_or_of_different_versions_are_found() {
    is_found(
        "services",
        Level::Warn,
        "shopctl down && shopctl up",
        with_health("cart", |health| health.version = "0.2.0".into()),
    );
    is_found("services", Level::Warn, "shopctl service stats streams", |facts| {
        facts.services[0].answer.as_mut().unwrap().took = Duration::from_millis(700);
    });
}

#[test]
fn a_part_that_is_not_in_order_is_found() {
    let relay = |health: &mut Health| drop(health.parts.insert("relay".into(), "the stream is full".into()));
    is_found("parts", Level::Bad, "shopctl logs order", with_health("order", relay));
    let room = |health: &mut Health| drop(health.parts.insert("room".into(), "nothing was done".into()));
    is_found(
        "parts",
        Level::Bad,
        "df -h      make room on the disk of the data folder; nothing has to be started again",
        with_health("order", room),
    );
    let frozen = "events wait; its disk may be full";
    let frozen = |health: &mut Health| drop(health.parts.insert("relay".into(), frozen.into()));
    is_found(
        "parts",
        Level::Bad,
        "df -h      make room on the disk of the streams, then: shopctl down && shopctl up",
        with_health("order", frozen),
    );
}

#[test]
fn clocks_that_disagree_are_found() {
    for (ahead, level) in [(3_000, Level::Warn), (-60_000, Level::Bad)] {
        let mend = "timedatectl      on both machines: the clock must be synchronized";
        is_found("clocks", level, mend, |facts| facts.services[1].answer.as_mut().unwrap().ahead_ms = ahead);
    }
}

#[test]
fn what_is_late_or_waits_in_a_queue_is_found() {
    let (logs, info, stats) =
        ("shopctl logs payment", "shopctl service info payment", "shopctl service stats payment");
    is_found("work", Level::Bad, logs, with_health("payment", |health| health.untold_since = Some(ago(90))));
    is_found(
        "work",
        Level::Warn,
        info,
        with_health("payment", |health| health.timers_late_since = Some(ago(40))),
    );
    is_found(
        "work",
        Level::Bad,
        info,
        with_health("payment", |health| health.effects_late_since = Some(ago(900))),
    );
    is_found("work", Level::Bad, stats, with_health("payment", |health| health.queued = 4000));
    is_found("work", Level::Warn, stats, with_health("payment", |health| health.requests = 600));
}

#[test]
fn dead_letters_and_work_given_up_wait_for_a_person() {
    let dead = |since| {
        with_health("order", move |health| (health.dead_letters, health.dead_since) = (2, Some(since)))
    };
    is_found("dead letters", Level::Warn, "shopctl dlq ls", dead(ago(60)));
    is_found("dead letters", Level::Bad, "shopctl dlq ls", dead(ago(2 * 86_400)));
    let gave_up = with_health("payment", |health| health.effects_given_up = 1);
    is_found("dead letters", Level::Warn, "shopctl service info payment", gave_up);
}

#[test]
fn a_database_that_is_damaged_or_was_not_checked_in_time_or_grows_is_found() {
    let restore = "shopctl down      then restore the file from a backup";
    is_found("databases", Level::Bad, restore, |facts| {
        facts.services[2].database = Ok(vec!["row 7 missing".into()]);
    });
    let longer = "shopctl doctor --deep      gives it more time";
    is_found("databases", Level::Warn, longer, |facts| facts.services[2].database = Err("no answer".into()));
    let grown = with_health("order", |health| health.wal_bytes = 200 << 20);
    is_found("databases", Level::Warn, "shopctl service stats order", grown);
}

#[test]
fn a_stream_that_is_nearly_full_has_holes_or_mirrors_another_database_is_found() {
    let full = with_stream(|stream| stream.state.bytes = 260 << 20);
    is_found("streams", Level::Bad, "shopctl consumer ls ORDER      shows whom it is kept for", full);
    let holes = with_stream(|stream| (stream.state.messages, stream.state.deleted) = (1200, 4));
    is_found("streams", Level::Bad, "shopctl stream rebuild ORDER", holes);
    let foreign = with_stream(|stream| stream.state.origin = "another".into());
    let verify = "shopctl stream verify ORDER      says what is to be done";
    is_found("streams", Level::Bad, verify, foreign);
    let short = with_stream(|stream| (stream.state.last, stream.state.messages) = (1000, 1000));
    is_found("streams", Level::Bad, "shopctl stream verify ORDER", short);
    let gone =
        |facts: &mut Facts| facts.streams.as_mut().unwrap().retain(|stream| stream.state.name != "AUTH");
    is_found("streams", Level::Bad, "shopctl logs auth", gone);
}

#[test]
fn a_consumer_is_behind_in_messages_or_in_time() {
    let info = "shopctl consumer info ORDER payment";
    let behind = |messages, seconds| {
        with_hearer(move |hearer| {
            hearer.state.pending = messages;
            hearer.waiting_since = Some(ago(seconds));
        })
    };
    assert_eq!(wrong(behind(500, 2)).findings, [], "it is on its way");
    is_found("consumers", Level::Warn, info, behind(20_000, 2));
    is_found("consumers", Level::Warn, info, behind(1, 60));
    is_found("consumers", Level::Bad, info, behind(1, 600));
}

#[test]
fn a_subscriber_outside_the_shop_has_more_time_and_is_named_with_how_to_remove_it() {
    let outside = |seconds| {
        with_hearer(move |hearer| {
            (hearer.state.outside, hearer.state.pending) = (true, 500_000);
            hearer.waiting_since = Some(ago(seconds));
        })
    };
    assert_eq!(wrong(outside(600)).findings, []);
    is_found("consumers", Level::Bad, "shopctl consumer info ORDER payment", outside(8 * 86_400));
    let report = wrong(outside(8 * 86_400));
    assert!(report.findings[0].mend[1].starts_with("shopctl user rm payment "), "{report:#?}");
    assert!(report.findings[0].says.contains("8 d 0 h behind"), "{report:#?}");
}

#[test]
fn orders_that_are_overdue_or_need_a_person_and_unknown_payments_are_found() {
    let late = "shopctl order ls --stage placed,awaiting_payment";
    is_found("orders", Level::Warn, late, |facts| facts.orders.as_mut().unwrap().overdue = 1);
    is_found("orders", Level::Warn, "shopctl order ls --stage needs_attention", |facts| {
        facts.orders.as_mut().unwrap().stages.insert(Stage::NeedsAttention, 1);
        facts.attention = Ok(vec![OrderView { message: "look".into(), ..OrderView::example() }]);
    });
    let unknown = |created_at| {
        move |facts: &mut Facts| {
            facts.unknown = Ok(vec![PaymentView { created_at, ..PaymentView::example() }]);
        }
    };
    assert_eq!(wrong(unknown(ago(60))).findings, [], "it is being found out");
    let trace = format!("shopctl trace {}", contracts::OrderId::example());
    is_found("payments", Level::Warn, &trace, unknown(ago(3600)));
    is_found("payments", Level::Bad, &trace, unknown(ago(90_000)));
}

#[test]
fn a_disk_is_short_in_bytes_or_in_share_but_not_if_plenty_is_left() {
    let disk = |free, total| with_here(move |here| (here.disks[0].free, here.disks[0].total) = (free, total));
    is_found("disk", Level::Warn, "make room on it", disk(1_000_000_000, 4_000_000_000));
    is_found("disk", Level::Bad, "make room on it", disk(200_000_000, 400_000_000));
    is_found("disk", Level::Bad, "make room on it", disk(4_000_000_000, 100_000_000_000));
    assert_eq!(wrong(disk(40_000_000_000, 4_000_000_000_000)).findings, []);
}

#[test]
fn this_machine_without_memory_files_or_a_broker_to_start_is_found() {
    let uses = "shopctl service ls      shows what each uses";
    is_found("memory", Level::Warn, uses, with_here(|here| here.memory = Some((200_000_000, 8_000_000_000))));
    let more = "ulimit -n 65536      then shopctl down && shopctl up";
    is_found("processes", Level::Bad, more, with_here(|here| here.processes[0].open_files = 1000));
    is_found("processes", Level::Warn, more, with_here(|here| here.processes[0].open_files_max = 256));
    let again = "shopctl up      starts them again";
    is_found("processes", Level::Warn, again, with_here(|here| here.leftovers.push("cart".into())));
    let fetch = "scripts/ensure-nats-server      fetches one, in a checkout of this project";
    is_found(
        "programs",
        Level::Warn,
        fetch,
        with_here(|here| here.nats_server = Err("there is none".into())),
    );
    is_found("machine", Level::Warn, "df -h", |facts| {
        facts.here = Some(Err("its files did not answer".into()));
    });
}

#[test]
fn keys_that_others_can_read_are_old_or_unknown_to_the_broker_are_found() {
    fn with_keys(change: impl FnOnce(&mut crate::doctor::facts::Keys)) -> impl FnOnce(&mut Facts) {
        with_here(|here| change(here.keys.as_mut().unwrap()))
    }
    let exposed = with_keys(|keys| keys.exposed.push(("/keys/order.seed".into(), "644".into())));
    is_found("keys", Level::Bad, "chmod go= /keys/order.seed", exposed);
    let other = "shopctl keys make      writes them";
    is_found("keys", Level::Bad, other, with_keys(|keys| keys.users_match = false));
    let unread = "shopctl up      has it read them";
    is_found("keys", Level::Bad, unread, with_keys(|keys| keys.users_loaded = false));
    let aged = with_keys(|keys| keys.oldest = Some(("cart".into(), ago(400 * 86_400))));
    is_found("keys", Level::Warn, "shopctl keys rotate cart", aged);
    is_found("keys", Level::Bad, "shopctl keys ls", with_here(|here| here.keys = Err("no roster".into())));
}

#[test]
fn a_certificate_is_to_be_renewed_before_it_ends() {
    let ends = |days: i64| {
        with_here(move |here| {
            here.certificate = Some(Ok(now() + jiff::SignedDuration::from_hours(24 * days)));
        })
    };
    assert_eq!(wrong(ends(90)).findings, []);
    is_found("certificate", Level::Warn, "renew it: docs/tls.md", ends(14));
    is_found("certificate", Level::Bad, "renew it: docs/tls.md", ends(-1));
}

#[test]
fn what_belongs_to_a_shop_elsewhere_is_said_to_be_left_out() {
    let mut facts = well();
    facts.here = None;
    let report = judge(&facts);
    assert!(report.well);
    assert_eq!(report.findings.last().unwrap().level, Level::Skipped);
    facts.services[0].answer.as_mut().unwrap().health.disk_free_bytes = Some(1000);
    assert_eq!(judge(&facts).worst(), Level::Bad, "the services tell of their disks");
}

#[test]
fn every_command_that_mends_is_one_that_there_is() {
    let tree = crate::args::tree(crate::args::When::Never);
    let mut facts = well();
    for service in &mut facts.services {
        let health = &mut service.answer.as_mut().unwrap().health;
        (health.dead_letters, health.effects_given_up, health.queued, health.wal_bytes) =
            (1, 1, 9999, 1 << 40);
        (health.untold_since, health.timers_late_since, health.effects_late_since) =
            (Some(ago(999)), Some(ago(999)), Some(ago(999)));
    }
    with_stream(|stream| (stream.state.bytes, stream.state.deleted) = (1 << 40, 3))(&mut facts);
    facts.orders.as_mut().unwrap().overdue = 1;
    with_here(|here| here.keys.as_mut().unwrap().users_match = false)(&mut facts);
    let report = judge(&facts);
    let mends: Vec<&String> = report.findings.iter().flat_map(|finding| &finding.mend).collect();
    assert!(mends.len() > 20);
    for mend in mends.iter().filter_map(|mend| mend.strip_prefix("shopctl ")) {
        let command = mend.split_whitespace().next().unwrap();
        assert!(tree.find_subcommand(command).is_some(), "{mend}");
    }
}

proptest! {
    #[test]
    fn whatever_services_say_is_drawn_within_the_terminal(
        text in "(?s).{0,60}", numbers in proptest::collection::vec(0..u64::MAX, 6), width in 20..200usize,
    ) {
        let mut facts = well();
        facts.services[1].answer = Err(text.clone());
        let health = &mut facts.services[2].answer.as_mut().unwrap().health;
        health.parts.insert(text.clone(), text.clone());
        (health.dead_letters, health.queued, health.wal_bytes, health.parked) =
            (numbers[0], numbers[1], numbers[2] / 4, numbers[3]);
        let stream = &mut facts.streams.as_mut().unwrap()[4].state;
        (stream.bytes, stream.messages, stream.name) = (numbers[4] / 16, numbers[5] / 16, text);
        let drawn = draw(&doctor::lines(&judge(&facts)), Some(width), false);
        for line in drawn.lines() {
            prop_assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{line:?}");
        }
    }
}
