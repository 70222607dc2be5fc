//! Replacing keys without a gap, in three steps: both keys are good, the new one is in use, the old
//! one is good no more. A step that was cut off is made again by beginning anew.

use kit::access::{Identity, Roster};

use super::ring::{Ring, generate};
use crate::failure::{Failure, exit};

/// Writes a new key beside the present one of each of these, for the broker and the services to know
/// before anybody uses it.
///
/// # Errors
/// 3 if somebody does not stand in the roster; 74 if it cannot be written.
pub(crate) fn begin(ring: &Ring, names: &[String]) -> Result<Vec<Identity>, Failure> {
    let mut roster = ring.roster()?;
    let mut new = Vec::new();
    for name in names {
        let present = in_use(ring, &roster, name)?;
        let identity = generate(name)?;
        set(&mut roster, name, vec![present, identity.public_key().to_owned()]);
        new.push(identity);
    }
    ring.store(&roster)?;
    Ok(new)
}

/// Puts the new keys in the place of the old ones, for whoever starts from now on.
///
/// # Errors
/// 74 if one cannot be written; both keys are still good.
pub(crate) fn swap(ring: &Ring, new: &[Identity]) -> Result<(), Failure> {
    new.iter().try_for_each(|identity| ring.put(identity))
}

/// Takes all keys of these out of the roster but the one that is in use.
///
/// # Errors
/// As [`begin`].
pub(crate) fn finish(ring: &Ring, names: &[String]) -> Result<(), Failure> {
    let mut roster = ring.roster()?;
    for name in names {
        let present = in_use(ring, &roster, name)?;
        set(&mut roster, name, vec![present]);
    }
    ring.store(&roster)
}

/// The key that a member uses: the one in the folder, or if it is kept elsewhere, the newest.
fn in_use(ring: &Ring, roster: &Roster, name: &str) -> Result<String, Failure> {
    let member = roster.member(name).ok_or_else(|| unknown(name))?;
    let here = ring.seed(name);
    let here = if here.exists() { Some(super::read(&here)?.public_key().to_owned()) } else { None };
    let listed = here.filter(|key| member.keys.contains(key));
    Ok(listed.or_else(|| member.keys.last().cloned()).unwrap_or_default())
}

fn set(roster: &mut Roster, name: &str, keys: Vec<String>) {
    for member in roster.members.iter_mut().filter(|member| member.name == name) {
        member.keys.clone_from(&keys);
    }
}

/// There is nobody of this name.
pub(crate) fn unknown(name: &str) -> Failure {
    let what = format!("nothing was changed: nobody is called {}", kit::text::printable(name));
    Failure::new(exit::NOT_FOUND, "unknown_member", what)
        .mend("shopctl keys ls      shows everybody who has a key")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_keys_are_good_until_the_old_one_is_taken_out() {
        let scratch = tempfile::tempdir().unwrap();
        let ring = Ring::at(scratch.path().join("keys"), None);
        ring.make().unwrap();
        let keys = || ring.roster().unwrap().member("order").unwrap().keys.clone();
        let old = keys();
        let names = ["order".to_owned()];
        begin(&ring, &names).unwrap();
        assert_eq!(keys().len(), 2);
        // Cut off before the new key was in anybody's hands: the next begins anew.
        let new = begin(&ring, &names).unwrap();
        assert_eq!(keys(), [old[0].clone(), new[0].public_key().to_owned()]);
        let users = std::fs::read_to_string(ring.users()).unwrap();
        assert!(keys().iter().all(|key| users.contains(key)));
        swap(&ring, &new).unwrap();
        finish(&ring, &names).unwrap();
        assert_eq!(keys(), [new[0].public_key()]);
        assert!(!std::fs::read_to_string(ring.users()).unwrap().contains(&old[0]));
    }

    #[test]
    fn nobody_of_that_name_gets_a_key() {
        let scratch = tempfile::tempdir().unwrap();
        let ring = Ring::at(scratch.path().join("keys"), None);
        ring.make().unwrap();
        let before = ring.roster().unwrap();
        let refused = begin(&ring, &["order".to_owned(), "nobody".to_owned()]).unwrap_err();
        assert_eq!((refused.exit(), refused.code()), (exit::NOT_FOUND, "unknown_member"));
        assert_eq!(ring.roster().unwrap(), before);
    }
}
