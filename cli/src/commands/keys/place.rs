//! Which keys a command is about: those of the shop on this machine, or those in a folder of a
//! deployment.

use std::path::PathBuf;

use kit::bus;

use crate::failure::Failure;
use crate::keys::Ring;
use crate::shop::Shop;
use crate::stack::folder::{self, Folder, Lock};
use crate::stack::reload;

/// Which keys.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct PlaceArgs {
    /// Folder of the keys of a deployment without `shopctl up` [default: keys in the data folder]
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,

    /// Where the broker's users are written then [default: users.conf beside the folder]
    #[arg(long, value_name = "FILE", requires = "keys")]
    users: Option<PathBuf>,
}

/// Keys that nobody else changes meanwhile.
pub(crate) struct Place {
    pub(crate) ring: Ring,
    /// The shop on this machine, if they are its keys.
    pub(crate) local: Option<Folder>,
    _lock: Lock,
}

impl PlaceArgs {
    /// The keys, to look at.
    ///
    /// # Errors
    /// 78 if nothing says where they are.
    pub(crate) fn look(&self, shop: &Shop) -> Result<Ring, Failure> {
        match &self.keys {
            Some(_) => self.deployed(),
            None => Ok(Ring::of(&shop.folder()?)),
        }
    }

    /// The keys, to change.
    ///
    /// # Errors
    /// 75 if somebody else is at it; 74 if the folder cannot be made.
    pub(crate) fn open(&self, shop: &Shop) -> Result<Place, Failure> {
        let Some(_) = &self.keys else {
            let folder = shop.folder()?;
            folder.create()?;
            let lock = folder.lock()?;
            return Ok(Place { ring: Ring::of(&folder), local: Some(folder), _lock: lock });
        };
        let ring = self.deployed()?;
        ring.create()?;
        let busy = format!("another shopctl is changing the keys in {}", ring.folder().display());
        let lock = folder::lock(&ring.folder().join("keys.lock"), busy)?;
        Ok(Place { ring, local: None, _lock: lock })
    }

    fn deployed(&self) -> Result<Ring, Failure> {
        let absolute = |path: &PathBuf| {
            std::path::absolute(path)
                .map_err(|error| Failure::io(format!("{} is no path", path.display()), &error))
        };
        let keys = self.keys.as_ref().map(absolute).transpose()?.unwrap_or_default();
        Ok(Ring::at(keys, self.users.as_ref().map(absolute).transpose()?))
    }
}

impl Place {
    /// Lets the broker read its users again, if it runs here; else says that somebody has to.
    ///
    /// # Errors
    /// As [`reload::users`].
    pub(crate) async fn apply(&self, shop: &Shop) -> Result<(), Failure> {
        match &self.local {
            Some(folder) => reload::users(folder).await.map(drop),
            None => {
                shop.out.say(format!(
                    "The broker does not know yet: its {} is {}; kill -HUP makes it read that again",
                    bus::FILE,
                    self.ring.users().display()
                ));
                Ok(())
            }
        }
    }
}
