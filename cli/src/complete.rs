//! What may come next on a command line, for a shell that asks while somebody types.
//!
//! The script of `shopctl completion` runs this program with `COMPLETE=bash` and the words so far.
//! Whatever goes wrong is silent: a person who types is not told about brokers. Nothing is offered
//! that a shell or a terminal might obey.
//!
//! # Layout
//! - [`live`]: what there is of each kind, asked with a deadline
//! - [`source`]: which kind of thing stands where

mod live;
mod source;

use std::process::ExitCode;

use clap_complete::env::CompleteEnv;

use crate::args::{When, tree};

/// The variable that says which shell asks.
pub(crate) const VARIABLE: &str = "COMPLETE";

/// Whether a shell asks what may come next.
pub(crate) fn is_asked() -> bool {
    std::env::var_os(VARIABLE).is_some_and(|shell| !shell.is_empty() && shell != "0")
}

/// Answers the shell.
pub(crate) fn answer() -> ExitCode {
    let here = std::env::current_dir().ok();
    let answered = CompleteEnv::with_factory(|| source::attach(tree(When::Never)))
        .var(VARIABLE)
        .bin("shopctl")
        .try_complete(std::env::args_os(), here.as_deref());
    // What is wrong with the line, the line itself will say when it is run.
    if answered.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
