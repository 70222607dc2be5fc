//! The file of the contexts of this person: read with the line of each mistake, written whole.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use kit::client::names_user;
use kit::text::printable;
use serde::{Deserialize, Serialize};

use super::Context;

use crate::failure::{Failure, exit};
use crate::near::nearest;
use crate::private::{self, shown};
use crate::stack::folder::{self, Lock};

/// Length of the name of a context in characters.
const NAME_CHARS_MAX: usize = 40;

/// Of a name that is none, so many characters at most are repeated.
const NAME_SHOWN_CHARS_MAX: usize = 60;

/// What stands at the top of the file.
const HEAD: &str =
    "# Written by `shopctl context`; it may be edited, but remarks are lost at the next change.\n\n";

/// Every context, and which is in use.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Book {
    /// The one in use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    /// The one before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) previous: Option<String>,
    /// What each says.
    #[serde(default)]
    pub(crate) contexts: BTreeMap<String, Context>,
}

impl Book {
    /// Reads the file; an empty book if there is none.
    ///
    /// # Errors
    /// 78 with file and line if something in it is not understood, or if others can read or change
    /// it; 74 if it cannot be read.
    pub(crate) fn read(path: &Path) -> Result<Self, Failure> {
        let Some(text) = private::read(path)? else { return Ok(Self::default()) };
        let book = Self::parse(&text).map_err(|(line, why)| malformed(path, line, &why))?;
        if let Some(name) = book.contexts.keys().find(|name| !is_name(name)) {
            return Err(malformed(path, line_of_name(&text, name), &format!("'{}' {NO_NAME}", brief(name))));
        }
        let url_of = |context: &Context| context.nats.clone().filter(|url| names_user(url));
        if let Some(url) = book.contexts.values().find_map(url_of) {
            let line = text.lines().position(|line| line.contains(&url)).unwrap_or(0) + 1;
            return Err(malformed(path, line, PASSWORD_IN_ADDRESS));
        }
        Ok(book)
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error| {
            let at = error.span().map_or(0, |span| span.start).min(text.len());
            let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count() + 1;
            (line, error.message().replace('\n', " "))
        })
    }

    /// Reads the file, changes it, and writes it whole; nobody else writes it meanwhile.
    ///
    /// # Errors
    /// As [`Self::read`]; 75 if somebody else is changing it; 74 if it cannot be written.
    pub(crate) fn change<T>(
        path: &Path,
        change: impl FnOnce(&mut Self) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        let unwritten = |error| Failure::io(format!("{} was not written", shown(path)), &error);
        if let Some(folder) = path.parent() {
            private::make_folder(folder).map_err(unwritten)?;
        }
        let _lock = lock(path)?;
        let mut book = Self::read(path)?;
        let answer = change(&mut book)?;
        let text = toml::to_string(&book).map_err(|error| {
            Failure::new(exit::BUG, "bug", format!("the contexts cannot be written: {error}"))
        })?;
        private::replace(path, &format!("{HEAD}{text}")).map_err(unwritten)?;
        Ok(answer)
    }

    /// Puts a context in use, in the place of the one that was; none for no context.
    pub(crate) fn put_in_use(&mut self, name: Option<String>) {
        if self.current != name {
            self.previous = std::mem::replace(&mut self.current, name);
        }
    }

    /// Takes a context out of the book. Answers whether it was there.
    pub(crate) fn remove(&mut self, name: &str) -> bool {
        for mark in [&mut self.current, &mut self.previous] {
            if mark.as_deref() == Some(name) {
                *mark = None;
            }
        }
        self.contexts.remove(name).is_some()
    }
}

/// What is wrong with an address that is not repeated.
const PASSWORD_IN_ADDRESS: &str =
    "there is a user or a password in the address of the broker, which lets people in by a key";

const NO_NAME: &str = "is not the name of a context: up to 40 letters, digits, '-', '_' and '.'";

/// Reads the name of a context.
pub(crate) fn name(text: &str) -> Result<String, String> {
    if is_name(text) { Ok(text.to_owned()) } else { Err(format!("this {NO_NAME}")) }
}

/// Whether a context may be called so: it goes into file names and onto screens.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    begins_well && text.len() <= NAME_CHARS_MAX && text.bytes().all(plain)
}

/// A name as an error repeats it, whatever it is: a long one is cut.
pub(crate) fn brief(name: &str) -> String {
    match name.char_indices().nth(NAME_SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}...", printable(&name[..end])),
        None => printable(name).into_owned(),
    }
}

/// There is no context of this name.
pub(crate) fn unknown<'a>(
    exit: u8,
    name: &str,
    names: impl IntoIterator<Item = &'a str>,
    mend: impl Fn(&str) -> String,
) -> Failure {
    let failure =
        Failure::new(exit, "unknown_context", format!("there is no context called {}", brief(name)));
    let failure = match nearest(name, names) {
        Some(near) => failure.mend(format!("{}      if that was meant", mend(near))),
        None => failure,
    };
    failure.mend("shopctl context ls")
}

fn malformed(path: &Path, line: usize, why: &str) -> Failure {
    let place = format!("{}:{line}", shown(path));
    Failure::new(
        exit::CONFIGURATION,
        "contexts_malformed",
        format!("no context was used: {place}: {}", printable(why)),
    )
    .mend(format!("correct line {line} of that file"))
}

/// The line on which a table of this name begins.
fn line_of_name(text: &str, name: &str) -> usize {
    let found = text.lines().position(|line| line.trim_start().starts_with('[') && line.contains(name));
    found.unwrap_or(0) + 1
}

fn lock(path: &Path) -> Result<Lock, Failure> {
    let name = PathBuf::from(path).with_extension("lock");
    folder::lock(&name, "another shopctl is changing the contexts".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;
    use std::os::unix::fs::PermissionsExt;

    fn edge() -> Context {
        Context {
            nats: Some("nats://192.0.2.7:4222".to_owned()),
            seed: Some("/keys/ann.seed".into()),
            output: Some(Format::Jsonl),
            ..Context::default()
        }
    }

    #[test]
    fn what_is_written_is_what_is_read_and_for_nobody_else() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("shop/contexts.toml");
        assert_eq!(Book::read(&path).unwrap(), Book::default());
        Book::change(&path, |book| {
            book.contexts.insert("edge-berlin".to_owned(), edge());
            book.put_in_use(Some("edge-berlin".to_owned()));
            Ok(())
        })
        .unwrap();
        let book = Book::read(&path).unwrap();
        assert_eq!((book.current.as_deref(), &book.contexts["edge-berlin"]), (Some("edge-berlin"), &edge()));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with(
            "current = \"edge-berlin\"\n\n[contexts.edge-berlin]\nnats = \"nats://192.0.2.7:4222\"\nseed = \"/keys/ann.seed\"\noutput = \"jsonl\"\n"
        ), "{text}");
    }

    #[test]
    fn a_mistake_in_the_file_is_shown_with_its_line() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("contexts.toml");
        let said = |text: &str| {
            private::replace(&path, text).unwrap();
            let failure = Book::read(&path).unwrap_err();
            assert_eq!((failure.exit(), failure.code()), (exit::CONFIGURATION, "contexts_malformed"));
            failure.message().to_owned()
        };
        let unknown = said("[contexts.edge]\nnats = \"a\"\nsed = \"b\"\n");
        assert!(unknown.contains("contexts.toml:3: unknown field `sed`"), "{unknown}");
        assert!(said("current = 5").contains("contexts.toml:1: "));
        assert!(said("[contexts.edge]\noutput = \"yaml\"\n").contains("contexts.toml:2: "));
        assert!(said("[contexts.edge\n").contains("contexts.toml:1: "));
        assert!(said("\n[contexts.\"a/b\"]\n").contains("contexts.toml:2: 'a/b' is not the name"));
        assert!(!said("[contexts.\"a\\u001b[2J\"]\n").contains('\u{1b}'));
        let password = said("[contexts.edge]\noutput = \"json\"\nnats = \"nats://me:hunter2@a:1\"\n");
        assert!(password.contains("contexts.toml:3: there is a user or a password"), "{password}");
        assert!(!password.contains("hunter2"));
        assert!(said(&format!("[contexts.\"{}\"]\n", "x".repeat(9_000))).len() < 1000);
    }

    #[test]
    fn a_change_that_fails_leaves_the_file_as_it_was() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("contexts.toml");
        Book::change(&path, |book| {
            book.contexts.insert("edge".to_owned(), edge());
            Ok(())
        })
        .unwrap();
        let refused = Book::change(&path, |book| -> Result<(), Failure> {
            book.contexts.clear();
            Err(Failure::invalid("no", "no"))
        });
        assert!(refused.is_err());
        assert_eq!(Book::read(&path).unwrap().contexts.len(), 1);
    }

    #[test]
    fn the_context_before_is_remembered_and_one_that_is_removed_is_not() {
        let mut book = Book::default();
        for name in ["a", "b"] {
            book.contexts.insert(name.to_owned(), edge());
            book.put_in_use(Some(name.to_owned()));
        }
        book.put_in_use(Some("b".to_owned()));
        assert_eq!((book.current.as_deref(), book.previous.as_deref()), (Some("b"), Some("a")));
        assert!(book.remove("b") && !book.remove("b"));
        assert_eq!((book.current.as_deref(), book.previous.as_deref()), (None, Some("a")));
    }

    #[test]
    fn a_name_can_stand_in_a_path_and_on_a_screen() {
        for good in ["a", "edge-berlin", "shop_2.local", "_x"] {
            assert!(is_name(good), "{good}");
        }
        for wrong in ["", "-", "-a", ".", "..", "a/b", "nats:a", "a b", "é", "a\n", &"a".repeat(41)] {
            assert!(!is_name(wrong), "{wrong:?}");
        }
    }
}
