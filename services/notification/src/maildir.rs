//! Mails as files, in a folder that every mail program can read.
//!
//! The folder is a maildir: a mail is written in `tmp`, brought to the disk, and then moved to
//! `new`, so that nobody ever reads half of it. Whoever has seen it moves it to `cur` and appends
//! flags to its name. The name follows from the message, so a repeat after a crash finds the file
//! that is there already.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use kit::Trouble;
use kit::engine::port::Waiting;
use lettre::message::Mailbox;

use crate::channel::{Channel, Message};
use crate::mail::compose;

/// A folder of mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Maildir {
    folder: PathBuf,
    from: Mailbox,
}

impl Maildir {
    /// The maildir at a folder, which is made with the first mail.
    pub fn at(folder: PathBuf, from: Mailbox) -> Self {
        Self { folder, from }
    }
}

impl Channel for Maildir {
    fn deliver<'a>(&'a self, message: &'a Message) -> Waiting<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let content = with_plain_line_ends(&compose(message, &self.from)?.formatted());
            let (folder, name) = (self.folder.clone(), file_name(message));
            tokio::task::spawn_blocking(move || store(&folder, &name, &content))
                .await
                .map_err(|error| {
                    Trouble::Unknown(format!("the mail folder was not written to the end: {error}"))
                })?
                .map_err(|error| Trouble::Transient(format!("the mail folder cannot be written: {error}")))
        })
    }
}

fn file_name(message: &Message) -> String {
    let Message { notification, generation, asked_at, .. } = message;
    format!("{}.{notification}_{generation}.shop", asked_at.as_second())
}

/// Files of a maildir end their lines as other files do.
fn with_plain_line_ends(content: &[u8]) -> Vec<u8> {
    let is_kept = |place: &usize| content[*place] != b'\r' || content.get(place + 1) != Some(&b'\n');
    (0..content.len()).filter(is_kept).map(|place| content[place]).collect()
}

fn store(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    make(folder)?;
    let new = folder.join("new");
    if !is_there(folder, name)? {
        let written = folder.join("tmp").join(name);
        let mut file = File::create(&written)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(written, new.join(name))?;
    }
    // Also for a repeat: whoever moved the file may have ended before the move was on the disk.
    sync(&new)
}

/// Only the shop's own user may read what people are written to.
fn make(folder: &Path) -> io::Result<()> {
    if folder.join("cur").is_dir() {
        return Ok(());
    }
    for part in ["tmp", "new", "cur"] {
        DirBuilder::new().recursive(true).mode(0o700).create(folder.join(part))?;
    }
    sync(folder)?;
    folder.parent().map_or(Ok(()), sync)
}

fn is_there(folder: &Path, name: &str) -> io::Result<bool> {
    if folder.join("new").join(name).try_exists()? {
        return Ok(true);
    }
    for seen in fs::read_dir(folder.join("cur"))? {
        let seen = seen?.file_name();
        let flags = seen.as_encoded_bytes().strip_prefix(name.as_bytes());
        if flags.is_some_and(|flags| flags.is_empty() || flags.starts_with(b":")) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Brings the names in a folder to the disk.
fn sync(folder: &Path) -> io::Result<()> {
    // The parent of a bare name is the empty path, which means here.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(folder: &Path, part: &str) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder.join(part))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_mail_is_whole_or_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().join("mail");
        store(&folder, "a", b"text").unwrap();
        assert_eq!(fs::read(folder.join("new/a")).unwrap(), b"text");
        assert_eq!((files(&folder, "tmp"), files(&folder, "cur")), (vec![], vec![]));
    }

    #[test]
    fn what_a_crash_left_half_written_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        make(folder.path()).unwrap();
        fs::write(folder.path().join("tmp/a"), b"half of a longer te").unwrap();
        store(folder.path(), "a", b"text").unwrap();
        assert_eq!(fs::read(folder.path().join("new/a")).unwrap(), b"text");
        assert_eq!(files(folder.path(), "tmp"), [""; 0]);
    }

    #[test]
    fn a_repeat_finds_the_mail_also_when_it_has_been_read() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        store(folder, "a", b"text").unwrap();
        store(folder, "a", b"text").unwrap();
        assert_eq!(files(folder, "new"), ["a"]);

        fs::rename(folder.join("new/a"), folder.join("cur/a:2,S")).unwrap();
        store(folder, "a", b"text").unwrap();
        assert_eq!((files(folder, "new"), files(folder, "cur")), (vec![], vec!["a:2,S".to_owned()]));

        store(folder, "ab", b"text").unwrap();
        assert_eq!(files(folder, "new"), ["ab"]);
    }

    #[test]
    fn only_line_ends_lose_their_carriage_return() {
        assert_eq!(with_plain_line_ends(b"a\r\nb\rc\r\r\n\r"), b"a\nb\rc\r\n\r");
    }
}
