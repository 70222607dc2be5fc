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
