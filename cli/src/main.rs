//! `shopctl`: the shop from a command line.
//!
//! # Layout
//! - [`args`]: the options every command has; [`commands`]: the list of commands, one file each
//! - [`context`]: named shops, and what a command goes by: options, variables, a context
//! - [`complete`]: what may come next on a command line; [`shape`]: what the JSON of each command looks like
//! - [`shop`]: what every command is given; [`output`]: the only place that prints
//! - [`failure`]: what went wrong, why, how to mend it, and the exit code
//! - [`session`]: as whom requests are asked, and tokens in files; [`password`]: what is typed unseen
//! - [`private`]: files that are nobody else's business
//! - [`pick`]: reading what a person typed; [`near`]: what was probably meant; [`import`]: reading files of products and deliveries
//! - [`show`]: how times and bodies are written; [`pages`]: lists; [`progress`]: long work
//! - [`trace`]: what became of something, from every service's journal, joined and drawn
//! - [`doctor`]: what a person would check; [`audit`]: whether the books of all services agree
//! - [`status`]: how everything is, on one screen; [`top`]: the same, live
//! - [`stream`]: looking into streams; [`report`]: figures drawn with bars, and as CSV
//! - [`bench`]: measuring a shop by using it
//! - [`stack`]: the broker and the services of this machine, as processes
//! - [`backup`]: one cut over all databases, and putting it back
//! - [`keys`]: who may connect: keys in files, the roster, and the broker's users made from it

mod args;
mod audit;
mod backup;
mod bench;
mod commands;
mod complete;
mod context;
mod doctor;
mod failure;
mod import;
mod keys;
mod near;
mod output;
mod pages;
mod password;
mod pick;
mod private;
mod progress;
mod rebuild;
#[cfg(test)]
mod reference;
mod report;
mod sensors;
mod session;
mod shape;
mod shop;
mod stack;
mod status;
mod stream;
mod top;

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;

use clap::FromArgMatches;
use cli::{show, trace};

use args::Args;
use failure::{Failure, exit};
use output::{Format, Output};
use shop::Shop;

fn main() -> ExitCode {
    if complete::is_asked() {
        return complete::answer();
    }
    let before = args::Glimpse::of(std::env::args_os().skip(1));
    let parsed = args::tree(before.color).try_get_matches().and_then(|found| {
        let args = Args::from_arg_matches(&found)?;
        let said = args.global.said(&found);
        Ok((args, said))
    });
    let (args, said) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return not_understood(&near::shortened(near::suggesting(error)), before),
    };
    let (shop, without_context) = Shop::going_by(args.global, said);
    if let Some(failure) = without_context.filter(|why| !commands::goes_without_context(&args.command, why)) {
        return shop.out.failure(&failure);
    }
    let ending =
        std::panic::catch_unwind(AssertUnwindSafe(|| run(&shop, args.command))).unwrap_or_else(|_| {
            Err(Failure::new(exit::BUG, "bug", "shopctl itself made a mistake; what it was stands above"))
        });
    match ending {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => shop.out.failure(&failure),
    }
}

fn run(shop: &Shop, command: commands::Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::io("shopctl cannot start", &error))?;
    let ending = runtime.block_on(shop.until_interrupted(commands::run(shop, command)));
    // A thread that still waits for a person's next line must not hold up the end.
    runtime.shutdown_background();
    ending
}

/// Help and the version are what was asked for; anything else is a mistake in the command line.
fn not_understood(error: &clap::Error, before: args::Glimpse) -> ExitCode {
    let asked_for = !error.use_stderr();
    if before.output == Format::Table || before.output.is_export() || asked_for {
        Output::complaint(error, &args::tree(before.color));
        return ExitCode::from(if asked_for { 0 } else { exit::USAGE });
    }
    Output::plain(before.output).failure(&Failure::usage(error))
}
