//! Passwords and codes: from a person who types them unseen, from a file, or through a pipe.
//!
//! Never from the command line or the environment: other programs can read both.

mod prompt;

use std::fs::File;
use std::io::{BufRead, BufReader, IsTerminal, Read};
use std::path::{Path, PathBuf};

use contracts::auth::Secret;

use crate::failure::Failure;
use crate::private::shown;
use crate::shop::Shop;

/// Length of the first line of a file with a password, in bytes.
const LINE_BYTES_MAX: u64 = 4096;

/// The option of commands that need a password.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PasswordFile {
    /// Read the password from the first line of this file, - for standard input [default: ask for it]
    #[arg(long, value_name = "FILE")]
    pub(crate) password_file: Option<PathBuf>,
}

/// Reads a password that somebody has.
///
/// # Errors
/// 2 if nobody may be asked and no file is named, 74 if the file cannot be read.
pub(crate) async fn known(shop: &Shop, file: Option<&Path>) -> Result<Secret, Failure> {
    match file {
        Some(file) => from_file(file),
        None => ask(shop, "password", "--password-file").await,
    }
}

/// Reads a password to come: whoever types it types it twice.
///
/// # Errors
/// As [`known`]; 2 if the two are not the same.
pub(crate) async fn new(shop: &Shop, file: Option<&Path>, option: &str) -> Result<Secret, Failure> {
    if let Some(file) = file {
        return from_file(file);
    }
    let first = ask(shop, "new password", option).await?;
    if first == ask(shop, "the same again", option).await? {
        return Ok(first);
    }
    Err(Failure::invalid("not_the_same", "nothing was done: the two passwords are not the same"))
}

/// Reads a code: as it stands in the command line, through a pipe, or from a person.
///
/// # Errors
/// 2 if there is none and nobody may be asked.
pub(crate) async fn code(shop: &Shop, word: Option<String>) -> Result<Secret, Failure> {
    match word {
        Some(code) if code != "-" => Ok(Secret::new(code)),
        _ if std::io::stdin().is_terminal() => ask(shop, "code", "the code as an argument").await,
        _ => from_file(Path::new("-")),
    }
}

async fn ask(shop: &Shop, what: &str, instead: &str) -> Result<Secret, Failure> {
    let no_input = |why: &str| {
        Failure::invalid("no_input", format!("nothing was done: the {what} is missing, and {why}")).mend(
            if instead.starts_with("--") {
                format!("{instead} FILE      reads it from the first line of a file, - from standard input")
            } else {
                format!("give {instead}, or through a pipe")
            },
        )
    };
    if !shop.may_ask() {
        return Err(no_input("--no-input forbids to ask for it"));
    }
    if !std::io::stdin().is_terminal() {
        return Err(no_input("there is no terminal at which to ask for it"));
    }
    checked(&prompt::unseen(what).await?, "what was typed")
}

fn from_file(file: &Path) -> Result<Secret, Failure> {
    let is_stdin = file.as_os_str() == "-";
    let name = if is_stdin { "standard input".to_owned() } else { shown(file) };
    let failed = |error: std::io::Error| Failure::io(format!("{name} was not read"), &error);
    let mut line = Vec::new();
    if is_stdin {
        // The lines behind the first stay for whoever asks next.
        std::io::stdin().lock().take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(failed)?;
    } else {
        let file = File::open(file).map_err(failed)?;
        BufReader::new(file).take(LINE_BYTES_MAX).read_until(b'\n', &mut line).map_err(failed)?;
    }
    let line = String::from_utf8(line)
        .map_err(|_| Failure::invalid("invalid_text", format!("the first line of {name} is not UTF-8")))?;
    checked(&line, &format!("the first line of {name}"))
}

/// A line without its end. How long it must be is for the service to say.
fn checked(line: &str, place: &str) -> Result<Secret, Failure> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() {
        return Err(Failure::invalid("no_input", format!("nothing was done: {place} is empty")));
    }
    if line.len() as u64 >= LINE_BYTES_MAX || line.chars().any(char::is_control) {
        let message = format!("nothing was done: {place} is too long, or holds characters nobody can type");
        return Err(Failure::invalid("invalid_text", message));
    }
    Ok(Secret::new(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_line_is_taken_off() {
        for line in [" a b ", " a b \n", " a b \r\n"] {
            assert_eq!(checked(line, "it").unwrap().expose(), " a b ", "{line:?}");
        }
        for wrong in ["", "\n", "a\u{1a}b", "a\rb", "a\n\n", &"x".repeat(5000)] {
            assert!(checked(wrong, "it").is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_password_is_the_first_line_of_its_file() {
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("password");
        std::fs::write(&file, "correct horse\nanything else\n").unwrap();
        assert_eq!(from_file(&file).unwrap().expose(), "correct horse");
        std::fs::write(&file, b"caf\xe9\n").unwrap();
        let failure = from_file(&file).unwrap_err();
        assert_eq!((failure.exit(), failure.code()), (2, "invalid_text"));
        assert_eq!(from_file(&scratch.path().join("nothing")).unwrap_err().exit(), 74);
    }
}
