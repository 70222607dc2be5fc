//! The reference page: every command with its options, printed from what the program itself knows.
//!
//! `UPDATE_EXPECT=1 cargo test -p cli` writes it anew.

mod examples;

use std::fmt::Write;

use clap::Command;

use crate::args::{When, tree};

const HEAD: &str = "\
# shopctl

Every command with its options, printed from the program: `UPDATE_EXPECT=1 cargo test -p cli` writes
this page anew, and a test compares it.

";

fn page() -> String {
    let mut root = tree(When::Never).term_width(100);
    root.build();
    let mut page = HEAD.to_owned();
    chapter(&mut page, &root, true);
    for command in commands(&root) {
        chapter(&mut page, command, false);
    }
    page
}

/// Every command below this one, each followed by its own.
pub(crate) fn commands(root: &Command) -> Vec<&Command> {
    let below = root.get_subcommands().filter(|command| command.get_name() != "help");
    below.flat_map(|command| std::iter::once(command).chain(commands(command))).collect()
}

fn chapter(page: &mut String, command: &Command, with_global: bool) {
    let name = command.get_bin_name().unwrap_or(command.get_name());
    if command.is_hide_set() {
        // A page of `shopctl help`, rather than something to do.
        let text = command.get_long_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(page, "## shopctl help {}\n\n```text\n{}\n```\n", command.get_name(), text.trim());
        return;
    }
    // The options of every command stand once, at the top.
    let mut shown = command.clone().mut_args(|arg| match arg.is_global_set() && !with_global {
        true => arg.hide(true),
        false => arg,
    });
    // The short form has one line an option, the long form says what the command does.
    if let Some(about) = command.get_long_about().cloned() {
        shown = shown.about(about);
    }
    let text = shown.term_width(100).render_help().to_string();
    let text: Vec<&str> = text.lines().map(str::trim_end).collect();
    let _ = writeln!(page, "## {name}\n\n```text\n{}\n```\n", text.join("\n").trim());
}

#[test]
fn the_reference_page_says_what_the_program_says() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reference.md");
    let page = page().trim_end().to_owned() + "\n";
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "cli/reference.md is not what the program says; run UPDATE_EXPECT=1 cargo test -p cli"
    );
}

#[test]
fn every_command_and_every_option_explains_itself() {
    let mut root = tree(When::Never);
    root.build();
    for command in commands(&root) {
        let name = command.get_bin_name().unwrap_or_default();
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(!about.is_empty() && !about.ends_with('.'), "{name}: {about:?}");
        // What stands without a name, such as `<SKU>`, is its own explanation.
        for arg in command.get_arguments().filter(|arg| !arg.is_positional()) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            assert!(!help.is_empty() && !help.ends_with('.'), "{name} {}: {help:?}", arg.get_id());
        }
    }
}
