//! Mails as files, in a folder that every mail program can read.
//!
//! The folder is a maildir: a mail is written in `tmp`, brought to the disk, and then moved to
//! `new`, so that nobody ever reads half of it. Whoever has seen it moves it to `cur` and appends
//! flags to its name. The name follows from the message, so a repeat after a crash finds the file
//! that is there already.
//!
//! Mails may carry codes: nobody but the shop's own user can open the folder or a file in it.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use kit::Trouble;
use kit::engine::port::Waiting;
use lettre::message::Mailbox;

use crate::channel::{Channel, Message};
use crate::mail::compose;

/// What may be done with a folder of mails, and with a mail, and by whom: everything, by its owner.
const FOLDER_MODE: u32 = 0o700;
const MAIL_MODE: u32 = 0o600;

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
        // What a crash left may be open to others, and would stay so.
        remove_left(&written)?;
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MAIL_MODE).open(&written)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(written, new.join(name))?;
    }
    // Also for a repeat: whoever moved the file may have ended before the move was on the disk.
    sync(&new)
}

fn remove_left(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Only the shop's own user may read what people are written to, also in a folder that was made by
/// somebody else.
fn make(folder: &Path) -> io::Result<()> {
    let is_new = !folder.join("cur").is_dir();
    if is_new {
        for part in ["tmp", "new", "cur"] {
            DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder.join(part))?;
        }
    }
    if fs::metadata(folder)?.permissions().mode() & 0o777 != FOLDER_MODE {
        fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?;
    }
    if is_new {
        sync(folder)?;
        return folder.parent().map_or(Ok(()), sync);
    }
    Ok(())
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
    fn nobody_else_can_read_a_mail_whoever_made_the_folder() {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let top = tempfile::tempdir().unwrap();
        let (own, found) = (top.path().join("own"), top.path().join("found"));
        fs::create_dir_all(found.join("tmp")).unwrap();
        fs::create_dir_all(found.join("cur")).unwrap();
        fs::create_dir_all(found.join("new")).unwrap();
        fs::set_permissions(&found, Permissions::from_mode(0o755)).unwrap();
        fs::write(found.join("tmp/a"), b"left open").unwrap();
        fs::set_permissions(found.join("tmp/a"), Permissions::from_mode(0o666)).unwrap();
        for folder in [own, found] {
            store(&folder, "a", b"text").unwrap();
            assert_eq!((mode(&folder), mode(&folder.join("new/a"))), (0o700, 0o600));
        }
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
