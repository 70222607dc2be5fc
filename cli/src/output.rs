//! The only place that prints: results to standard output, everything else to standard error.
//!
//! Text from others cannot drive the terminal: whatever is printed passes [`harmless`], which lets
//! through line breaks and the colours of [`Tone`], and writes out everything else.

mod harmless;
mod table;
mod tone;

use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use clap::error::{ContextKind, ContextValue, ErrorKind};
use kit::text::is_unprintable;
use serde::{Deserialize, Serialize};

use crate::args::{Global, When};
use crate::failure::{Failure, exit};

pub(crate) use harmless::{harmless, harmless_json};
pub(crate) use table::{Cell, Table};
pub(crate) use tone::{Tone, paint};

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON value.
    Json,
    /// One JSON value a line, as soon as each is known.
    Jsonl,
    /// A trace for OpenTelemetry.
    #[value(hide = true)]
    Otlp,
    /// A trace as a sequence diagram.
    #[value(hide = true)]
    Mermaid,
}

impl Format {
    /// Whether it is one of those that only a trace has.
    pub(crate) fn is_export(self) -> bool {
        matches!(self, Self::Otlp | Self::Mermaid)
    }
}

impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Table => "table",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Otlp => "otlp",
            Self::Mermaid => "mermaid",
        })
    }
}

/// Where and how to print.
#[derive(Debug, Clone)]
pub(crate) struct Output {
    format: Format,
    quiet: bool,
    color_out: bool,
    color_err: bool,
    width: Option<usize>,
    animate: bool,
}

impl Output {
    pub(crate) fn new(global: &Global) -> Self {
        let dumb = std::env::var("TERM").is_ok_and(|term| term == "dumb");
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let color = |terminal: bool| match global.color {
            When::Always => true,
            When::Never => false,
            When::Auto => terminal && !dumb && !no_color,
        };
        let (out, err) = (std::io::stdout().is_terminal(), std::io::stderr().is_terminal());
        Self {
            format: global.output,
            quiet: global.quiet,
            color_out: color(out),
            color_err: color(err),
            width: out.then(terminal_width),
            animate: err && !dumb && !global.quiet && global.output == Format::Table,
        }
    }

    /// Output without colours, for when the command line is not understood.
    pub(crate) fn plain(format: Format) -> Self {
        Self { format, quiet: false, color_out: false, color_err: false, width: None, animate: false }
    }

    /// The same for a terminal of a width, or for none.
    #[cfg(test)]
    pub(crate) fn with_width(self, width: Option<usize>) -> Self {
        Self { width, ..self }
    }

    /// Shows what clap has to say: help that was asked for, or what is wrong with the command line.
    pub(crate) fn complaint(error: &clap::Error, tree: &clap::Command) {
        // A closed pipe behind the help is nobody's mistake, hence no failure below. On a terminal
        // clap repeats what was typed as it is, colours and all.
        let typed = |word: OsString| word.to_string_lossy().chars().any(is_unprintable);
        if std::env::args_os().any(typed) {
            return note(&harmless(&error.render().to_string()));
        }
        // A command without what is to be done explains itself, wherever its options come from:
        // clap does so only if the environment sets none.
        let parent = match error.get(ContextKind::InvalidSubcommand) {
            Some(ContextValue::String(parent)) if error.kind() == ErrorKind::MissingSubcommand => parent,
            _ => return drop(error.print()),
        };
        let mut tree = tree.clone();
        tree.build();
        let words = parent.split_whitespace().skip(1);
        let found = words.into_iter().try_fold(&tree, |command, word| command.find_subcommand(word));
        note(&found.unwrap_or(&tree).clone().render_help().to_string());
    }

    /// How results are to be written.
    pub(crate) fn format(&self) -> Format {
        self.format
    }

    /// Whether a person reads the result, rather than a program.
    pub(crate) fn is_table(&self) -> bool {
        self.format == Format::Table
    }

    /// The width of the terminal that shows the result; none if it is not one, and then nothing is
    /// cut or wrapped.
    pub(crate) fn width(&self) -> Option<usize> {
        self.width
    }

    /// Whether standard error is a terminal on which lines may be redrawn.
    pub(crate) fn may_animate(&self) -> bool {
        self.animate
    }

    /// Whether colours are wanted on standard output.
    pub(crate) fn has_colour(&self) -> bool {
        self.color_out
    }

    /// Text for standard output in a colour, if colours are wanted there.
    pub(crate) fn paint(&self, tone: Tone, text: &str) -> String {
        paint(self.color_out, tone, text)
    }

    /// Text for standard error in a colour, if colours are wanted there.
    pub(crate) fn paint_note(&self, tone: Tone, text: &str) -> String {
        paint(self.color_err, tone, text)
    }

    /// Writes a line of a result for people.
    pub(crate) fn line(&self, text: impl AsRef<str>) -> Result<(), Failure> {
        self.write(&format!("{}\n", harmless(text.as_ref())))
    }

    /// Writes a table for people.
    pub(crate) fn table(&self, table: &Table) -> Result<(), Failure> {
        self.write(&harmless(&self.draw(table)))
    }

    /// A table as text, as wide as the terminal.
    pub(crate) fn draw(&self, table: &Table) -> String {
        table.draw(self.width, self.color_out)
    }

    /// Writes a result as JSON: laid out for `json`, on one line for `jsonl`.
    pub(crate) fn json(&self, value: &impl Serialize) -> Result<(), Failure> {
        let text = match self.format {
            Format::Jsonl => serde_json::to_string(value),
            _ => serde_json::to_string_pretty(value),
        };
        let text = text.map_err(|error| {
            Failure::new(exit::BUG, "bug", format!("the result cannot be written as JSON: {error}"))
        })?;
        self.write(&format!("{}\n", harmless_json(&text)))
    }

    /// Writes many results: a table for people, a list as `json`, one a line as `jsonl`.
    pub(crate) fn list<T: Serialize>(
        &self,
        items: &[T],
        table: impl FnOnce(&[T]) -> Table,
    ) -> Result<(), Failure> {
        match self.format {
            Format::Table => self.table(&table(items)),
            Format::Json | Format::Otlp | Format::Mermaid => self.json(&items),
            Format::Jsonl => items.iter().try_for_each(|item| self.json(item)),
        }
    }

    /// Writes a result in the place of the one before it, if this is a terminal; below it if not.
    pub(crate) fn redraw(&self, text: &str) -> Result<(), Failure> {
        let text = harmless(text);
        match self.width {
            // In one go and without clearing first, so that nothing flickers.
            Some(_) => self.write(&format!("\u{1b}[H{}\u{1b}[J", text.replace('\n', "\u{1b}[K\n"))),
            None => self.write(&format!("{text}\n")),
        }
    }

    /// Makes room for [`Self::redraw`], if this is a terminal.
    pub(crate) fn clear(&self) -> Result<(), Failure> {
        if self.width.is_some() { self.write("\u{1b}[2J") } else { Ok(()) }
    }

    /// Says something that is not a result to people: on standard error, unless `--quiet`.
    pub(crate) fn say(&self, text: impl AsRef<str>) {
        if self.format == Format::Table && !self.quiet {
            note(&format!("{}\n", harmless(text.as_ref())));
        }
    }

    /// Says which command comes next.
    pub(crate) fn next(&self, command: impl AsRef<str>) {
        self.say(format!("{} {}", self.paint_note(Tone::Faint, "next:"), command.as_ref()));
    }

    /// Says something that must not be overlooked, also with `--quiet`.
    pub(crate) fn warn(&self, text: impl AsRef<str>) {
        if self.format == Format::Table || self.format.is_export() {
            note(&format!("{} {}\n", self.paint_note(Tone::Warn, "warning:"), harmless(text.as_ref())));
        }
    }

    /// Shows a failure and answers its exit code.
    pub(crate) fn failure(&self, failure: &Failure) -> ExitCode {
        if !failure.is_shown() {
            match self.format {
                Format::Table | Format::Otlp | Format::Mermaid => note(&self.failure_text(failure)),
                // There is nothing left to do if this cannot be written either.
                Format::Json | Format::Jsonl => drop(self.json(&failure.to_json())),
            }
        }
        ExitCode::from(failure.exit())
    }

    fn failure_text(&self, failure: &Failure) -> String {
        let mut text = String::new();
        for (label, line) in failure.lines() {
            let line = harmless(&line).replace('\n', "\n        ");
            match label {
                "error" => text.push_str(&format!("{} {line}\n", self.paint_note(Tone::Bad, "error:"))),
                label => text.push_str(&format!(
                    "  {}  {line}\n",
                    self.paint_note(Tone::Faint, &format!("{label:<4}"))
                )),
            }
        }
        text
    }

    fn write(&self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        out.write_all(text.as_bytes())
            .and_then(|()| out.flush())
            .map_err(|error| Failure::io("the result was not written", &error))
    }
}

/// Nobody can be told that standard error is closed.
fn note(text: &str) {
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

/// How many lines the terminal has.
pub(crate) fn terminal_height() -> usize {
    ratatui::crossterm::terminal::size().map_or(24, |(_, lines)| usize::from(lines))
}

/// How wide the terminal is: as the environment says, or as it says itself.
pub(crate) fn terminal_width() -> usize {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    // The table library asks the terminal; nothing else here needs to.
    let asked = || comfy_table::Table::new().width().map(usize::from);
    said.or_else(asked).filter(|width| *width > 0).unwrap_or(80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_laid_out_under_its_first_line() {
        let failure =
            Failure::new(9, "out_of_stock", "order not placed").why("two\nlines").mend("a").mend("b");
        assert_eq!(
            Output::plain(Format::Table).failure_text(&failure),
            "error: order not placed\n  why   two\n        lines\n  mend  a\n        b\n  code  out_of_stock   (exit 9)\n"
        );
    }
}
