//! Runs seeds and tells what was found.

use std::process::ExitCode;

fn main() -> ExitCode {
    let from: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(0);
    let many: u64 = std::env::args().nth(2).and_then(|text| text.parse().ok()).unwrap_or(1);
    for seed in from..from + many {
        match simulation::life::of(seed, None) {
            Ok(end) => {
                #[expect(clippy::print_stdout, reason = "for now")]
                {
                    println!(
                        "{seed}: {} orders, {:?}, {:?} {:?}",
                        end.orders, end.steps, end.happened, end.faults
                    );
                }
            }
            Err(error) => {
                #[expect(clippy::print_stdout, reason = "for now")]
                {
                    println!("{seed}: {}", error.chain());
                }
            }
        }
    }
    ExitCode::SUCCESS
}
