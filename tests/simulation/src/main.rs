//! Lives through worlds, and tells of each that ends badly how it is seen again.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::num::NonZeroU64;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use clap::Parser;
use contracts::order::Stage;
use simulation::broken::Broken;
use simulation::life::{self, End};
use simulation::report;

/// Lives through worlds of the shop, each made from a seed, and looks at the books of each
///
/// All services run in one thread, with their real handlers and their real SQL; the network, the
/// broker, the bank, the clock and the people are models that fail as real ones do. A world that ends
/// badly is named by its seed, and --seed shows it again, to the same step, with the flow of the order
/// it is about.
///
/// Exit codes: 0 if all is well, 1 if a world ends badly, 2 for bad options.
#[derive(Parser)]
#[command(name = "simulate", version)]
struct Arguments {
    /// How many worlds
    #[arg(long, default_value = "1000", value_name = "N")]
    seeds: NonZeroU64,

    /// The seed of the first
    #[arg(long, default_value_t = 0, value_name = "SEED")]
    from: u64,

    /// Only this one, with all that happened in it
    #[arg(long, value_name = "SEED", conflicts_with_all = ["seeds", "from"])]
    seed: Option<u64>,

    /// A shop that is broken on purpose, which should be found out
    #[arg(long, value_name = "HOW")]
    broken: Option<Broken>,

    /// How many worlds at once; as many as there are processors if not said
    #[arg(long, value_name = "N")]
    jobs: Option<usize>,

    /// Ends after so many worlds that ended badly
    #[arg(long, default_value = "5", value_name = "N")]
    findings: NonZeroU64,
}

/// What all worlds together came to.
#[derive(Default)]
struct Sum {
    worlds: u64,
    stages: BTreeMap<Stage, u64>,
    steps: u64,
    happened: BTreeMap<&'static str, u64>,
    bad: Vec<u64>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match arguments.seed {
        Some(seed) => one(seed, arguments.broken),
        None => many(&arguments),
    }
}

fn one(seed: u64, broken: Option<Broken>) -> ExitCode {
    match life::of(seed, broken) {
        Ok(mut end) => {
            say(&report::of(&mut end));
            if end.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            say(&format!("seed {seed} could not be lived through: {}\n", error.chain()));
            ExitCode::FAILURE
        }
    }
}

fn many(arguments: &Arguments) -> ExitCode {
    let began = Instant::now();
    let (next, enough) = (AtomicU64::new(0), AtomicBool::new(false));
    let sum = Mutex::new(Sum::default());
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, Into::into));
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= arguments.seeds.get() {
                        return;
                    }
                    let seed = arguments.from.wrapping_add(number);
                    let ended = life::of(seed, arguments.broken);
                    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                    sum.takes(seed, ended, arguments.broken);
                    if sum.bad.len() as u64 >= arguments.findings.get() {
                        enough.store(true, Ordering::Relaxed);
                    }
                    if sum.worlds % 100 == 0 && std::io::stderr().is_terminal() {
                        let _ = write!(std::io::stderr(), "\r{} of {} worlds", sum.worlds, arguments.seeds);
                    }
                }
            });
        }
    });
    let sum = sum.into_inner().unwrap_or_else(PoisonError::into_inner);
    if std::io::stderr().is_terminal() {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    say(&sum.told(began.elapsed().as_secs_f64()));
    if sum.bad.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Sum {
    fn takes(&mut self, seed: u64, ended: kit::Result<End>, broken: Option<Broken>) {
        self.worlds += 1;
        let faults = match ended {
            Ok(end) => {
                for (stage, orders) in end.stages {
                    *self.stages.entry(stage).or_default() += orders;
                }
                self.steps += end.steps.0;
                for (fault, times) in end.happened {
                    *self.happened.entry(fault).or_default() += times;
                }
                end.faults
            }
            Err(error) => vec![error.chain()],
        };
        if let Some(first) = faults.first() {
            let how = broken.map(|broken| format!(" --broken {broken}")).unwrap_or_default();
            let again = format!("scripts/simulate --seed {seed}{how}");
            say(&format!(
                "seed {seed} ends badly: {first}\n  and {} more; see it again: {again}\n",
                faults.len() - 1
            ));
            self.bad.push(seed);
        }
    }

    fn told(&self, seconds: f64) -> String {
        let rate = self.worlds as f64 / seconds.max(0.001);
        let mut text = format!(
            "{} worlds, {} orders, {} steps in {seconds:.1} s: {rate:.0} worlds a second\n",
            self.worlds,
            self.stages.values().sum::<u64>(),
            self.steps
        );
        for (stage, orders) in &self.stages {
            text.push_str(&format!("{orders:>10}  orders are {stage}\n"));
        }
        for (fault, times) in &self.happened {
            text.push_str(&format!("{times:>10}  {fault}\n"));
        }
        text.push_str(&match self.bad.len() {
            0 => "all end well\n".to_owned(),
            bad => format!("{bad} end badly\n"),
        });
        text
    }
}

/// Says it; whoever has closed the pipe has heard enough.
fn say(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
}
