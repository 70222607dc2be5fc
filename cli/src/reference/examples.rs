//! Every command has examples in its help, and each of them is understood by the program itself.

use clap::Command;

use super::commands;
use crate::args::{When, tree};

/// What follows an example, to say what it does.
const REMARK: &str = "  ";

/// What stands in examples for something that came before, and what it may be.
const VARIABLES: [(&str, &str); 2] =
    [("$CART", "cart_01h2e8kqvbfwea724h75qc655w"), ("$ORDER", "ord_01h2e8kqvbfwea724h75qc655w")];

/// The commands of this program that stand in a line, each as its words.
fn examples(line: &str) -> Vec<Vec<String>> {
    line.match_indices("shopctl ")
        // What is part of a longer word is no command, nor is a file called so.
        .filter(|(at, _)| line[..*at].chars().next_back().is_none_or(|before| " (`".contains(before)))
        .map(|(at, _)| words(&line[at..]))
        .collect()
}

/// The words of a command as a shell reads them, up to a pipe, another command or a remark.
fn words(text: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, '|' | '>' | '<' | ')' | ';' | '&' | '#' | '`') => break,
            (None, ' ') if rest.starts_with(REMARK) => break,
            (None, ' ') => words.extend(word.take()),
            (_, '$') if let Some(name) = VARIABLES.iter().find(|(name, _)| rest.starts_with(name)) => {
                word.get_or_insert_default().push_str(name.1);
                rest = &rest[name.0.len()..];
                continue;
            }
            _ => word.get_or_insert_default().push(character),
        }
        rest = &rest[character.len_utf8()..];
    }
    words.extend(word);
    words
}

fn help(command: &Command) -> String {
    let text = command.get_after_long_help().or_else(|| command.get_after_help());
    text.map(ToString::to_string).unwrap_or_default()
}

#[test]
fn every_command_has_an_example_of_itself() {
    let mut root = tree(When::Never);
    root.build();
    let without: Vec<&str> = commands(&root)
        .into_iter()
        .filter(|command| !command.has_subcommands() && !command.is_hide_set())
        .filter_map(|command| {
            let name = command.get_bin_name().unwrap_or_default();
            let own: Vec<&str> = name.split(' ').collect();
            let help = help(command);
            let mut all = help.lines().flat_map(examples);
            let has = help.lines().any(|line| line == "Examples:")
                && all
                    .any(|words| words.starts_with(&own.iter().map(ToString::to_string).collect::<Vec<_>>()));
            (!has).then_some(name)
        })
        .collect();
    assert!(without.is_empty(), "without an example: {without:#?}");
}

#[test]
fn every_example_is_understood() {
    let mut root = tree(When::Never);
    root.build();
    let mut seen = 0;
    for command in std::iter::once(&root).chain(commands(&root)) {
        let name = command.get_bin_name().unwrap_or_default();
        let help = help(command).replace("\\\n", " ");
        for line in help.lines().filter(|line| line.starts_with("  ")) {
            for words in examples(line.trim()) {
                seen += 1;
                if let Err(error) = tree(When::Never).try_get_matches_from(&words) {
                    assert!(!error.use_stderr(), "{name}: {line}\n{words:?}\n{error}");
                }
            }
        }
    }
    assert!(seen > 50, "{seen} examples");
}

#[test]
fn a_line_is_read_as_a_shell_reads_it() {
    let read = |line: &str| examples(line).iter().map(|words| words.join("|")).collect::<Vec<_>>();
    assert_eq!(
        read("shopctl order get X --reason 'a  b'    what it is"),
        ["shopctl|order|get|X|--reason|a  b"]
    );
    assert_eq!(read("shopctl ls -o json | jq '.[] | .x'"), ["shopctl|ls|-o|json"]);
    assert_eq!(read("source <(shopctl completion bash)"), ["shopctl|completion|bash"]);
    assert_eq!(read("a | shopctl stock receive -f - > out"), ["shopctl|stock|receive|-f|-"]);
    assert_eq!(read("man shopctl-order-place"), Vec::<String>::new());
}
