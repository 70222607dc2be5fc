//! Where the tokens of somebody who is signed in are kept: a file for each shop.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use contracts::auth::TokenPair;
use kit::Timestamp;
use kit::text::printable;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::failure::{Failure, exit};
use crate::private::{self, shown};

/// How such a file is laid out; one with another number was not written by this program.
const FORMAT: u32 = 1;

/// Length of the name of such a file, in characters of 4 bits.
const NAME_CHARS: usize = 16;

/// How often a lock that somebody holds is tried again.
const LOCK_TRIED_EVERY: Duration = Duration::from_millis(20);

/// The file of one shop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Store {
    folder: PathBuf,
    shop: String,
}

/// Somebody who is signed in to a shop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Session {
    format: u32,
    /// Which shop, as [`Store::at`] was told.
    shop: String,
    /// When they signed in.
    pub(crate) since: Timestamp,
    /// What they were given last, and who they are.
    pub(crate) tokens: TokenPair,
}

/// Held while tokens are exchanged or written. The system lets go of it when this process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Store {
    /// The file of a shop, in the folder of all such files.
    pub(crate) fn at(folder: PathBuf, shop: String) -> Self {
        Self { folder, shop }
    }

    /// The folder of these files; none if neither XDG_STATE_HOME nor HOME says where it is.
    pub(crate) fn usual_folder() -> Option<PathBuf> {
        let absolute =
            |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")))?;
        Some(state.join("shop").join("sessions"))
    }

    /// The file.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(self.name()).with_extension("json")
    }

    /// Which shop it is about.
    pub(crate) fn shop(&self) -> &str {
        &self.shop
    }

    /// Who is signed in; nobody if there is no file.
    ///
    /// # Errors
    /// 78 if the file is malformed, open to others, or about another shop; 74 if it cannot be read.
    pub(crate) fn read(&self) -> Result<Option<Session>, Failure> {
        let path = self.path();
        let Some(text) = private::read(&path)? else { return Ok(None) };
        let malformed = |what: String| {
            let message = format!("the session in {} was not used: {what}", shown(&path));
            Failure::new(exit::CONFIGURATION, "malformed_session", message)
                .mend(format!("rm {}      and then shopctl login EMAIL", shown(&path)))
                .mend("shopctl --as-key ...      asks as the holder of the key instead")
        };
        // The error itself may repeat what stands there, so only its place is told.
        let session: Session = serde_json::from_str(&text).map_err(|error| {
            malformed(format!("it is not understood at line {}, column {}", error.line(), error.column()))
        })?;
        if session.format != FORMAT {
            return Err(malformed(format!("it has format {}, known is {FORMAT}", session.format)));
        }
        if session.shop != self.shop {
            return Err(malformed(format!("it is about {}, not {}", printable(&session.shop), self.shop)));
        }
        Ok(Some(session))
    }

    /// Waits until nobody else exchanges or writes these tokens, at most so long.
    ///
    /// # Errors
    /// 75 if somebody else still does, 74 if the folder cannot be written.
    pub(crate) async fn lock(&self, wait: Duration) -> Result<Lock, Failure> {
        let path = self.folder.join(self.name()).with_extension("lock");
        let unusable = |error| Failure::io(format!("{} cannot be locked", shown(&path)), &error);
        private::make_folder(&self.folder).map_err(unusable)?;
        let file = private::open_lock(&path).map_err(unusable)?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
                Err(TryLockError::WouldBlock) if began.elapsed() < wait => {
                    tokio::time::sleep(LOCK_TRIED_EVERY).await;
                }
                Err(TryLockError::WouldBlock) => {
                    let message = "another shopctl is exchanging the tokens of this session";
                    return Err(Failure::new(exit::LOCKED, "locked", message)
                        .mend("run the same command again in a moment"));
                }
            }
        }
    }

    /// Keeps what somebody was given.
    ///
    /// # Errors
    /// 74 if it cannot be written; what was there is there still.
    pub(crate) fn write(&self, _: &Lock, since: Timestamp, tokens: TokenPair) -> Result<Session, Failure> {
        let session = Session { format: FORMAT, shop: self.shop.clone(), since, tokens };
        let failed = |error: std::io::Error| {
            Failure::io(format!("the session was not kept in {}", shown(&self.path())), &error)
        };
        let text = serde_json::to_string_pretty(&session).map_err(|error| failed(error.into()))?;
        private::replace(&self.path(), &format!("{text}\n")).map_err(failed)?;
        Ok(session)
    }

    /// Forgets whoever is signed in.
    ///
    /// # Errors
    /// 74 if the file cannot be removed.
    pub(crate) fn remove(&self, _: &Lock) -> Result<(), Failure> {
        match std::fs::remove_file(self.path()) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io(format!("{} was not removed", shown(&self.path())), &error))
            }
            _ => Ok(()),
        }
    }

    /// Short, and good for a file name whatever the shop is called.
    fn name(&self) -> String {
        let hash = Sha256::digest(&self.shop);
        hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>()[..NAME_CHARS].to_owned()
    }
}

/// How the shop in a data folder is called in these files.
pub(crate) fn shop_in_folder(folder: &Path) -> String {
    // The same folder by another way is the same shop; one that is not there yet has no other name.
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    format!("the shop in {}", folder.display())
}

/// How the shop behind a broker is called in these files. What may be a password is left out.
pub(crate) fn shop_at_broker(url: &str) -> String {
    let url = url.trim_end_matches('/').to_ascii_lowercase();
    let (scheme, rest) = url.split_once("://").unwrap_or(("nats", &url));
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("the shop at {scheme}://{place}")
}

#[cfg(test)]
mod tests;
