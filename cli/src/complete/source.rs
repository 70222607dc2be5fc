//! Which kind of thing stands where on a command line.

use clap::{Arg, Command};
use clap_complete::engine::ArgValueCandidates;

use super::live::{Kind, candidates};

/// What is meant by an argument of this name, wherever it stands.
const BY_NAME: &[(&str, Kind)] = &[
    ("order", Kind::Orders),
    ("sku", Kind::Products),
    ("skus", Kind::Products),
    ("item", Kind::Products),
    ("items", Kind::Products),
    ("payment", Kind::Payments),
    ("customer", Kind::Customers),
    ("notification", Kind::Notifications),
    ("device", Kind::Devices),
    ("profile", Kind::Profiles),
    ("alarm", Kind::Alarms),
    ("rule", Kind::Rules),
    ("hold_sku", Kind::Products),
    ("count_sku", Kind::Products),
    ("context", Kind::Contexts),
    ("stream", Kind::Streams),
    ("streams", Kind::Streams),
    ("service", Kind::Services),
    ("services", Kind::Services),
    ("letter", Kind::DeadLetters),
    ("letters", Kind::DeadLetters),
];

/// What is meant by an argument of a command, where the name alone says too little.
const BY_PLACE: &[(&str, &str, Kind)] = &[
    ("shopctl trace", "id", Kind::Orders),
    ("shopctl device profile", "name", Kind::Profiles),
    ("shopctl device activate", "devices", Kind::Devices),
    ("shopctl device suspend", "devices", Kind::Devices),
    ("shopctl device retire", "devices", Kind::Devices),
    ("shopctl context use", "name", Kind::Contexts),
    ("shopctl context show", "name", Kind::Contexts),
    ("shopctl context rm", "name", Kind::Contexts),
];

/// The same tree, whose arguments know what there is.
pub(crate) fn attach(mut tree: Command) -> Command {
    tree.build();
    attached(tree)
}

fn attached(command: Command) -> Command {
    let place = command.get_bin_name().unwrap_or(command.get_name()).to_owned();
    command
        .mut_args(|arg| match kind(&place, &arg) {
            Some(kind) => arg.add(ArgValueCandidates::new(move || candidates(kind))),
            None => arg,
        })
        .mut_subcommands(attached)
}

/// The kind of thing that stands here; none for text, numbers, and words that clap knows itself.
fn kind(place: &str, arg: &Arg) -> Option<Kind> {
    let id = arg.get_id().as_str();
    let takes_value = arg.get_action().takes_values() && arg.get_possible_values().is_empty();
    let by_place = BY_PLACE.iter().find(|(command, name, _)| *command == place && *name == id);
    let by_name = || BY_NAME.iter().find(|(name, _)| *name == id).map(|(_, kind)| *kind);
    by_place.map(|(_, _, kind)| *kind).or_else(by_name).filter(|_| takes_value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{When, tree};

    fn kinds(command: &Command) -> Vec<(String, String, Kind)> {
        let place = command.get_bin_name().unwrap_or(command.get_name());
        let own = command
            .get_arguments()
            .filter_map(|arg| Some((place.to_owned(), arg.get_id().to_string(), kind(place, arg)?)));
        own.chain(command.get_subcommands().flat_map(kinds)).collect()
    }

    #[test]
    fn what_names_a_thing_is_completed_with_what_there_is() {
        let mut root = tree(When::Never);
        root.build();
        let kinds = kinds(&root);
        let counted =
            |(at, name, _): &(String, String, Kind)| at == "shopctl device simulate" && name == "devices";
        assert!(!kinds.iter().any(counted), "a number is no device");
        for (place, name, kind) in [
            ("shopctl order get", "order", Kind::Orders),
            ("shopctl order place", "items", Kind::Products),
            ("shopctl product get", "sku", Kind::Products),
            ("shopctl trace", "id", Kind::Orders),
            ("shopctl context use", "name", Kind::Contexts),
            ("shopctl", "context", Kind::Contexts),
            ("shopctl logs", "services", Kind::Services),
            ("shopctl device retire", "devices", Kind::Devices),
            ("shopctl device register", "profile", Kind::Profiles),
        ] {
            let wanted = (place.to_owned(), name.to_owned(), kind);
            let near: Vec<_> = kinds.iter().filter(|(at, _, _)| at == place).collect();
            assert!(kinds.contains(&wanted), "{wanted:?} is not among {near:?}");
        }
    }

    #[test]
    fn every_place_that_is_named_is_there() {
        let mut root = tree(When::Never);
        root.build();
        let kinds = kinds(&root);
        for (place, name, _) in BY_PLACE {
            assert!(kinds.iter().any(|(at, arg, _)| at == place && arg == name), "{place} {name}");
        }
    }

    #[test]
    fn the_tree_with_candidates_is_sound() {
        attach(tree(When::Never)).debug_assert();
    }
}
