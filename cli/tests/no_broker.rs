//! Where there is no broker, and where nobody reads.

use std::fs::File;
use std::time::{Duration, Instant};

use crate::Bench;

/// Nobody listens at this port: it is reserved.
const NOWHERE: &str = "nats://127.0.0.1:1";

#[test]
fn a_broker_that_cannot_be_reached_is_said_with_what_mends_it() {
    let bench = Bench::new();
    let began = Instant::now();
    let ran = bench.run(&format!("status --nats {NOWHERE}"));
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    assert_eq!((ran.code, ran.out.as_str()), (11, ""));
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(lines[0].starts_with("error: no answer from the broker at nats://127.0.0.1:1 ("), "{}", ran.err);
    assert!(ran.err.contains("\n  mend  shopctl up "), "{}", ran.err);
    assert!(ran.err.ends_with("\n  code  broker_unreachable   (exit 11)\n"), "{}", ran.err);
}

#[test]
fn a_program_is_told_the_same_as_json() {
    let (code, said) = Bench::new().json(&format!("status --nats {NOWHERE}"));
    assert_eq!(code, 11);
    assert_eq!(
        (said["error"]["code"].as_str(), said["error"]["exit"].as_i64()),
        (Some("broker_unreachable"), Some(11))
    );
}

#[test]
fn a_password_in_the_address_of_the_broker_is_refused_and_not_repeated() {
    let bench = Bench::new();
    let url = "nats://me:hunter2@127.0.0.1:9";
    let config = bench.data().join("config/shop");
    for line in [
        "status",
        "status -o json",
        "doctor --format nagios",
        "up",
        "whoami",
        "context show",
        "context add edge",
        "order ls -v",
    ] {
        let ran = bench.run(&format!("{line} --nats {url}"));
        assert!(ran.code == 2 && !(ran.out + &ran.err).contains("hunter2"), "{line}");
        for variable in ["SHOP_NATS_URL", "NATS_URL"] {
            let ran = bench.run_with(line, &[(variable, url)]);
            let said = ran.out + &ran.err;
            assert!(ran.code == 78 && said.contains(variable) && !said.contains("hunter2"), "{line}: {said}");
        }
    }
    assert_eq!(bench.run_with("exit-codes", &[("NATS_URL", url)]).code, 0);
    assert!(!config.join("contexts.toml").exists(), "nothing was added");
}

#[test]
fn what_is_no_identifier_or_name_is_refused_before_anybody_is_asked_and_not_repeated_whole() {
    let bench = Bench::new();
    let long = "x".repeat(100_000);
    for (line, code, error) in [
        (format!("trace {long} --nats {NOWHERE}"), 2, "invalid_id"),
        (format!("trace {long} -o json --nats {NOWHERE}"), 2, "invalid_id"),
        (format!("trace {} --nats {NOWHERE}", "x".repeat(129)), 2, "invalid_id"),
        (format!("trace {} --nats {NOWHERE}", "x".repeat(128)), 11, "broker_unreachable"),
        (format!("dlq show cart/{long}"), 2, "SERVICE/ID"),
        (format!("dlq show cart/{long} -o json"), 2, "SERVICE/ID"),
        (format!("status --context {long}"), 78, "unknown_context"),
        (format!("status --context nats:{long}"), 78, "nats_context_unusable"),
        (format!("context use {long}"), 3, "unknown_context"),
        (format!("context show nats:{long}"), 0, "there is none"),
    ] {
        let ran = bench.run(&line);
        let said = ran.out + &ran.err;
        let begin = &line[..30];
        assert!(
            ran.code == code && said.contains(error),
            "{begin}: {} {}",
            ran.code,
            &said[..said.len().min(999)]
        );
        assert!(said.len() < 3000, "{begin}: {} bytes", said.len());
    }
}

#[test]
fn an_option_wins_over_the_environment() {
    let bench = Bench::new();
    let asked = |line: &str| {
        let ran = bench.run_with(line, &[("NATS_URL", "nats://127.0.0.1:2"), ("SHOP_OUTPUT", "json")]);
        (ran.code, ran.out + &ran.err)
    };
    let (code, said) = asked("status");
    assert!(code == 11 && said.contains("127.0.0.1:2") && said.starts_with('{'), "{said}");
    let (code, said) = asked(&format!("status --nats {NOWHERE} -o table"));
    assert!(code == 11 && said.contains(NOWHERE) && said.starts_with("error:"), "{said}");
}

#[test]
fn whoever_stops_reading_gets_no_complaint() {
    let bench = Bench::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = bench.command(&["exit-codes"]).stdout(writer).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
#[cfg(target_os = "linux")]
fn a_result_that_cannot_be_written_is_a_failure() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = Bench::new().command(&["exit-codes"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(74));
    assert!(String::from_utf8(output.stderr).unwrap().starts_with("error: the result was not written"));
}

#[test]
fn colours_are_for_terminals_unless_somebody_insists() {
    let bench = Bench::new();
    let coloured = |line: &str| bench.run(&format!("{line} --nats {NOWHERE}")).err.contains('\u{1b}');
    assert!(!coloured("status"));
    assert!(coloured("status --color always"));
}
