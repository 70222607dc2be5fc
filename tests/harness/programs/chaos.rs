//! The program behind `scripts/chaos`.

#![expect(clippy::print_stdout, reason = "this is what a person reads while it runs")]

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use tests::chaos::kind::Kind;
use tests::chaos::{STORM, Settings, run};

/// Breaks a running shop by a schedule that a seed decides, mends it, and audits its books, again and again.
///
/// Exit codes: 0 if nothing is wrong, 1 if something is, 2 for bad arguments.
#[derive(Parser)]
#[command(name = "scripts/chaos", after_help = EXAMPLES)]
struct Arguments {
    /// What decides about everything that is chosen
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u32,
    /// After so many minutes no further round begins
    #[arg(long, value_name = "MINUTES", default_value_t = 5)]
    minutes: u64,
    /// At most so many rounds
    #[arg(long, value_name = "NUMBER")]
    rounds: Option<u64>,
    /// The number of the first round
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    from_round: u64,
    /// Only these kinds of faults
    #[arg(long, value_name = "KIND", value_delimiter = ',', value_parser = kind_named)]
    only: Vec<Kind>,
    /// How long things go wrong in a round, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = STORM.as_secs())]
    storm: u64,
    /// Where databases, logs and the schedule go if something is wrong
    // The script names one first, the reader perhaps another.
    #[arg(long, value_name = "FOLDER", overrides_with = "keep")]
    keep: Option<PathBuf>,
    /// Names every kind of fault, and ends
    #[arg(long)]
    list: bool,
    /// Prints the schedule, and ends
    #[arg(long)]
    plan: bool,
    /// Where a small disk is mounted that may be filled
    #[arg(long, value_name = "FOLDER", hide = true)]
    small_disk: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  scripts/chaos --seed 7 --minutes 20
  scripts/chaos --seed 7 --rounds 1 --only kill-service,cut-line
  scripts/chaos --list";

fn kind_named(name: &str) -> Result<Kind, String> {
    Kind::named(name).ok_or_else(|| "there is no such kind of fault; --list names them".to_owned())
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.list {
        Kind::ALL.iter().for_each(|kind| println!("{:<18} {}", kind.name(), kind.about()));
        return ExitCode::SUCCESS;
    }
    let mut kinds = if arguments.only.is_empty() { Kind::ALL.to_vec() } else { arguments.only };
    if arguments.small_disk.is_none() && kinds.contains(&Kind::FullDisk) {
        println!("left out: full-disk, because this machine mounts no small disk for this user");
        kinds.retain(|kind| *kind != Kind::FullDisk);
    }
    let keep = arguments.keep.unwrap_or_else(|| {
        std::env::temp_dir().join(format!("shop-chaos-{}-{}", arguments.seed, std::process::id()))
    });
    let settings = Settings {
        seed: arguments.seed.into(),
        first_round: arguments.from_round,
        rounds: arguments.rounds.unwrap_or(u64::MAX),
        time: Duration::from_secs(arguments.minutes * 60),
        storm: Duration::from_secs(arguments.storm),
        kinds,
        disk: arguments.small_disk,
        keep,
    };
    if arguments.plan {
        for round in settings.first_round..settings.first_round + arguments.rounds.unwrap_or(1) {
            println!("round {round}");
            let planned = tests::chaos::schedule::plan(settings.seed, round, &settings.kinds, settings.storm);
            planned.iter().for_each(|fault| println!("  {fault}"));
        }
        return ExitCode::SUCCESS;
    }
    let report = run(&settings, |line| println!("{line}")).await;
    println!("{report}");
    if report.findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
