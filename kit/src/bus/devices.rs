//! The account of devices: who is not in the broker's configuration, but let in by a service that answers for
//! them. They have an account apart, and what crosses its border follows from where services listen and tell.

use std::fmt::Write;

use super::{Peer, Shop};
use crate::access::{Position, Roster};
use crate::callout;

/// The account of devices, as the broker calls it.
pub const ACCOUNT: &str = "DEVICES";

/// The name of the key with which a service lets devices in, in the roster and in the folder of the keys.
pub const ISSUER: &str = "devices";

/// Where devices tell their readings: `telemetry.<site>.<device>`.
pub const READINGS: &str = "telemetry.*.*";

/// What the subjects begin with at which devices and the shop speak to each other.
const SPOKEN: [&str; 2] = ["devices.", "provision."];

/// The domain under which a service reaches the streams in the account of devices, where the broker keeps the
/// sessions of MQTT.
pub const DOMAIN: &str = "devices";

/// What the streams of the account of devices may hold together: sessions, and what was acknowledged over MQTT
/// and is not drained yet. When they are full, the broker acknowledges nothing further, and a device says it again.
const FILE_MAX: &str = "256MB";

/// Streams in the account of devices: the broker makes five for MQTT itself.
const STREAMS_MAX: u32 = 8;

/// What the account of the shop lets out and takes in, and who lets devices in, as the broker's configuration
/// says it.
pub(super) struct Border {
    shop_exports: Vec<String>,
    shop_imports: Vec<String>,
    own_exports: Vec<String>,
    own_imports: Vec<String>,
    system_exports: Vec<String>,
}

impl Border {
    /// What follows from where the services listen and tell.
    pub(super) fn of(shop: &Shop) -> Self {
        let mut border = Self {
            shop_exports: Vec::new(),
            shop_imports: vec![format!("stream: {{ account: {ACCOUNT}, subject: \"{READINGS}\" }}")],
            own_exports: vec![format!("stream: \"{READINGS}\", accounts: [SHOP]")],
            own_imports: Vec::new(),
            system_exports: Vec::new(),
        };
        for subject in shop.peers.iter().flat_map(|peer| &peer.listens) {
            border.listen(subject);
        }
        for subject in shop.peers.iter().flat_map(|peer| &peer.tells) {
            border.tell(subject);
        }
        for subject in shop.peers.iter().flat_map(Peer::beyond) {
            border.tell(&subject);
        }
        border
    }

    fn listen(&mut self, subject: &str) {
        if is_spoken(subject) {
            self.own_exports.push(format!("stream: \"{subject}\", accounts: [SHOP]"));
            self.shop_imports.push(format!("stream: {{ account: {ACCOUNT}, subject: \"{subject}\" }}"));
        } else if subject.starts_with("$SYS.ACCOUNT.") {
            self.system_exports.push(format!("stream: \"{subject}\", accounts: [SHOP]"));
            self.shop_imports.push(format!("stream: {{ account: SYS, subject: \"{subject}\" }}"));
        }
    }

    fn tell(&mut self, subject: &str) {
        let api = format!("$JS.{DOMAIN}.API.");
        if is_spoken(subject) {
            self.shop_exports.push(format!("stream: \"{subject}\", accounts: [{ACCOUNT}]"));
            self.own_imports.push(format!("stream: {{ account: SHOP, subject: \"{subject}\" }}"));
        } else if subject.starts_with("$SYS.REQ.") {
            self.system_exports.push(format!("service: \"{subject}\", accounts: [SHOP]"));
            self.shop_imports.push(format!("service: {{ account: SYS, subject: \"{subject}\" }}"));
        } else if let Some(theirs) = subject.strip_prefix(&api).map(|what| format!("$JS.API.{what}")) {
            let many = theirs.contains(".MSG.NEXT.");
            let response = if many { "stream" } else { "singleton" };
            self.own_exports.push(format!("service: \"{theirs}\", response: {response}, accounts: [SHOP]"));
            self.shop_imports
                .push(format!("service: {{ account: {ACCOUNT}, subject: \"{theirs}\" }}, to: \"{subject}\""));
        } else if subject.starts_with("$JS.ACK.$MQTT_msgs.") {
            self.own_exports.push(format!("service: \"{subject}\", accounts: [SHOP]"));
            self.shop_imports.push(format!("service: {{ account: {ACCOUNT}, subject: \"{subject}\" }}"));
        }
    }

    /// What the broker's own account lets out.
    pub(super) fn system(&self, page: &mut String) {
        list(page, "exports", &self.system_exports);
    }

    /// What else the shop's account lets out.
    pub(super) fn shop_exports(&self) -> impl Iterator<Item = &String> {
        self.shop_exports.iter()
    }

    /// What the shop's account takes in.
    pub(super) fn shop_imports(&self, page: &mut String) {
        list(page, "imports", &self.shop_imports);
    }

    /// The account of devices. It has no users: who is let in comes into it.
    pub(super) fn account(&self, page: &mut String) {
        let _ = writeln!(
            page,
            "  {ACCOUNT} {{\n    jetstream: {{ max_file: {FILE_MAX}, max_mem: 0, max_streams: {STREAMS_MAX} }}"
        );
        list(page, "exports", &self.own_exports);
        list(page, "imports", &self.own_imports);
        page.push_str("  }\n");
    }
}

/// A user whom the broker must be told of as the one that answers, and that nobody can be: the password is a digest
/// of nothing that anybody knows. Who answers is the service that may listen there, whichever key it has; if its keys
/// stood here, the broker would refuse to read its users again once one of them is replaced.
const NOBODY: (&str, &str) = ("nobody", "$2a$11$Zm9yIGRldmljZXMgbm9ib2R5IGFuc3dlcnMgYnkgYSBwYXNzd29yZ");

/// The key whose answers the broker believes, if there is a service that answers.
fn issuer<'a>(roster: &'a Roster, shop: &Shop) -> Option<&'a String> {
    shop.peers.iter().find(|peer| peer.listens.contains(callout::SUBJECT))?;
    let issuer = roster.members.iter().find(|member| member.position == Position::Issuer);
    issuer.and_then(|member| member.keys.last())
}

/// The user that nobody is.
pub(super) fn nobody(page: &mut String, roster: &Roster, shop: &Shop) {
    let (name, password) = NOBODY;
    if issuer(roster, shop).is_some() {
        let _ = writeln!(
            page,
            "      {{ user: {name}, password: \"{password}\", permissions: {{ publish: {{ deny: \">\" }}, \
             subscribe: {{ deny: \">\" }} }} }}"
        );
    }
}

/// Who is asked about those who are not in the configuration, if anybody answers and there is a key to answer
/// with. Whoever stands in the configuration is let in without being asked about. A broker that runs refuses every
/// change of this.
pub(super) fn callout(page: &mut String, roster: &Roster, shop: &Shop) {
    let Some(issuer) = issuer(roster, shop) else { return };
    let (nobody, _) = NOBODY;
    let _ = writeln!(
        page,
        "authorization {{\n  auth_callout {{\n    issuer: {issuer}\n    account: SHOP\n    auth_users: [ {nobody} ]\n    \
         allowed_accounts: [ {ACCOUNT} ]\n  }}\n}}"
    );
}

fn is_spoken(subject: &str) -> bool {
    SPOKEN.iter().any(|begin| subject.starts_with(begin))
}

fn list(page: &mut String, what: &str, entries: &[String]) {
    if entries.is_empty() {
        return;
    }
    let _ = writeln!(page, "    {what}: [");
    for entry in entries {
        let _ = writeln!(page, "      {{ {entry} }}");
    }
    page.push_str("    ]\n");
}
