//! What a command goes by: option, variable, context or neither; each value with where it came from.
//!
//! Each value is looked for on its own: the option, the variable, the context that was named
//! (`--context`, `SHOP_CONTEXT`, `NATS_CONTEXT`), the context in use. After that it is for the data
//! folder, and then for the usual value, which whoever needs it knows.
//!
//! With one exception: whoever names a data folder means the shop in it. Then neither the context in
//! use nor `NATS_CONTEXT`, which is about other things too, says anything about broker, key and
//! authorities; a context that was named does.

use std::fmt;
use std::path::{Path, PathBuf};

use kit::client::names_user;

use super::book::{self, Book};
use super::nats::{self, Problem};
use super::{Context, Places};
use crate::failure::{Failure, exit};
use crate::output::Format;

/// The variable that names a context of the `nats` command, also to that command.
pub(crate) const NATS_CONTEXT: &str = "NATS_CONTEXT";

/// The code of an address that names a user or a password.
pub(crate) const PASSWORD_IN_URL: &str = "password_in_url";

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An option of the command line, such as `--nats`.
    Option(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// A context, and what made it the one.
    Context(String, By),
}

/// What made a context the one to go by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// `--context`.
    Option,
    /// A variable of the environment.
    Variable(&'static str),
    /// `shopctl context use`.
    Use,
}

impl By {
    /// Whether it gives way to a data folder that was named.
    fn is_weak(self) -> bool {
        matches!(self, Self::Use | Self::Variable(NATS_CONTEXT))
    }
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option => f.write_str("--context"),
            Self::Variable(name) => f.write_str(name),
            Self::Use => f.write_str("shopctl context use"),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(name) | Self::Variable(name) => f.write_str(name),
            Self::Context(name, By::Use) => write!(f, "context {name}, in use"),
            Self::Context(name, by) => write!(f, "context {name}, by {by}"),
        }
    }
}

/// A value and where it came from.
pub(crate) type Setting<T> = Option<(T, Origin)>;

/// What options and variables say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) context: Option<(String, By)>,
    pub(crate) nats: Setting<String>,
    pub(crate) data: Setting<PathBuf>,
    pub(crate) seed: Setting<PathBuf>,
    pub(crate) nats_ca: Setting<PathBuf>,
    pub(crate) output: Setting<Format>,
}

impl Said {
    /// Takes the address of the broker out if it names a user or a password: nobody is let in by them, and
    /// an address is shown by results and errors. None if it does not.
    pub(crate) fn take_password(&mut self) -> Option<Failure> {
        let (_, origin) = self.nats.take_if(|(url, _)| names_user(url))?;
        let exit = if matches!(origin, Origin::Option(_)) { exit::USAGE } else { exit::CONFIGURATION };
        let what =
            format!("nothing was done: there is a user or a password in the address of the broker, {origin}");
        let failure = Failure::new(exit, PASSWORD_IN_URL, what).why(
            "the broker of a shop lets people in by a key, and a password would be shown by every error",
        );
        Some(
            failure
                .mend(format!("take out of {origin} what stands before the @, and name a key: --seed FILE")),
        )
    }
}

/// The context to go by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// Its name; that of one of the `nats` command begins with `nats:`.
    pub(crate) name: String,
    pub(crate) by: By,
    pub(crate) context: Context,
    /// Whose the key is, if the context says so.
    pub(crate) holder: Option<String>,
    /// Why nobody can be asked with it.
    pub(crate) problem: Option<Problem>,
}

/// What a command goes by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The context that was named, whether there is one of this name or not.
    pub(crate) named: Option<(String, By)>,
    /// The one to go by.
    pub(crate) chosen: Option<Chosen>,
    pub(crate) nats: Setting<String>,
    pub(crate) data: Setting<PathBuf>,
    pub(crate) seed: Setting<PathBuf>,
    pub(crate) nats_ca: Setting<PathBuf>,
    pub(crate) output: Setting<Format>,
}

impl Settings {
    /// Joins what options and variables say with the context to go by.
    pub(crate) fn join(said: Said, chosen: Option<Chosen>) -> Self {
        let mut settings = Self {
            named: said.context,
            chosen: None,
            nats: said.nats,
            data: said.data,
            seed: said.seed,
            nats_ca: said.nats_ca,
            output: said.output,
        };
        let Some(mut chosen) = chosen else { return settings };
        let (name, by) = (chosen.name.clone(), chosen.by);
        let origin = || Origin::Context(name.clone(), by);
        let Context { nats, data, seed, nats_ca, output } = chosen.context.clone();
        if by.is_weak() && settings.data.is_some() {
            chosen.problem = None;
        } else {
            settings.nats = settings.nats.or_else(|| Some((nats?, origin())));
            settings.seed = settings.seed.or_else(|| Some((seed?, origin())));
            settings.nats_ca = settings.nats_ca.or_else(|| Some((nats_ca?, origin())));
        }
        settings.data = settings.data.or_else(|| Some((data?, origin())));
        settings.output = settings.output.or_else(|| Some((output?, origin())));
        settings.chosen = Some(chosen);
        settings
    }

    /// Whose the key is, if the context that names it says so.
    pub(crate) fn holder(&self) -> Option<&str> {
        let from_context = matches!(self.seed, Some((_, Origin::Context(..))));
        self.chosen.as_ref().filter(|_| from_context)?.holder.as_deref()
    }

    /// Whether the key is named by a context of the `nats` command, where no name says whose it is.
    pub(crate) fn is_key_of_nats(&self) -> bool {
        matches!(&self.seed, Some((_, Origin::Context(name, _))) if name.starts_with(nats::PREFIX))
    }

    /// Why nobody can be asked with the context, unless something wins over it.
    pub(crate) fn problem(&self) -> Option<&Problem> {
        let is_needed = self.nats.is_none() || self.is_key_of_nats();
        self.chosen.as_ref().filter(|_| is_needed)?.problem.as_ref()
    }

    /// Somebody can be asked.
    ///
    /// # Errors
    /// 78 with what mends it.
    pub(crate) fn check(&self) -> Result<(), Failure> {
        match (self.problem(), &self.chosen) {
            (Some(problem), Some(chosen)) => {
                Err(problem.failure(chosen.name.trim_start_matches(nats::PREFIX)))
            }
            _ => Ok(()),
        }
    }

    /// What a named context says and a variable wins over, in words; empty if nothing.
    pub(crate) fn outvoted(&self) -> Vec<String> {
        let Some(chosen) = self.chosen.as_ref().filter(|chosen| chosen.by == By::Option) else {
            return Vec::new();
        };
        let said = &chosen.context;
        let by_variable = |is_said: bool, origin: Option<&Origin>| match origin {
            Some(Origin::Variable(name)) if is_said => Some(*name),
            _ => None,
        };
        let origin = |setting: &Setting<PathBuf>| setting.as_ref().map(|(_, origin)| origin.clone());
        [
            by_variable(said.nats.is_some(), self.nats.as_ref().map(|(_, origin)| origin)),
            by_variable(said.data.is_some(), origin(&self.data).as_ref()),
            by_variable(said.seed.is_some(), origin(&self.seed).as_ref()),
            by_variable(said.nats_ca.is_some(), origin(&self.nats_ca).as_ref()),
        ]
        .into_iter()
        .flatten()
        .map(|variable| format!("{variable} is set, and wins over what context {} says", chosen.name))
        .collect()
    }
}

/// Finds the context to go by: the one that was named, else the one in use.
///
/// # Errors
/// 78 if there is none of that name, or if the file of the contexts cannot be used.
pub(crate) fn choose(
    named: Option<&(String, By)>,
    places: Option<&Places>,
) -> Result<Option<Chosen>, Failure> {
    let Some(places) = places else {
        return match named {
            Some(_) => Places::needed().map(|_| None),
            None => Ok(None),
        };
    };
    if let Some((name, by)) = named
        && name.starts_with(nats::PREFIX)
    {
        return Ok(Some(foreign(name, *by, &places.nats)));
    }
    let mut book = Book::read(&places.book)?;
    let (name, by) = match (named, &book.current) {
        (Some((name, by)), _) => (name.clone(), *by),
        (None, Some(name)) => (name.clone(), By::Use),
        (None, None) => return Ok(None),
    };
    if name.starts_with(nats::PREFIX) {
        return Ok(Some(foreign(&name, by, &places.nats)));
    }
    match book.contexts.remove(&name) {
        Some(context) => Ok(Some(Chosen { name, by, context, holder: None, problem: None })),
        None => Err(missing(&name, by, &book, places)),
    }
}

fn foreign(name: &str, by: By, folder: &Path) -> Chosen {
    let bare = name.strip_prefix(nats::PREFIX).unwrap_or(name);
    // `nats:` alone is whichever the nats command has selected.
    let bare = if bare.is_empty() { nats::selected(folder).unwrap_or_default() } else { bare.to_owned() };
    let nats::Foreign { context, holder, problem } = nats::load(folder, &bare);
    // Whatever it is, it is repeated by what names it.
    let shown = if book::is_name(&bare) { bare } else { book::brief(&bare) };
    Chosen { name: format!("{}{shown}", nats::PREFIX), by, context, holder, problem }
}

fn missing(name: &str, by: By, book: &Book, places: &Places) -> Failure {
    let names = book.contexts.keys().map(String::as_str);
    let failure = book::unknown(exit::CONFIGURATION, name, names, |near| match by {
        By::Option => format!("--context {near}"),
        By::Variable(variable) => format!("{variable}={near}"),
        By::Use => format!("shopctl context use {near}"),
    });
    let failure = match nats::names(&places.nats).iter().find(|of_nats| *of_nats == name) {
        Some(of_nats) => {
            failure.mend(format!("{}{of_nats}      is the context of the nats command", nats::PREFIX))
        }
        None => failure,
    };
    match by {
        By::Use => failure
            .why(format!("{} says that it is in use", crate::private::shown(&places.book)))
            .mend("shopctl context use --none"),
        by => failure.why(format!("{by} names it")),
    }
}

#[cfg(test)]
mod tests;
