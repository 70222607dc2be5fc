//! Where the shop is that a command is about: its data folder, its broker, and with which key it is asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kit::access::Identity;

use super::Shop;
use crate::context::settings::{By, Origin};
use crate::failure::Failure;
use crate::keys::{self, Ring};
use crate::stack::Folder;
use crate::stack::listen::Listen;

/// Where the broker is when nobody says.
const BROKER_DEFAULT: &str = "nats://127.0.0.1:4222";

/// Where the broker is, and who said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) url: String,
    pub(crate) said_by: String,
}

impl Shop {
    /// The data folder of the shop on this machine.
    ///
    /// # Errors
    /// 78 if nothing says where it is.
    pub(crate) fn folder(&self) -> Result<Folder, Failure> {
        Folder::find(self.settings.data.as_ref().map(|(path, _)| path.as_path()))
    }

    /// Says of which data folder a command is that works on this machine only, if a context has a say
    /// in it: whoever thinks of a shop elsewhere must not stop the one that is here.
    pub(crate) fn tell_folder(&self) {
        let (Some(chosen), Ok(folder)) = (&self.settings.chosen, self.folder()) else { return };
        let (name, root) = (&chosen.name, folder.root().display());
        match &self.settings.data {
            Some((_, Origin::Context(_, By::Option))) => {}
            Some((_, Origin::Context(..))) => {
                self.out.say(format!("this is about the shop in {root}, which context {name} names"));
            }
            None if chosen.context.nats.is_some() => self.out.say(format!(
                "context {name} names a broker and no data folder; this is about the shop in {root}"
            )),
            _ => {}
        }
    }

    /// Whether something names a broker, so that the data folder does not say which shop it is.
    pub(crate) fn names_broker(&self) -> bool {
        self.settings.nats.is_some()
    }

    /// Where the broker is: as option, variable or context say, else that of the shop which runs in
    /// the data folder, else the usual place.
    pub(crate) fn address(&self) -> Address {
        if let Some((url, origin)) = &self.settings.nats {
            return Address { url: url.clone(), said_by: format!("{origin} says so") };
        }
        match self.folder().ok().and_then(|folder| folder.broker_of_what_runs()) {
            Some(url) => Address { url, said_by: "the shop in the data folder is there".to_owned() },
            None => Address {
                url: BROKER_DEFAULT.to_owned(),
                said_by: "no shop runs in the data folder, and nothing names another broker".to_owned(),
            },
        }
    }

    /// The key to ask with: the one that was named, else that of the operator in the data folder,
    /// else none.
    ///
    /// # Errors
    /// 74 if it cannot be read, 78 if it is none or others can read it.
    pub(crate) fn identity(&self) -> Result<Option<Arc<Identity>>, Failure> {
        let Some(path) = self.seed() else { return Ok(None) };
        let identity = if self.settings.is_key_of_nats() {
            let ring = self.folder().ok().map(|folder| Ring::of(&folder));
            keys::read_of_nats(&path, self.settings.holder(), ring.as_ref())?
        } else {
            keys::read(&path)?
        };
        Ok(Some(Arc::new(identity)))
    }

    /// The file of the key to ask with; none if nothing was named and there is no usual one.
    pub(crate) fn seed(&self) -> Option<PathBuf> {
        let usual = || Ring::of(&self.folder().ok()?).own_seed();
        self.settings.seed.as_ref().map(|(path, _)| path.clone()).or_else(usual)
    }

    /// The key that was named for this command, if one was.
    pub(crate) fn named_seed(&self) -> Option<&Path> {
        self.settings.seed.as_ref().map(|(path, _)| path.as_path())
    }

    /// Whom to believe about the broker, beside the system's authorities: whoever was named, else
    /// whoever `shopctl up` was told of, if this is the broker of the data folder.
    pub(crate) fn authorities(&self, url: &str) -> Option<PathBuf> {
        let recorded = || {
            let folder = self.folder().ok()?;
            let listen = Listen::recorded(&folder)?;
            listen.ca.filter(|_| folder.recorded_url().as_deref() == Some(url))
        };
        self.settings.nats_ca.as_ref().map(|(path, _)| path.clone()).or_else(recorded)
    }
}
