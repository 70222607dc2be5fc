//! `shopctl doctor`: what a person would check, and what mends each finding.

use clap::ValueEnum;

use crate::doctor::{self, Level, nagios, prometheus};
use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::shop::Shop;

const EXAMPLES: &str = "\
Everybody is asked at once, and nobody is waited for longer than a few seconds: who does not answer
is a finding. Disks, keys and processes are looked at if the shop is on this machine.

Exit codes: 0 all is well, 11 the broker cannot be reached, 12 something is wrong.
With --format nagios those of a Nagios plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.

Examples:
  shopctl doctor
  shopctl doctor --deep                                     reads every page of every database
  shopctl doctor -o json | jq '.findings[] | select(.level != \"ok\")'
  shopctl doctor --format nagios                            one line with figures
  shopctl doctor --format prometheus > shop.prom            for the node exporter's textfile collector";

/// Check everything a person would check, and say what mends each finding
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Compare the indexes of every database with its tables too, which may take a minute
    #[arg(long)]
    deep: bool,

    /// For whom it is written: text, nagios or prometheus
    #[arg(long, value_name = "FORMAT", default_value = "text", hide_possible_values = true)]
    format: Format,
}

/// For whom the findings are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// People; with `-o json` programs.
    Text,
    /// A Nagios that runs it as a plugin.
    Nagios,
    /// A Prometheus that reads it as a page.
    Prometheus,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let report = match doctor::examine(shop, args.deep).await {
        Ok(report) => report,
        Err(failure) if args.format == Format::Nagios => {
            shop.out.line(nagios::unknown(failure.message()))?;
            return Err(Failure::shown(nagios::exit_unknown()));
        }
        Err(failure) => return Err(failure),
    };
    match args.format {
        Format::Nagios => {
            shop.out.line(nagios::line(&report))?;
            return ended(nagios::exit(&report));
        }
        Format::Prometheus => shop.out.line(prometheus::page(&report).trim_end())?,
        Format::Text if shop.out.is_table() => shop.out.line(draw(&report, &shop.out))?,
        Format::Text => shop.out.json(&report)?,
    }
    ended(match report.worst() {
        _ if !report.broker_reached => exit::BROKER_UNREACHABLE,
        Level::Warn | Level::Bad => exit::PROBLEMS_FOUND,
        Level::Ok | Level::Skipped => 0,
    })
}

fn draw(report: &doctor::Report, out: &Output) -> String {
    doctor::lines::draw(&doctor::lines(report), out.width(), out.has_colour())
}

fn ended(code: u8) -> Result<(), Failure> {
    if code == 0 { Ok(()) } else { Err(Failure::shown(code)) }
}
