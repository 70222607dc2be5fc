//! What went wrong: one line that says it, why, what mends it, and the exit code.

use std::fmt;

use kit::error::reason;
use kit::{Error, Kind};
use serde_json::{Value, json};

/// Exit codes. `shopctl help exit-codes` lists [`ALL`](exit::ALL).
pub(crate) mod exit {
    pub(crate) const OTHER: u8 = 1;
    pub(crate) const USAGE: u8 = 2;
    pub(crate) const NOT_FOUND: u8 = 3;
    pub(crate) const UNAUTHENTICATED: u8 = 4;
    pub(crate) const FORBIDDEN: u8 = 5;
    pub(crate) const CONFLICT: u8 = 6;
    pub(crate) const OUTCOME_UNKNOWN: u8 = 7;
    pub(crate) const PENDING: u8 = 8;
    pub(crate) const REFUSED: u8 = 9;
    pub(crate) const UNAVAILABLE: u8 = 10;
    pub(crate) const BROKER_UNREACHABLE: u8 = 11;
    pub(crate) const PROBLEMS_FOUND: u8 = 12;
    pub(crate) const BUG: u8 = 70;
    pub(crate) const IO: u8 = 74;
    pub(crate) const LOCKED: u8 = 75;
    pub(crate) const CONFIGURATION: u8 = 78;
    pub(crate) const INTERRUPTED: u8 = 130;

    /// Every exit code with what it means.
    pub(crate) const ALL: &[(u8, &str)] = &[
        (0, "done; also if whoever read the output closed it early"),
        (OTHER, "failed for another reason"),
        (USAGE, "the command line or a value is wrong"),
        (NOT_FOUND, "there is no such thing"),
        (UNAUTHENTICATED, "nobody is signed in, or no longer"),
        (FORBIDDEN, "whoever asks may not do this"),
        (CONFLICT, "somebody else was there first, or the idempotency key was used for something else"),
        (
            OUTCOME_UNKNOWN,
            "no answer in time: it may or may not have happened; the same key cannot do it twice",
        ),
        (PENDING, "--wait ran out of time; it goes on"),
        (REFUSED, "a rule of the shop says no, such as out of stock or card declined"),
        (UNAVAILABLE, "a service does not answer, or has too much to do; try again later"),
        (BROKER_UNREACHABLE, "there is no connection to the broker"),
        (PROBLEMS_FOUND, "a check found problems"),
        (BUG, "a mistake of ours"),
        (IO, "a file, a folder or a terminal could not be read or written"),
        (LOCKED, "something else is at work there; try again later"),
        (CONFIGURATION, "the configuration is wrong or something it needs is missing"),
        (INTERRUPTED, "stopped with Ctrl-C"),
    ];
}

/// Why a command did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure(Box<Facts>);

#[derive(Debug)]
struct Facts {
    exit: u8,
    code: String,
    message: String,
    why: Option<String>,
    mend: Vec<String>,
    details: Option<Value>,
    trace: Option<String>,
}

impl Failure {
    /// A failure with its exit code, a stable code for programs and a line for people: what did not
    /// happen and why, without a full stop.
    pub(crate) fn new(exit: u8, code: impl Into<String>, message: impl Into<String>) -> Self {
        let (code, message) = (code.into(), message.into());
        Self(Box::new(Facts { exit, code, message, why: None, mend: Vec::new(), details: None, trace: None }))
    }

    /// An end with an exit code that needs no further word: the result on the screen says it.
    pub(crate) fn shown(exit: u8) -> Self {
        Self::new(exit, "", "")
    }

    /// A value that a person gave is wrong.
    pub(crate) fn invalid(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(exit::USAGE, code, message)
    }

    /// A file, a folder or a terminal could not be read or written.
    pub(crate) fn io(what: impl fmt::Display, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::shown(0);
        }
        Self::new(exit::IO, "io", format!("{what}: {error}"))
    }

    /// Stopped with Ctrl-C.
    pub(crate) fn interrupted() -> Self {
        Self::new(exit::INTERRUPTED, "interrupted", "stopped with Ctrl-C")
    }

    /// A mistake in the command line, for programs; people get what clap prints.
    pub(crate) fn usage(error: &clap::Error) -> Self {
        use clap::error::ErrorKind::{DisplayHelpOnMissingArgumentOrSubcommand, MissingSubcommand};
        if matches!(error.kind(), DisplayHelpOnMissingArgumentOrSubcommand | MissingSubcommand) {
            return Self::invalid("usage", "nothing says what is to be done").mend("shopctl help");
        }
        let text = error.render().to_string();
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let first = lines.next().unwrap_or("the command line is not understood");
        let mut failure = Self::invalid("usage", first.strip_prefix("error: ").unwrap_or(first));
        for line in lines {
            match line.strip_prefix("tip: ") {
                Some(tip) => failure = failure.mend(tip),
                None if line.starts_with("Usage:") || line.starts_with("For more information") => {}
                None => failure.0.message = format!("{} {line}", failure.0.message),
            }
        }
        failure.mend("shopctl help")
    }

    /// Adds the circumstances that explain it.
    pub(crate) fn why(mut self, why: impl Into<String>) -> Self {
        self.0.why = Some(why.into());
        self
    }

    /// Adds something that mends it: a command that can be pasted, or what to do.
    pub(crate) fn mend(mut self, mend: impl Into<String>) -> Self {
        self.0.mend.push(mend.into());
        self
    }

    /// The same with another exit code.
    pub(crate) fn exiting(mut self, exit: u8) -> Self {
        self.0.exit = exit;
        self
    }

    /// Adds what a program may want to know.
    pub(crate) fn details(mut self, details: Value) -> Self {
        self.0.details = Some(details);
        self
    }

    /// Adds the flow it belongs to, as 32 hexadecimal digits.
    pub(crate) fn trace(mut self, trace: impl Into<String>) -> Self {
        self.0.trace = Some(trace.into());
        self
    }

    /// The same failure with a line that says what did not happen, in front of why.
    pub(crate) fn so(mut self, what: impl fmt::Display) -> Self {
        self.0.message = format!("{what}: {}", self.0.message);
        self
    }

    pub(crate) fn exit(&self) -> u8 {
        self.0.exit
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &str {
        &self.0.code
    }

    /// The line for people.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// Whether nothing has to be said beyond the exit code.
    pub(crate) fn is_shown(&self) -> bool {
        self.0.message.is_empty()
    }

    /// As it stands in JSON: `{"error": {...}}`.
    pub(crate) fn to_json(&self) -> Value {
        let facts = &self.0;
        let mut error = json!({
            "code": facts.code, "message": facts.message, "why": facts.why,
            "mend": facts.mend, "exit": facts.exit, "trace": facts.trace,
        });
        if let Some(details) = &facts.details {
            error["details"] = details.clone();
        }
        json!({ "error": error })
    }

    /// As people read it: each line with its label.
    pub(crate) fn lines(&self) -> Vec<(&'static str, String)> {
        let facts = &self.0;
        let mut lines = vec![("error", facts.message.clone())];
        lines.extend(facts.why.iter().map(|why| ("why", why.clone())));
        let mends = facts.mend.iter().enumerate();
        lines.extend(mends.map(|(n, mend)| (if n == 0 { "mend" } else { "" }, mend.clone())));
        let trace = facts.trace.as_ref().map(|trace| format!("   trace {trace}")).unwrap_or_default();
        lines.push(("code", format!("{}{trace}   (exit {})", facts.code, facts.exit)));
        lines
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let exit = match (error.kind, &*error.reason) {
            (_, reason::BROKER_UNREACHABLE) => exit::BROKER_UNREACHABLE,
            (_, reason::IDEMPOTENCY_KEY_REUSED) => exit::CONFLICT,
            (Kind::Invalid, _) => exit::USAGE,
            (Kind::Unauthenticated, _) => exit::UNAUTHENTICATED,
            (Kind::Forbidden, _) => exit::FORBIDDEN,
            (Kind::NotFound, _) => exit::NOT_FOUND,
            (Kind::Conflict, _) => exit::CONFLICT,
            (Kind::Refused, _) => exit::REFUSED,
            (Kind::Overloaded | Kind::Unavailable | Kind::TimedOut, _) => exit::UNAVAILABLE,
            (Kind::Internal, _) => exit::BUG,
        };
        let mut failure = Self::new(exit, &*error.reason, error.message);
        failure.0.details = error.details;
        match failure.code() {
            reason::NO_RESPONDERS => failure
                .mend("shopctl status")
                .mend("shopctl up      starts what does not run, if the shop is on this machine"),
            reason::INTERNAL => failure.mend("shopctl logs      says more, if the shop is on this machine"),
            reason::OVERLOADED | reason::TIMED_OUT => {
                failure.mend("try again in a moment, or give it more time: --timeout 30s")
            }
            _ => failure,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_error_has_its_exit_code() {
        let exit_of = |kind, reason: &'static str| Failure::from(Error::new(kind, reason, "no")).exit();
        assert_eq!(exit_of(Kind::Invalid, "invalid_id"), 2);
        assert_eq!(exit_of(Kind::NotFound, "unknown_order"), 3);
        assert_eq!(exit_of(Kind::Unauthenticated, "x"), 4);
        assert_eq!(exit_of(Kind::Forbidden, "x"), 5);
        assert_eq!(exit_of(Kind::Conflict, "version_conflict"), 6);
        assert_eq!(exit_of(Kind::Refused, reason::IDEMPOTENCY_KEY_REUSED), 6);
        assert_eq!(exit_of(Kind::Refused, "out_of_stock"), 9);
        assert_eq!(exit_of(Kind::Overloaded, reason::OVERLOADED), 10);
        assert_eq!(exit_of(Kind::Unavailable, reason::NO_RESPONDERS), 10);
        assert_eq!(exit_of(Kind::Unavailable, reason::BROKER_UNREACHABLE), 11);
        assert_eq!(exit_of(Kind::Internal, reason::INTERNAL), 70);
    }

    #[test]
    fn the_list_of_exit_codes_names_each_once_and_in_order() {
        assert!(exit::ALL.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_closed_pipe_is_a_quiet_end() {
        let failure = Failure::io("the result was not written", &std::io::ErrorKind::BrokenPipe.into());
        assert!(failure.is_shown());
        assert_eq!(failure.exit(), 0);
    }

    #[test]
    fn an_error_says_what_why_how_to_mend_it_and_its_code() {
        let failure =
            Failure::new(exit::REFUSED, "out_of_stock", "order not placed: only 1 of mug-blue is left")
                .why("2 were asked for")
                .mend("shopctl order place --item mug-blue:1")
                .mend("shopctl stock get mug-blue")
                .trace("4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(
            failure.lines(),
            [
                ("error", "order not placed: only 1 of mug-blue is left".to_owned()),
                ("why", "2 were asked for".to_owned()),
                ("mend", "shopctl order place --item mug-blue:1".to_owned()),
                ("", "shopctl stock get mug-blue".to_owned()),
                ("code", "out_of_stock   trace 4bf92f3577b34da6a3ce929d0e0e4736   (exit 9)".to_owned()),
            ]
        );
    }
}
