//! The folder of the keys: a seed a member, the roster, and beside the folder the broker's users.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use kit::access::roster::{self, Member, Position, Roster};
use kit::access::{Identity, Issuer};
use kit::bus;
use kit::bus::devices::ISSUER;

use crate::failure::{Failure, exit};
use crate::private::{self, shown};
use crate::stack::Folder;

/// The first operator.
pub(crate) const OPERATOR: &str = "operator";

/// The broker's own user.
const SYSTEM: &str = "system";

/// A folder of keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ring {
    keys: PathBuf,
    users: PathBuf,
}

impl Ring {
    /// The keys of the shop in a data folder. Its broker's configuration includes the users.
    pub(crate) fn of(folder: &Folder) -> Self {
        Self::at(folder.keys(), None)
    }

    /// The keys in any folder. The users are written beside it, unless another place is named.
    pub(crate) fn at(keys: PathBuf, users: Option<PathBuf>) -> Self {
        let users = users.unwrap_or_else(|| keys.with_file_name(bus::FILE));
        Self { keys, users }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.keys
    }

    /// The file of the broker's users.
    pub(crate) fn users(&self) -> &Path {
        &self.users
    }

    /// Where the key of a member stands.
    pub(crate) fn seed(&self, name: &str) -> PathBuf {
        Identity::path(&self.keys, name)
    }

    /// The key that commands use when nobody names one, if it is there.
    pub(crate) fn own_seed(&self) -> Option<PathBuf> {
        Some(self.seed(OPERATOR)).filter(|path| path.exists())
    }

    /// A key to ask the services of this folder with: that of the first operator, else of any admin
    /// that is here, else the one that was named.
    ///
    /// # Errors
    /// 78 if there is none; 74 or 78 if it cannot be used.
    pub(crate) fn asker(&self, named: Option<&Path>) -> Result<Identity, Failure> {
        let roster = self.roster()?;
        let admins = roster.members.iter().filter(|member| member.position == Position::Admin);
        let others = admins.map(|member| self.seed(&member.name)).find(|path| path.exists());
        let path = self.own_seed().or(others).or_else(|| named.map(Path::to_path_buf)).ok_or_else(|| {
            let what = format!(
                "the services cannot be asked: there is no key of an admin in {}",
                self.keys.display()
            );
            Failure::new(exit::CONFIGURATION, "no_key", what)
                .mend("the same command with --seed FILE, the key of an admin")
        })?;
        super::read(&path)
    }

    /// What others may do with the file of a key, in the words of `chmod`; none if they may do
    /// nothing, or there is no file.
    pub(crate) fn exposed(file: &Path) -> Option<String> {
        let mode = std::fs::metadata(file).ok()?.permissions().mode() & 0o777;
        (mode & 0o077 != 0).then(|| format!("{mode:o}"))
    }

    /// Everybody with a key; nobody if there is no roster yet.
    ///
    /// # Errors
    /// 74 if it cannot be read, 78 if it is none.
    pub(crate) fn roster(&self) -> Result<Roster, Failure> {
        let path = self.keys.join(roster::FILE);
        if matches!(path.try_exists(), Ok(false)) {
            return Ok(Roster::default());
        }
        Roster::read(&path).map_err(|error| match error {
            roster::RosterError::Unreadable { .. } => {
                Failure::new(exit::IO, "roster_unreadable", error.to_string())
            }
            roster::RosterError::Malformed { .. } => {
                Failure::new(exit::CONFIGURATION, "roster_malformed", error.to_string()).mend(
                    "restore it from a backup; or remove it, then: shopctl keys make      which believes the seeds that are there",
                )
            }
        })
    }

    /// Makes the folder, for its owner only.
    ///
    /// # Errors
    /// 74 if it cannot be made.
    pub(crate) fn create(&self) -> Result<(), Failure> {
        private::make_folder(&self.keys)
            .map_err(|error| Failure::io(format!("the folder {} cannot be made", shown(&self.keys)), &error))
    }

    /// Makes what is missing: a key for every service, one for the broker's own user, one with which devices are
    /// let in, and one for a first operator if there is no admin; and writes the users. Answers whose keys were made.
    ///
    /// # Errors
    /// 74 or 78 if a file cannot be used or written.
    pub(crate) fn make(&self) -> Result<Vec<String>, Failure> {
        self.create()?;
        let mut roster = self.roster()?;
        let mut made = Vec::new();
        let mut ensure = |roster: &mut Roster, name: &str, position| -> Result<(), Failure> {
            if self.enlist(roster, name, position)? {
                made.push(name.to_owned());
            }
            Ok(())
        };
        for service in contracts::services() {
            ensure(&mut roster, service, Position::Service)?;
        }
        for (name, position) in [(SYSTEM, Position::System), (OPERATOR, Position::Admin)] {
            // Whoever holds one of these may keep its key elsewhere.
            if !roster.members.iter().any(|member| member.position == position) {
                ensure(&mut roster, name, position)?;
            }
        }
        if self.enlist_issuer(&mut roster)? {
            made.push(ISSUER.to_owned());
        }
        self.store(&roster)?;
        Ok(made)
    }

    /// Sees that the key is there with which devices are let in, and in the roster; answers whether it was made.
    fn enlist_issuer(&self, roster: &mut Roster) -> Result<bool, Failure> {
        let path = Issuer::path(&self.keys, ISSUER);
        let is_new = matches!(path.try_exists(), Ok(false));
        let issuer = if is_new { Issuer::generate() } else { Issuer::read(&path) };
        let issuer = issuer.map_err(|error| super::unusable(&error))?;
        if is_new {
            write(&path, issuer.seed())?;
        }
        let keys = vec![issuer.public_key().to_owned()];
        let (name, position) = (ISSUER.to_owned(), Position::Issuer);
        match roster.members.iter_mut().find(|member| member.position == position) {
            None => roster.members.push(Member { name, position, keys }),
            Some(member) => member.keys = keys,
        }
        Ok(is_new)
    }

    /// Makes another key with which devices are let in, in the place of the one that was there. Devices that come
    /// before the broker and the service of devices have it are refused, and come again.
    ///
    /// # Errors
    /// 74 or 78 if a file cannot be used or written.
    pub(crate) fn renew_issuer(&self) -> Result<(), Failure> {
        let issuer = Issuer::generate().map_err(|error| super::unusable(&error))?;
        write(&Issuer::path(&self.keys, ISSUER), issuer.seed())?;
        let mut roster = self.roster()?;
        self.enlist_issuer(&mut roster)?;
        self.store(&roster)
    }

    /// Where the key of a member stands, whatever kind of key it is.
    pub(crate) fn file_of(&self, member: &Member) -> PathBuf {
        match member.position {
            Position::Issuer => Issuer::path(&self.keys, &member.name),
            _ => self.seed(&member.name),
        }
    }

    /// Sees that somebody stands in the roster with the key that is in the folder; makes the key if
    /// it is missing, and answers whether it was.
    fn enlist(&self, roster: &mut Roster, name: &str, position: Position) -> Result<bool, Failure> {
        let path = self.seed(name);
        let is_new = matches!(path.try_exists(), Ok(false));
        let identity = if is_new { generate(name)? } else { super::read(&path)? };
        if is_new {
            write(&path, identity.seed())?;
        }
        let key = identity.public_key().to_owned();
        match roster.members.iter_mut().find(|member| member.name == name) {
            None => roster.members.push(Member { name: name.to_owned(), position, keys: vec![key] }),
            Some(member) if member.position != position => {
                let what = format!(
                    "{name} is the name of a {position}, but the roster has a {} of this name",
                    member.position
                );
                return Err(Failure::new(exit::CONFIGURATION, "name_taken", what)
                    .mend(format!("shopctl user rm {name}      then add them under another name")));
            }
            // The seed in the folder is what its holder connects with.
            Some(member) if !member.keys.contains(&key) => member.keys = vec![key],
            Some(_) => {}
        }
        Ok(is_new)
    }

    /// Writes the roster and the broker's users, as far as they changed.
    ///
    /// # Errors
    /// 74 if they cannot be written.
    pub(crate) fn store(&self, roster: &Roster) -> Result<(), Failure> {
        let bug =
            |what: String| Failure::new(exit::BUG, "bug", format!("the roster was not written: {what}"));
        roster.check().map_err(bug)?;
        let text = serde_json::to_string_pretty(roster).map_err(|error| bug(error.to_string()))? + "\n";
        for (path, text) in [
            (self.keys.join(roster::FILE), text),
            (self.users.clone(), bus::users_conf(roster, &contracts::shop())),
        ] {
            if std::fs::read_to_string(&path).ok().as_ref() != Some(&text) {
                write(&path, &text)?;
            }
        }
        Ok(())
    }

    /// Writes the key of a member, in the place of the one that was there.
    ///
    /// # Errors
    /// 74 if it cannot be written.
    pub(crate) fn put(&self, identity: &Identity) -> Result<(), Failure> {
        write(&self.seed(identity.name()), identity.seed())
    }

    /// Writes a key to a file that must not exist yet.
    ///
    /// # Errors
    /// 74 if it exists, or cannot be written.
    pub(crate) fn hand_out(identity: &Identity, to: &Path) -> Result<(), Failure> {
        match private::create(to, identity.seed()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(not_written(to, &std::io::ErrorKind::AlreadyExists.into())),
            Err(error) => Err(not_written(to, &error)),
        }
    }

    /// Removes the key of somebody who is no member any more.
    pub(crate) fn forget(&self, name: &str) {
        let _ = std::fs::remove_file(self.seed(name));
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    private::replace(path, text).map_err(|error| not_written(path, &error))
}

fn not_written(path: &Path, error: &std::io::Error) -> Failure {
    Failure::io(format!("{} was not written", shown(path)), error)
}

/// A new key.
///
/// # Errors
/// 70, which cannot happen with a checked name.
pub(crate) fn generate(name: &str) -> Result<Identity, Failure> {
    Identity::generate(name).map_err(|error| Failure::new(exit::BUG, "bug", error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch() -> (tempfile::TempDir, Ring) {
        let scratch = tempfile::tempdir().unwrap();
        let ring = Ring::at(scratch.path().join("keys"), None);
        (scratch, ring)
    }

    #[test]
    fn what_is_missing_is_made_once() {
        let (_scratch, ring) = scratch();
        let made = ring.make().unwrap();
        assert_eq!(made.len(), contracts::services().count() + 3);
        let roster = ring.roster().unwrap();
        assert_eq!(roster.member(OPERATOR).unwrap().position, Position::Admin);
        let users = std::fs::read_to_string(ring.users()).unwrap();
        assert!(roster.members.iter().all(|member| users.contains(&member.keys[0])));

        assert_eq!(ring.make().unwrap(), Vec::<String>::new());
        assert_eq!(ring.roster().unwrap(), roster);
        ring.forget("cart");
        assert_eq!(ring.make().unwrap(), ["cart"]);
        assert_ne!(ring.roster().unwrap().member("cart"), roster.member("cart"));
    }

    #[test]
    fn keys_are_nobody_elses_business() {
        let (_scratch, ring) = scratch();
        ring.make().unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(ring.folder()), 0o700);
        assert_eq!(mode(&ring.seed("order")), 0o600);
        assert_eq!(Ring::exposed(&ring.seed("order")), None);
        std::fs::set_permissions(ring.seed("order"), PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(Ring::exposed(&ring.seed("order")).as_deref(), Some("644"));
        let refused = ring.make().unwrap_err();
        assert_eq!((refused.exit(), refused.code()), (exit::CONFIGURATION, "key_exposed"));
    }

    #[test]
    fn an_operator_who_was_removed_does_not_come_back_while_there_is_an_admin() {
        let (_scratch, ring) = scratch();
        ring.make().unwrap();
        let mut roster = ring.roster().unwrap();
        roster.members.iter_mut().find(|member| member.name == OPERATOR).unwrap().name = "ann".to_owned();
        ring.store(&roster).unwrap();
        ring.forget(OPERATOR);
        assert_eq!(ring.make().unwrap(), Vec::<String>::new());
        assert_eq!(ring.roster().unwrap().member(OPERATOR), None);
    }

    #[test]
    fn a_lost_roster_is_made_from_the_seeds_that_are_there() {
        let (_scratch, ring) = scratch();
        ring.make().unwrap();
        let before = ring.roster().unwrap();
        std::fs::remove_file(ring.folder().join(roster::FILE)).unwrap();
        assert_eq!(ring.make().unwrap(), Vec::<String>::new());
        assert_eq!(ring.roster().unwrap(), before);
    }

    #[test]
    fn a_folder_from_before_there_were_devices_gets_the_key_that_lets_them_in() {
        let (_scratch, ring) = scratch();
        ring.make().unwrap();
        let mut roster = ring.roster().unwrap();
        let path = Issuer::path(ring.folder(), ISSUER);
        std::fs::remove_file(&path).unwrap();
        roster.members.retain(|member| member.position != Position::Issuer && member.name != "device");
        ring.store(&roster).unwrap();
        assert!(!std::fs::read_to_string(ring.users()).unwrap().contains("auth_callout"));
        ring.forget("device");
        assert_eq!(ring.make().unwrap(), ["device", ISSUER]);
        let issuer = Issuer::read(&path).unwrap();
        let users = std::fs::read_to_string(ring.users()).unwrap();
        assert!(users.contains(&format!("issuer: {}", issuer.public_key())));
        ring.renew_issuer().unwrap();
        assert!(!std::fs::read_to_string(ring.users()).unwrap().contains(issuer.public_key()));
    }
}
