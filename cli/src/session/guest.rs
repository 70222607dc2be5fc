//! The secret of a guest: whoever holds it sees what was ordered with it, and nobody else does.

use std::path::Path;

use kit::caller::GuestId;
use kit::clock::{Chance, SystemChance};
use kit::id::encode;

use crate::failure::{Failure, exit};
use crate::private::{self, shown};

/// A guest's secret, as it stands in a file, and whether it was made just now.
pub(crate) struct Guest {
    pub(crate) secret: String,
    pub(crate) is_new: bool,
}

/// Reads the secret of a guest; makes one of 256 random bits if there is no such file.
///
/// # Errors
/// 78 if what stands there is no secret or others can read it, 74 if the file cannot be read or made.
pub(crate) fn read_or_make(path: &Path) -> Result<Guest, Failure> {
    if let Some(text) = private::read(path)? {
        return Ok(Guest { secret: checked(path, &text)?, is_new: false });
    }
    let secret = format!("{}{}", encode(SystemChance.bits()), encode(SystemChance.bits()));
    let made = private::create(path, &format!("{secret}\n"))
        .map_err(|error| Failure::io(format!("no guest's secret was made in {}", shown(path)), &error))?;
    if made {
        return Ok(Guest { secret, is_new: true });
    }
    // Somebody else was quicker, so theirs is the secret.
    let text = private::read(path)?.unwrap_or_default();
    Ok(Guest { secret: checked(path, &text)?, is_new: false })
}

fn checked(path: &Path, text: &str) -> Result<String, Failure> {
    let secret = text.trim();
    GuestId::of_secret(secret).map_err(|_| {
        let message = format!("{} holds no guest's secret", shown(path));
        Failure::new(exit::CONFIGURATION, "malformed_guest", message)
            .why("a secret is 22 to 128 letters, digits, - or _, on a line of its own")
            .mend("--guest FILE      with a file that is not there yet makes one")
    })?;
    Ok(secret.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_secret_is_made_once_and_for_its_owner_only() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("guest");
        let made = read_or_make(&path).unwrap();
        let again = read_or_make(&path).unwrap();
        assert!(made.is_new && !again.is_new);
        assert_eq!(made.secret, again.secret);
        assert_eq!(made.secret.len(), 52);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let other = read_or_make(&scratch.path().join("other")).unwrap();
        assert_ne!(made.secret, other.secret);
    }

    #[test]
    fn what_is_no_secret_is_not_repeated() {
        let scratch = tempfile::tempdir().unwrap();
        let path = scratch.path().join("guest");
        private::replace(&path, "hunter2 is no secret").unwrap();
        let failure = read_or_make(&path).err().unwrap();
        assert_eq!((failure.exit(), failure.code()), (exit::CONFIGURATION, "malformed_guest"));
        assert!(!failure.to_json().to_string().contains("hunter2"));
    }
}
