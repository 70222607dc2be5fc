//! The contexts of the `nats` command, as far as they can be used: address, key and authorities.
//!
//! They stand in `context/NAME.json` of its folder, and `context.txt` names the one that is selected.

use std::fs;
use std::path::{Path, PathBuf};

use kit::client::names_user;
use kit::text::is_name;
use serde_json::{Map, Value};

use super::{Context, book};
use crate::failure::{Failure, exit};
use crate::private::shown;

/// What the name of such a context begins with here.
pub(crate) const PREFIX: &str = "nats:";

/// Length of such a file in bytes; a longer one is none.
const BYTES_MAX: u64 = 64 << 10;

/// How many of them are listed.
const LISTED_MAX: usize = 500;

/// What the inboxes of somebody begin with; behind it stands their name.
const INBOX: &str = "_INBOX.";

/// Where the broker is if the context does not say.
const URL_DEFAULT: &str = "nats://127.0.0.1:4222";

/// Ways in that this shop's broker does not have, and other things that would be left out silently.
const UNUSABLE: &[&str] = &[
    "user",
    "password",
    "token",
    "creds",
    "user_jwt",
    "nsc",
    "cert",
    "key",
    "socks_proxy",
    "jetstream_domain",
    "jetstream_api_prefix",
    "tls_first",
    "windows_cert_store",
];

/// A context of the `nats` command.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Foreign {
    /// What of it can be used.
    pub(crate) context: Context,
    /// Whose the key is, if the context says so.
    pub(crate) holder: Option<String>,
    /// Why it cannot be used, in words.
    pub(crate) problem: Option<Problem>,
}

/// Why a context of the `nats` command cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// There is none of this name.
    Missing,
    /// The file is none, or cannot be read.
    Malformed(String),
    /// It has fields that cannot be followed.
    Fields(Vec<&'static str>),
}

impl Problem {
    /// In a few words.
    pub(crate) fn short(&self) -> String {
        match self {
            Self::Missing => "there is none".to_owned(),
            Self::Malformed(why) => why.clone(),
            Self::Fields(fields) => format!("has {}", fields.join(", ")),
        }
    }

    /// What is said by a command that needed it.
    pub(crate) fn failure(&self, name: &str) -> Failure {
        let name = book::brief(name);
        let failed = |what: String| Failure::new(exit::CONFIGURATION, "nats_context_unusable", what);
        match self {
            Self::Missing => failed(format!("nobody was asked: the nats command has no context called {name}"))
                .mend("shopctl context ls"),
            Self::Malformed(why) => {
                failed(format!("nobody was asked: the nats context {name} is not understood: {why}"))
                    .mend(format!("nats context validate {name}"))
            }
            Self::Fields(fields) => failed(format!(
                "nobody was asked: the nats context {name} has {}, which cannot be used here",
                fields.join(", ")
            ))
            .why("the broker of a shop lets people in by a key (nkey) and nothing else, on a connection of their own")
            .mend(format!("shopctl context add {name} --nats URL --seed NAME.seed      a context with a key that an admin made: shopctl user add"))
            .mend(format!("nats context edit {name}      to take {} out and put nkey in", fields.join(", "))),
        }
    }
}

/// The context that the `nats` command has selected.
pub(crate) fn selected(folder: &Path) -> Option<String> {
    let text = read(&folder.join("context.txt")).ok()?;
    Some(text.trim().to_owned()).filter(|name| book::is_name(name))
}

/// The names of all of them, in order.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder.join("context")) else { return Vec::new() };
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".json")?.to_owned()))
        .filter(|name| book::is_name(name))
        .take(LISTED_MAX)
        .collect();
    names.sort();
    names
}

/// Reads one. What is wrong with it is in the answer: whoever does not ask the broker need not know.
pub(crate) fn load(folder: &Path, name: &str) -> Foreign {
    let wrong = |problem| Foreign { problem: Some(problem), ..Foreign::default() };
    let path = folder.join("context").join(format!("{name}.json"));
    if !book::is_name(name) || matches!(path.try_exists(), Ok(false)) {
        return wrong(Problem::Missing);
    }
    match read(&path) {
        Ok(text) => understand(&text, std::env::home_dir().as_deref())
            .unwrap_or_else(|why| wrong(Problem::Malformed(format!("{}: {why}", shown(&path))))),
        Err(error) => wrong(Problem::Malformed(format!("{}: {error}", shown(&path)))),
    }
}

fn read(path: &Path) -> std::io::Result<String> {
    if fs::metadata(path)?.len() > BYTES_MAX {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    fs::read_to_string(path)
}

/// What a context says. Its values are never repeated in an error: there may be a password in it.
fn understand(text: &str, home: Option<&Path>) -> Result<Foreign, String> {
    let fields: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| format!("line {}, column {}: it is no JSON object", error.line(), error.column()))?;
    let said = |name: &str| match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("{name} is no text")),
    };
    let path = |name: &str| said(name).map(|text| text.map(|text| expand(text, home)));
    let is_set = |name: &str| match fields.get(name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(_) => true,
    };
    let mut unusable: Vec<&str> = UNUSABLE.iter().copied().filter(|name| is_set(name)).collect();
    // One broker at a time is asked, and the first that is named is as good as the others.
    let url = said("url")?.and_then(|list| list.split(',').map(str::trim).find(|url| !url.is_empty()));
    if url.is_some_and(names_user) {
        unusable.push("a password in its url");
    }
    let context = Context {
        nats: Some(url.unwrap_or(URL_DEFAULT).to_owned()).filter(|_| unusable.is_empty()),
        seed: path("nkey")?,
        nats_ca: path("ca")?,
        ..Context::default()
    };
    let prefix = said("inbox_prefix")?.and_then(|prefix| prefix.trim_end_matches('.').strip_prefix(INBOX));
    let holder = prefix.filter(|name| is_name(name)).map(str::to_owned);
    let problem = (!unusable.is_empty()).then_some(Problem::Fields(unusable));
    Ok(Foreign { context, holder, problem })
}

/// A path as the `nats` command reads it: `~` is the home of whoever asks.
fn expand(text: &str, home: Option<&Path>) -> PathBuf {
    match (text.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_key_authorities_and_whose_the_key_is_are_understood() {
        let text = r#"{"description":"x","url":"tls://a:4222, tls://b:4222","nkey":"~/k/ann.nk","ca":"/ca.pem",
            "inbox_prefix":"_INBOX.ann","user":"","creds":"","tls_first":false,"jetstream_domain":""}"#;
        let foreign = understand(text, Some(Path::new("/home/ann"))).unwrap();
        assert_eq!(foreign.context.nats.as_deref(), Some("tls://a:4222"));
        assert_eq!(foreign.context.seed.as_deref(), Some(Path::new("/home/ann/k/ann.nk")));
        assert_eq!(foreign.context.nats_ca.as_deref(), Some(Path::new("/ca.pem")));
        assert_eq!((foreign.holder.as_deref(), foreign.problem), (Some("ann"), None));
        assert_eq!(understand("{}", None).unwrap().context.nats.as_deref(), Some(URL_DEFAULT));
    }

    #[test]
    fn what_cannot_be_followed_is_named_and_its_value_is_not() {
        let secret = "hunter2";
        let text = format!(
            r#"{{"url":"nats://ann:{secret}@a:4222","user":"ann","password":"{secret}","creds":"/x"}}"#
        );
        let foreign = understand(&text, None).unwrap();
        let problem = foreign.problem.clone().unwrap();
        assert_eq!(problem, Problem::Fields(vec!["user", "password", "creds", "a password in its url"]));
        let failure = problem.failure("old");
        assert!(!format!("{failure:?}{foreign:?}").contains(secret));
        assert_eq!((failure.exit(), failure.code()), (exit::CONFIGURATION, "nats_context_unusable"));
    }

    #[test]
    fn a_file_that_is_none_is_told_without_what_stands_in_it() {
        for wrong in ["", "[]", "5", "{\"url\":5}", "{\"password\":\"hunter2\"", "\"hunter2\""] {
            let why = understand(wrong, None).unwrap_err();
            assert!(!why.contains("hunter2"), "{why}");
        }
    }

    #[test]
    fn they_are_listed_and_the_selected_one_is_known() {
        let scratch = tempfile::tempdir().unwrap();
        assert_eq!((names(scratch.path()), selected(scratch.path())), (vec![], None));
        fs::create_dir(scratch.path().join("context")).unwrap();
        for name in ["b.json", "a.json", "a b.json", "x.txt"] {
            fs::write(scratch.path().join("context").join(name), "{}").unwrap();
        }
        fs::write(scratch.path().join("context.txt"), "b\n").unwrap();
        assert_eq!(names(scratch.path()), ["a", "b"]);
        assert_eq!(selected(scratch.path()).as_deref(), Some("b"));
        assert_eq!(load(scratch.path(), "c").problem, Some(Problem::Missing));
        assert_eq!(load(scratch.path(), "../a").problem, Some(Problem::Missing));
        assert_eq!(load(scratch.path(), "a").problem, None);
    }
}
