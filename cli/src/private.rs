//! Files that are nobody else's business: for their owner only, and written whole or not at all.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use kit::text::printable;

use crate::failure::{Failure, exit};

/// Length of such a file in bytes. A longer one is none of ours.
const BYTES_MAX: u64 = 16 << 10;

/// The name of a file for messages.
pub(crate) fn shown(path: &Path) -> String {
    printable(&path.display().to_string()).into_owned()
}

/// Makes a folder that only its owner can enter; one that is there already is closed to others.
///
/// # Errors
/// If the system does not make it.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        fs::set_permissions(path, Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Reads a text; none if there is no such file.
///
/// # Errors
/// 78 if others can read or change it, 74 if it cannot be read or is no text of a few lines.
pub(crate) fn read(path: &Path) -> Result<Option<String>, Failure> {
    let failed = |error: io::Error| Failure::io(format!("{} was not read", shown(path)), &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    if file.metadata().map_err(failed)?.permissions().mode() & 0o077 != 0 {
        let message = format!("{} was not used: others than its owner can read or change it", shown(path));
        return Err(Failure::new(exit::CONFIGURATION, "exposed", message)
            .mend(format!("chmod 600 {}      if nobody else has used it yet", shown(path))));
    }
    let mut text = String::new();
    file.take(BYTES_MAX + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(failed(ErrorKind::FileTooLarge.into()));
    }
    Ok(Some(text))
}

/// Writes a file in the place of the one that is there, if any.
///
/// # Errors
/// If it could not be written; what was there is there still.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = write_beside(path, text)?;
    fs::rename(&new, path).inspect_err(|_| drop(fs::remove_file(&new)))
}

/// Writes a file unless there is one. Answers whether it did.
///
/// # Errors
/// If it could not be written.
pub(crate) fn create(path: &Path, text: &str) -> io::Result<bool> {
    let new = write_beside(path, text)?;
    // A link, unlike a renaming, leaves alone what somebody else has put there meanwhile.
    let linked = fs::hard_link(&new, path);
    let _ = fs::remove_file(&new);
    match linked {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

/// Opens the file that a lock is held on.
///
/// # Errors
/// If it cannot be made.
pub(crate) fn open_lock(path: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// Brings a text to the disk, in a file beside the one that it will become.
fn write_beside(path: &Path, text: &str) -> io::Result<PathBuf> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(name);
    // One that is left over from a process that was cut off; whoever had this number has ended.
    let _ = fs::remove_file(&new);
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(&new)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    written.inspect_err(|_| drop(fs::remove_file(&new)))?;
    Ok(new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_folder_is_for_its_owner_only_also_if_it_was_open_before() {
        let scratch = tempfile::tempdir().unwrap();
        let folder = scratch.path().join("shop/sessions");
        make_folder(&folder).unwrap();
        assert_eq!((mode(&folder), mode(&scratch.path().join("shop"))), (0o700, 0o700));
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        make_folder(&folder).unwrap();
        assert_eq!(mode(&folder), 0o700);
    }

    #[test]
    fn a_file_is_replaced_whole_and_nothing_else_is_left() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("secret");
        replace(&path, "one").unwrap();
        replace(&path, "two").unwrap();
        assert_eq!(read(&path).unwrap().as_deref(), Some("two"));
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(scratch.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_there_is_not_made_again() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("secret");
        assert!(create(&path, "one").unwrap());
        assert!(!create(&path, "two").unwrap());
        assert_eq!(read(&path).unwrap().as_deref(), Some("one"));
        assert_eq!((mode(&path), fs::read_dir(scratch.path()).unwrap().count()), (0o600, 1));
    }

    #[test]
    fn a_file_that_others_can_read_is_not_used() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("secret");
        replace(&path, "one").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let failure = read(&path).unwrap_err();
        assert_eq!((failure.exit(), failure.code()), (exit::CONFIGURATION, "exposed"));
    }

    #[test]
    fn a_file_that_is_much_too_long_is_not_read() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("secret");
        replace(&path, &"x".repeat(20 << 10)).unwrap();
        assert_eq!(read(&path).unwrap_err().exit(), exit::IO);
        assert_eq!(read(&scratch.path().join("nothing")).unwrap(), None);
    }
}
