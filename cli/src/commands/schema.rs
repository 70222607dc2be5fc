//! `shopctl schema`: the shape of what each command writes as JSON.

use std::io::Read;

use serde_json::{Value, json};

use crate::failure::{Failure, exit};
use crate::near::nearest;
use crate::output::Table;
use crate::row;
use crate::shape::form::Form;
use crate::shape::{Entry, Known, LIST};
use crate::shop::Shop;

/// How much is read from standard input, in bytes.
const READ_MAX: u64 = 64 << 20;

/// See the shape of what each command writes as JSON
///
/// Each has a version. Within one, fields may come, and none goes or becomes something else. `?` stands
/// behind a field that may be missing, "any" is whatever it is, "*" every name that is not listed, and
/// "null | string" or {"|": [..]} one of several. A line of -o jsonl is "json", the same, or "json[]", one of the list.
/// Errors have the same shape everywhere: {"error": {"code", "message",
/// "why", "mend", "exit", "trace", "details?"}}.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    Show(Show),
    Check(Check),
    Take(Take),
}

/// List the commands that write JSON, with the version of each shape
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl schema ls
  shopctl schema ls -o jsonl | jq -r .command")]
pub(crate) struct Ls {}

/// Show the shape of what a command writes
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl schema show order get
  shopctl schema show order ls -o json | jq .jsonl")]
pub(crate) struct Show {
    /// Which command, such as `order get`
    #[arg(value_name = "COMMAND", required = true)]
    command: Vec<String>,
}

/// Compare JSON from standard input with the shape of a command
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl order ls -o json | shopctl schema check order ls
  shopctl order ls -o jsonl | shopctl schema check --lines order ls

Exit code 12 says that it is another shape; new fields are said, and no fault.")]
pub(crate) struct Check {
    /// Which command, such as `order get`
    #[arg(value_name = "COMMAND", required = true)]
    command: Vec<String>,
    /// It is what -o jsonl writes
    #[arg(long)]
    lines: bool,
}

/// Take the shape of JSON from standard input
///
/// With a command, its shape with whatever is new besides; refused if something is gone or has become
/// something else.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl order ls -o json | shopctl schema take
  shopctl order ls -o jsonl | shopctl schema take --lines order ls")]
pub(crate) struct Take {
    /// Which command, such as `order get`
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// It is what -o jsonl writes
    #[arg(long)]
    lines: bool,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(_) => ls(shop),
        Command::Show(args) => show(shop, &args.command),
        Command::Check(args) => check(shop, &args),
        Command::Take(args) => take(shop, &args),
    }
}

fn ls(shop: &Shop) -> Result<(), Failure> {
    let items: Vec<Value> =
        LIST.iter().map(|entry| json!({ "command": entry.command, "version": entry.version })).collect();
    shop.out.list(&items, |_| {
        Table::new(&["command", "version"])
            .right(&[1])
            .rows(LIST.iter().map(|entry| row![entry.command, entry.version]))
    })
}

fn show(shop: &Shop, words: &[String]) -> Result<(), Failure> {
    let known = known(words)?;
    shop.out.json(&json!({
        "command": known.command, "version": known.version, "json": known.json, "jsonl": known.jsonl,
    }))
}

fn check(shop: &Shop, args: &Check) -> Result<(), Failure> {
    let known = known(&args.command)?;
    let found = known.form(args.lines).compare(&read()?);
    if shop.out.is_table() {
        found.grown.iter().for_each(|what| shop.out.say(format!("new     {what}")));
        found.broken.iter().try_for_each(|what| shop.out.line(format!("broken  {what}")))?;
    } else {
        shop.out.json(&json!({
            "command": known.command, "version": known.version, "new": found.grown, "broken": found.broken,
        }))?;
    }
    if !found.broken.is_empty() {
        return Err(Failure::shown(exit::PROBLEMS_FOUND));
    }
    shop.out.say(format!("it has the shape of {}, version {}", known.command, known.version));
    Ok(())
}

fn take(shop: &Shop, args: &Take) -> Result<(), Failure> {
    let written = read()?;
    if args.command.is_empty() {
        return shop.out.json(&written.to_json());
    }
    let known = known(&args.command)?;
    let shape = known.form(args.lines);
    let broken = shape.compare(&written).broken;
    if !broken.is_empty() {
        let what = format!("{} does not write version {} any more", known.command, known.version);
        return Err(Failure::new(exit::PROBLEMS_FOUND, "shape_broken", what)
            .why(broken.join("\n"))
            .mend("raise its version in cli/src/shape/list.rs, if that is meant"));
    }
    shop.out.json(&shape.grown_by(written).to_json())
}

impl Known {
    fn form(&self, lines: bool) -> Form {
        match (lines, self.jsonl.as_str(), &self.json) {
            (true, Some("json[]"), Value::Array(items)) => {
                items.first().map(Form::from_json).unwrap_or_default()
            }
            (true, Some("json"), json) | (false, _, json) => Form::from_json(json),
            (true, _, _) => Form::from_json(&self.jsonl),
        }
    }
}

/// The shape of all values of standard input.
fn read() -> Result<Form, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .take(READ_MAX)
        .read_to_string(&mut text)
        .map_err(|error| Failure::io("nothing was compared: standard input was not read", &error))?;
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(&text).into_iter().collect();
    let values = values.map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        Failure::invalid("not_json", format!("nothing was compared: standard input is no JSON at {place}"))
    })?;
    Ok(values.iter().map(Form::of).reduce(Form::join).unwrap_or_default())
}

fn known(words: &[String]) -> Result<Known, Failure> {
    let asked = words.join(" ");
    let asked = asked.trim().trim_start_matches("shopctl ").to_owned();
    let entry = LIST.iter().find(|entry| entry.command == asked);
    entry.map(Entry::known).ok_or_else(|| {
        let what = format!("nothing is known of the JSON of {}", kit::text::printable(&asked));
        let failure = Failure::new(exit::NOT_FOUND, "unknown_command", what);
        let failure = match nearest(&asked, LIST.iter().map(|entry| entry.command)) {
            Some(near) => failure.mend(format!("shopctl schema show {near}")),
            None => failure,
        };
        failure.mend("shopctl schema ls")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_about_its_command_in_its_version() {
        assert!(LIST.is_sorted_by(|one, next| one.command < next.command), "in order, each once");
        for entry in LIST {
            let known = entry.written();
            let known = known.unwrap_or_else(|| panic!("{}: its file is empty", entry.command));
            assert_eq!((known.command.as_str(), known.version), (entry.command, entry.version));
            assert!(!known.json.is_null() || !known.jsonl.is_null(), "{}", entry.command);
        }
    }

    #[test]
    fn a_command_that_was_misspelt_is_recognised() {
        let failure = known(&["order".to_owned(), "gte".to_owned()]).unwrap_err();
        assert_eq!(failure.to_json()["error"]["mend"][0], "shopctl schema show order get");
    }
}
