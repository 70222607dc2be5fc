//! Keys for a broker of one's own: a roster, its members' seeds, and the broker's users.

use std::path::{Path, PathBuf};

use crate::access::roster::{self, Member, Position, Roster};
use crate::access::{Identity, Issuer};
use crate::bus::{self, Shop};

/// The name of the admin that every test has.
pub const OPERATOR: &str = "operator";

/// The keys of a broker's world.
pub struct Keys {
    world: PathBuf,
    shop: Shop,
    roster: Roster,
}

impl Keys {
    /// Makes a key for every service of a shop, for an admin and for the system.
    pub(super) fn make(world: &Path, shop: Shop) -> Self {
        let mut keys = Self { world: world.to_owned(), shop, roster: Roster::default() };
        std::fs::create_dir(keys.folder()).expect("a folder for keys");
        let services: Vec<String> = keys.shop.peers.iter().map(|peer| peer.name.clone()).collect();
        for name in services {
            keys.enlist(&name, Position::Service);
        }
        keys.enlist(OPERATOR, Position::Admin);
        keys.enlist("system", Position::System);
        keys.make_issuer();
        keys
    }

    /// The folder of the keys.
    pub fn folder(&self) -> PathBuf {
        self.world.join("keys")
    }

    /// Adds somebody. The broker must be told to read its users again.
    pub fn add(&mut self, name: &str, position: Position) {
        self.enlist(name, position);
    }

    /// Gives somebody another key beside theirs. The broker must be told to read its users again.
    pub fn renew(&mut self, name: &str) {
        let identity = Identity::generate(name).expect("a key");
        put_private(&Identity::path(&self.folder(), name), identity.seed());
        for member in self.roster.members.iter_mut().filter(|member| member.name == name) {
            member.keys.push(identity.public_key().to_owned());
        }
        self.write();
    }

    /// Takes somebody out. The broker must be told to read its users again.
    pub fn remove(&mut self, name: &str) {
        self.roster.members.retain(|member| member.name != name);
        self.write();
    }

    /// Everything that is allowed to anybody.
    pub fn shop(&mut self) -> &mut Shop {
        &mut self.shop
    }

    /// Writes the roster and the broker's users.
    pub fn write(&self) {
        let text = serde_json::to_string_pretty(&self.roster).expect("a roster as JSON");
        put(&self.folder().join(roster::FILE), &text);
        put(&self.world.join(bus::FILE), &bus::users_conf(&self.roster, &self.shop));
    }

    /// The key with which the service of devices lets them in.
    fn make_issuer(&mut self) {
        let issuer = Issuer::generate().expect("a key");
        let path = Issuer::path(&self.folder(), bus::devices::ISSUER);
        put_private(&path, issuer.seed());
        let keys = vec![issuer.public_key().to_owned()];
        let name = bus::devices::ISSUER.to_owned();
        self.roster.members.push(Member { name, position: Position::Issuer, keys });
        self.write();
    }

    fn enlist(&mut self, name: &str, position: Position) {
        let identity = Identity::generate(name).expect("a key");
        let path = Identity::path(&self.folder(), name);
        put_private(&path, identity.seed());
        let keys = vec![identity.public_key().to_owned()];
        self.roster.members.push(Member { name: name.to_owned(), position, keys });
        self.write();
    }
}

/// Writes a file whole or not at all: services look at it while it is written.
fn put(path: &Path, text: &str) {
    let new = path.with_extension("new");
    std::fs::write(&new, text).and_then(|()| std::fs::rename(&new, path)).expect("a file");
}

fn put_private(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    put(path, text);
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).expect("a private file");
}
