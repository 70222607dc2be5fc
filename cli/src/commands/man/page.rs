//! One manual page: what the help says, laid out as manuals are, with examples and exit codes.

use std::fmt::Write;

use clap::Command;
use clap_mangen::Man;

use crate::failure::exit;

/// What examples begin with in the help.
const EXAMPLES: &str = "Examples:";

/// Every command that has a page: this one, and those below it.
pub(crate) fn all(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|below| below.get_name() != "help" && !below.is_hide_set());
    std::iter::once(command).chain(below.flat_map(all)).collect()
}

/// How the page of a command is called: `shopctl-order-place`.
pub(crate) fn name(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-")
}

/// The page as `man` reads it. What belongs to every command stands in the page of the first.
pub(crate) fn of(root: &Command, command: &Command) -> String {
    let name = name(command);
    let is_root = name == root.get_name();
    let shown = command
        .clone()
        // Examples are laid out here, where lines stay lines.
        .after_help("")
        .after_long_help("")
        .mut_args(|arg| if arg.is_global_set() && !is_root { arg.hide(true) } else { arg });
    let man = Man::new(shown)
        .title(name.to_uppercase())
        .manual("Manual of the shop")
        .source("shopctl")
        .section("1");
    let mut bytes = Vec::new();
    let sections = [
        man.render_title(&mut bytes),
        man.render_name_section(&mut bytes),
        man.render_synopsis_section(&mut bytes),
        man.render_description_section(&mut bytes),
        man.render_options_section(&mut bytes),
        if command.has_subcommands() { man.render_subcommands_section(&mut bytes) } else { Ok(()) },
    ];
    debug_assert!(sections.iter().all(Result::is_ok), "nothing fails that writes into memory");
    let mut page = String::from_utf8_lossy(&bytes).into_owned();
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let (examples, remarks): (Vec<&str>, Vec<&str>) =
        examples.trim().split("\n\n").partition(|part| part.starts_with(EXAMPLES));
    let examples = examples.join("\n\n").replace(EXAMPLES, "");
    verbatim(&mut page, "EXAMPLES", examples.trim_start_matches('\n'));
    verbatim(&mut page, "REMARKS", &remarks.join("\n\n"));
    let codes = exit::ALL.iter().map(|(code, meaning)| format!("{code:>3}  {meaning}"));
    verbatim(&mut page, "EXIT STATUS", &codes.collect::<Vec<_>>().join("\n"));
    let also = if is_root { "nats(1), jq(1)" } else { "shopctl(1), which has the options of every command" };
    let _ = writeln!(page, ".SH \"SEE ALSO\"\n{}", escaped(also));
    page
}

/// A section in which lines stay lines.
fn verbatim(page: &mut String, title: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let _ = writeln!(page, ".SH \"{title}\"\n.nf");
    for line in text.lines() {
        let _ = writeln!(page, "{}", escaped(line));
    }
    page.push_str(".fi\n");
}

/// A line that is shown as it is: nothing in it is an instruction to `man`.
fn escaped(line: &str) -> String {
    let text = line.replace('\\', "\\e").replace('-', "\\-");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{When, tree};

    fn root() -> Command {
        let mut root = tree(When::Never);
        root.build();
        root
    }

    #[test]
    fn every_command_has_a_page_with_its_options_and_the_exit_codes() {
        let root = root();
        let pages = all(&root);
        assert!(pages.len() > 50, "{}", pages.len());
        for command in pages {
            let page = of(&root, command);
            let name = name(command).to_uppercase();
            assert!(page.contains(&format!(".TH {name} 1")), "{name}: {page}");
            for section in [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH \"EXIT STATUS\"", "SEE ALSO"]
            {
                assert!(page.contains(section), "{name} has no {section}: {page}");
            }
            assert!(page.contains("there is no connection to the broker"), "{name}");
            let options = command.get_arguments().filter(|arg| !arg.is_global_set() && !arg.is_hide_set());
            for long in options.filter_map(clap::Arg::get_long) {
                assert!(page.contains(&escaped(long)), "{name}: {long}");
            }
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert_eq!(page.contains(".SH \"EXAMPLES\""), help.contains(EXAMPLES), "{name}");
        }
    }

    #[test]
    fn what_every_command_has_stands_in_the_first_page_only() {
        let root = root();
        assert!(of(&root, &root).contains("\\-\\-nats\\-ca"));
        let down = root.find_subcommand("down").unwrap();
        assert!(!of(&root, down).contains("\\-\\-nats\\-ca"));
    }

    #[test]
    fn nothing_in_an_example_is_an_instruction() {
        assert_eq!(escaped(".so /etc/x"), "\\&.so /etc/x");
        assert_eq!(escaped("a\\fB -o"), "a\\efB \\-o");
    }
}
