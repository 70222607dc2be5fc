//! A key that a context of the `nats` command names. Its file may be called anything, so somebody else
//! must say whose it is: requests are signed with that name, and answers arrive under it.

use std::path::Path;

use kit::access::Identity;
use kit::text::{is_name, printable};

use super::Ring;
use crate::failure::{Failure, exit};
use crate::private::{self, shown};

/// Any name, while nobody knows the right one.
const NAMELESS: &str = "nobody";

/// Reads such a key. Whose it is, the context says with its inbox prefix, or the roster in the data
/// folder, or the name of the file.
///
/// # Errors
/// 74 if it cannot be read, 78 if it is none, others can read it, or nobody says whose it is.
pub(crate) fn read_of_nats(
    path: &Path,
    holder: Option<&str>,
    ring: Option<&Ring>,
) -> Result<Identity, Failure> {
    let text = private::read(path)?.ok_or_else(|| {
        Failure::io(format!("the key {} was not read", shown(path)), &std::io::ErrorKind::NotFound.into())
    })?;
    let of = |name: &str| {
        Identity::of_seed(name, &text).map_err(|_| {
            let what = format!("{} is not the seed of a user's key (SU...)", shown(path));
            Failure::new(exit::CONFIGURATION, "key_malformed", what)
        })
    };
    let nameless = of(NAMELESS)?;
    let listed = || {
        let roster = ring?.roster().ok()?;
        let member = roster
            .members
            .iter()
            .find(|member| member.keys.iter().any(|key| key == nameless.public_key()))?;
        Some(member.name.clone())
    };
    let stem = || {
        let stem = path.file_stem()?.to_str()?;
        is_name(stem).then(|| stem.to_owned())
    };
    match holder.map(str::to_owned).or_else(listed).or_else(stem) {
        Some(name) => of(&name),
        None => {
            let what = format!("the key {} was not used: nothing says whose it is", shown(path));
            Err(Failure::new(exit::CONFIGURATION, "key_nameless", what)
                .why("requests are signed with the name of whoever holds the key, and answers arrive under it")
                .mend("nats context edit ...      with \"inbox_prefix\": \"_INBOX.NAME\", which nats itself needs to get answers")
                .mend(format!("or copy it to NAME.seed: shopctl --seed NAME.seed ...      instead of {}", printable(&path.display().to_string()))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(file: &str) -> (tempfile::TempDir, std::path::PathBuf, Ring) {
        let scratch = tempfile::tempdir().unwrap();
        let ring = Ring::at(scratch.path().join("keys"), None);
        ring.make().unwrap();
        let path = scratch.path().join(file);
        std::fs::copy(ring.seed("operator"), &path).unwrap();
        (scratch, path, ring)
    }

    #[test]
    fn the_inbox_prefix_the_roster_or_the_file_says_whose_it_is() {
        let (_scratch, path, ring) = scratch("my-key.nk");
        assert_eq!(read_of_nats(&path, Some("ann"), Some(&ring)).unwrap().name(), "ann");
        assert_eq!(read_of_nats(&path, None, Some(&ring)).unwrap().name(), "operator");
        let nameless = read_of_nats(&path, None, None).unwrap_err();
        assert_eq!((nameless.exit(), nameless.code()), (exit::CONFIGURATION, "key_nameless"));
        let (_scratch, path, _) = scratch("bob.nk");
        assert_eq!(read_of_nats(&path, None, None).unwrap().name(), "bob");
    }

    #[test]
    fn what_is_no_key_or_not_there_is_said_without_its_text() {
        let (scratch, path, _) = scratch("bob.nk");
        private::replace(&path, "SUhunter2").unwrap();
        let failure = read_of_nats(&path, None, None).unwrap_err();
        assert!(failure.code() == "key_malformed" && !failure.message().contains("hunter2"));
        let missing = read_of_nats(&scratch.path().join("none"), None, None).unwrap_err();
        assert_eq!(missing.exit(), exit::IO);
    }
}
