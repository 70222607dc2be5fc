//! The command line as a whole: the options that every command has.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::parser::ValueSource;
use clap::{ArgMatches, ColorChoice, CommandFactory, Parser, ValueEnum};

use crate::commands::Command;
use crate::context::settings::{By, NATS_CONTEXT, Origin, Said};
use crate::output::Format;
use crate::{context, pick, session};

const EXAMPLES: &str = "\
Examples:
  shopctl up                                        start a shop on this machine
  shopctl product import products.csv               fill its catalog
  shopctl order place --item mug-blue:2 --wait      order, and watch each stage
  shopctl trace ord_01h2e8kqvbfwea724h75qc655w      see every hop of an order
  shopctl down                                      stop the shop; nothing is lost

Results go to standard output, everything else to standard error.
`shopctl help exit-codes` and `shopctl help environment` say more.";

/// The shop from a command line: start it, order, look into it, and follow any order through every service.
#[derive(Debug, Parser)]
#[command(name = "shopctl", version, after_help = EXAMPLES, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The options that every command has.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Go by this context, nats:NAME for one of the nats command [default: the one in use]
    #[arg(long, global = true, value_name = "NAME", env = "SHOP_CONTEXT", hide_env_values = true)]
    pub(crate) context: Option<String>,

    /// Address of the broker [default: the shop in the data folder if it runs, else nats://127.0.0.1:4222]
    #[arg(long, global = true, value_name = "URL", env = "SHOP_NATS_URL", hide_env_values = true)]
    pub(crate) nats: Option<String>,

    /// Data folder of the shop on this machine [default: shop in $XDG_DATA_HOME or ~/.local/share]
    #[arg(long, global = true, value_name = "DIR", env = "SHOP_DATA_DIR", hide_env_values = true)]
    pub(crate) data: Option<PathBuf>,

    /// Key to ask with, named after its holder: NAME.seed [default: keys/operator.seed in the data folder]
    #[arg(long, global = true, value_name = "FILE", env = "SHOP_SEED_FILE", hide_env_values = true)]
    pub(crate) seed: Option<PathBuf>,

    /// Certificates of the authorities to believe about the broker, beside those of the system
    #[arg(long, global = true, value_name = "FILE", env = "SHOP_NATS_CA", hide_env_values = true)]
    pub(crate) nats_ca: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) speaker: session::Options,

    /// How results are written: table, json or jsonl; a trace also as otlp or mermaid
    #[arg(
        short,
        long,
        global = true,
        value_name = "FORMAT",
        env = "SHOP_OUTPUT",
        hide_env_values = true,
        default_value = "table",
        hide_possible_values = true
    )]
    pub(crate) output: Format,

    /// How long an answer may take, such as 500ms or 10s [default: 5s, with --wait 30s]
    #[arg(long, global = true, value_name = "TIME", env = "SHOP_TIMEOUT", hide_env_values = true, value_parser = pick::timeout)]
    pub(crate) timeout: Option<Duration>,

    /// When to use colours: auto, always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        env = "SHOP_COLOR",
        hide_env_values = true,
        default_value = "auto",
        hide_possible_values = true
    )]
    pub(crate) color: When,

    /// Never wait until somebody types something; fail instead
    #[arg(long, global = true)]
    pub(crate) no_input: bool,

    /// Say nothing but results and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    /// Show each request with its size and time
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

impl Global {
    /// What options and variables say about where to ask and how, each with which of them it was.
    pub(crate) fn said(&self, matches: &ArgMatches) -> Said {
        let origin = |id: &str, option, variable| match matches.value_source(id) {
            Some(ValueSource::EnvVariable) => Origin::Variable(variable),
            _ => Origin::Option(option),
        };
        let variable = |name| std::env::var(name).ok().filter(|value: &String| !value.is_empty());
        let by = match origin("context", "--context", "SHOP_CONTEXT") {
            Origin::Variable(name) => By::Variable(name),
            _ => By::Option,
        };
        let of_nats = || {
            let name = variable(NATS_CONTEXT)?;
            Some((format!("{}{name}", context::nats::PREFIX), By::Variable(NATS_CONTEXT)))
        };
        let output_is_said =
            matches.value_source("output").is_some_and(|from| from != ValueSource::DefaultValue);
        let named = self.context.clone().filter(|name| !name.is_empty());
        let nats = self.nats.clone().map(|url| (url, origin("nats", "--nats", "SHOP_NATS_URL")));
        Said {
            context: named.map(|name| (name, by)).or_else(of_nats),
            nats: nats.or_else(|| Some((variable("NATS_URL")?, Origin::Variable("NATS_URL")))),
            data: self.data.clone().map(|path| (path, origin("data", "--data", "SHOP_DATA_DIR"))),
            seed: self.seed.clone().map(|path| (path, origin("seed", "--seed", "SHOP_SEED_FILE"))),
            nats_ca: self.nats_ca.clone().map(|path| (path, origin("nats_ca", "--nats-ca", "SHOP_NATS_CA"))),
            output: output_is_said.then(|| (self.output, origin("output", "--output", "SHOP_OUTPUT"))),
        }
    }
}

/// For commands that change something, so that a repeat cannot do it twice.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Once {
    /// Do it under this key; the same key cannot do it twice [default: a new one]
    #[arg(long, value_name = "KEY", value_parser = pick::idempotency_key)]
    pub(crate) idempotency_key: Option<String>,
}

/// When to do something that only suits a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum When {
    /// If it is a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The tree of commands, as clap has it.
pub(crate) fn tree(color: When) -> clap::Command {
    Args::command().color(match color {
        When::Auto => ColorChoice::Auto,
        When::Always => ColorChoice::Always,
        When::Never => ColorChoice::Never,
    })
}

/// What must be known before the command line is understood, to say in the right form that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Glimpse {
    pub(crate) output: Format,
    pub(crate) color: When,
}

impl Glimpse {
    pub(crate) fn of(words: impl Iterator<Item = OsString>) -> Self {
        let words: Vec<String> = words.map(|word| word.to_string_lossy().into_owned()).collect();
        let last = |long: &str, short: Option<&str>| {
            let mut found = None;
            let mut rest = words.iter().take_while(|word| *word != "--");
            while let Some(word) = rest.next() {
                if word == long || Some(word.as_str()) == short {
                    found = rest.next().cloned().or(found);
                } else if let Some(value) = word.strip_prefix(long).and_then(|value| value.strip_prefix('='))
                {
                    found = Some(value.to_owned());
                } else if let Some(value) = short.and_then(|short| word.strip_prefix(short)) {
                    found = Some(value.trim_start_matches('=').to_owned());
                }
            }
            found
        };
        let from = |flag: Option<String>, env: &str| flag.or_else(|| std::env::var(env).ok());
        Self {
            output: from(last("--output", Some("-o")), "SHOP_OUTPUT")
                .and_then(|word| Format::from_str(&word, false).ok())
                .unwrap_or_default(),
            color: from(last("--color", None), "SHOP_COLOR")
                .and_then(|word| When::from_str(&word, false).ok())
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tree_of_commands_is_sound() {
        tree(When::Auto).debug_assert();
    }

    #[test]
    fn the_form_of_an_error_is_known_even_if_the_command_line_is_not_understood() {
        let glimpse = |words: &[&str]| Glimpse::of(words.iter().map(OsString::from)).output;
        assert_eq!(glimpse(&["ordr", "-o", "json"]), Format::Json);
        assert_eq!(glimpse(&["-ojsonl", "ordr"]), Format::Jsonl);
        assert_eq!(glimpse(&["--output=json"]), Format::Json);
        assert_eq!(glimpse(&["--output", "nonsense"]), Format::Table);
        assert_eq!(glimpse(&["--", "-o", "json"]), Format::Table);
        assert_eq!(glimpse(&["-o"]), Format::Table);
    }
}
