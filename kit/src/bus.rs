//! What each holder of a key may do at the broker: computed from what the services say of themselves,
//! written as the broker's users.
//!
//! Three things are deliberately not given to any service. Nobody may make, change, empty or delete a
//! stream or a consumer but the service `streams`: whoever can make a stream can let it collect the
//! answers meant for others. Nobody answers by `allow_responses`: it lets a service publish to
//! whatever a request names as the place of its answer, another service's events included. And
//! nobody listens to inboxes but their own.

pub mod devices;

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::access::identity::inbox;
use crate::access::{Access, Member, Position, Roster, Who};
use crate::drain::{RawStream, mqtt_keeper_subjects, mqtt_subjects};
use crate::message::{owner, stream_of};
use crate::service::Service;
use crate::streams;

/// The file of the broker's users, beside its configuration, which includes it.
pub const FILE: &str = "users.conf";

/// The subject at which a connection asks what it may do itself.
pub const OWN_PERMISSIONS: &str = "$SYS.REQ.USER.INFO";

/// What a service says of itself, as far as the broker must know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// What it answers, by subject.
    pub answers: BTreeSet<String>,
    /// What it asks of others, by subject.
    pub calls: BTreeSet<String>,
    /// Whose events it hears.
    pub hears: BTreeSet<String>,
    /// Where it listens outside the words of the shop.
    pub listens: BTreeSet<String>,
    /// Where it tells outside the words of the shop.
    pub tells: BTreeSet<String>,
    /// The streams of raw messages it drains.
    pub drains: BTreeSet<RawStream>,
}

impl Peer {
    /// What a service says of itself.
    pub fn of(service: &Service) -> Self {
        Self {
            name: service.name().to_owned(),
            answers: service.answered().map(|answer| answer.subject.clone()).collect(),
            calls: service.called().map(str::to_owned).collect(),
            hears: service.sources().into_keys().map(str::to_owned).collect(),
            listens: service.listened().map(str::to_owned).collect(),
            tells: service.told().map(str::to_owned).collect(),
            drains: service.drained().collect(),
        }
    }

    /// Where it publishes to reach the streams in the account of devices, which that must lend to the shop's.
    pub fn beyond(&self) -> Vec<String> {
        if self.name == streams::NAME {
            return mqtt_keeper_subjects();
        }
        if self.drains.iter().any(|raw| raw.mqtt) { mqtt_subjects(&self.name) } else { Vec::new() }
    }
}

/// Everything there is to be allowed.
#[derive(Debug, Clone)]
pub struct Shop {
    /// The services.
    pub peers: Vec<Peer>,
    /// Every request, with who may ask it.
    pub requests: Vec<(String, Access)>,
}

/// What a connection may do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Permissions {
    /// Where it may publish.
    pub publish: Vec<String>,
    /// Where it may listen; behind a blank, as a member of which queue group.
    pub subscribe: Vec<String>,
}

impl Permissions {
    /// What a service needs.
    pub fn of_service(peer: &Peer) -> Self {
        let (name, own) = (&peer.name, stream_of(&peer.name));
        let mut publish = vec![
            // Answers, to whoever asked. What is asked is unguessable; nothing is heard there by it.
            "_INBOX.>".to_owned(),
            format!("events.{name}.>"),
            OWN_PERMISSIONS.to_owned(),
            format!("$JS.API.STREAM.INFO.{own}"),
            format!("$JS.API.CONSUMER.LIST.{own}"),
            format!("$JS.API.STREAM.MSG.GET.{own}"),
        ];
        publish.extend(peer.calls.iter().cloned());
        let heard = peer.hears.iter().map(|source| stream_of(source));
        for stream in heard.chain(peer.drains.iter().map(|raw| raw.stream.to_owned())) {
            publish.push(format!("$JS.API.STREAM.INFO.{stream}"));
            publish.push(format!("$JS.API.CONSUMER.INFO.{stream}.{name}"));
            publish.push(format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}"));
            publish.extend(acknowledging(&stream, name));
        }
        // Whether a stream still holds what was drained of it.
        publish.extend(peer.drains.iter().map(|raw| format!("$JS.API.STREAM.MSG.GET.{}", raw.stream)));
        publish.extend(peer.beyond());
        if name == streams::NAME {
            for what in ["STREAM.INFO", "STREAM.CREATE", "STREAM.UPDATE", "STREAM.DELETE", "STREAM.PURGE"] {
                publish.push(format!("$JS.API.{what}.*"));
            }
            publish.push("$JS.API.CONSUMER.CREATE.>".to_owned());
            publish.push("$JS.API.CONSUMER.LIST.*".to_owned());
            publish.push("$JS.API.CONSUMER.DELETE.*.*".to_owned());
        }
        publish.extend(peer.tells.iter().cloned());
        publish.sort();
        publish.dedup();
        let mut subscribe: Vec<String> =
            peer.answers.iter().chain(&peer.listens).map(|subject| format!("{subject} {name}")).collect();
        for verb in ["PING", "INFO", "STATS"] {
            subscribe.push(format!("$SRV.{verb}"));
            subscribe.push(format!("$SRV.{verb}.{name}"));
            subscribe.push(format!("$SRV.{verb}.{name}.*"));
        }
        subscribe.push(format!("{}.>", inbox(name)));
        Self { publish, subscribe }
    }

    /// What a member of the roster may do; none for a service that does not exist, and for the
    /// system's own user, who has an account apart.
    pub fn of(member: &Member, shop: &Shop) -> Option<Self> {
        let name = &member.name;
        let mut own = Self {
            publish: vec![OWN_PERMISSIONS.to_owned(), format!("{}.>", inbox(name))],
            subscribe: vec![format!("{}.>", inbox(name))],
        };
        match member.position {
            Position::System | Position::Issuer => return None,
            Position::Service => {
                return shop.peers.iter().find(|peer| peer.name == *name).map(Self::of_service);
            }
            Position::Subscriber => {
                own.publish.extend(LENT.map(|(subject, _)| borrowed(subject, name).1));
            }
            // Its own readings, from whatever site it is at.
            Position::Device => own.publish.push(format!("telemetry.*.{name}")),
            Position::Storefront => {
                let open = |access: &Access| {
                    access.0.iter().any(|who| matches!(who, Who::Anyone | Who::Owner | Who::User))
                };
                own.publish.extend(shop.asked(open));
            }
            Position::Operator | Position::Admin => {
                own.publish.extend(shop.asked(Access::is_for_people));
                // Readings in the name of devices: from files, and of virtual ones.
                own.publish.push("telemetry.*.*".to_owned());
                own.publish.extend(["$SRV.PING.>", "$SRV.INFO.>", "$SRV.STATS.>"].map(str::to_owned));
                own.publish.extend(["$SRV.PING", "$SRV.INFO", "$SRV.STATS"].map(str::to_owned));
                let api = match member.position {
                    Position::Admin => vec![">"],
                    _ => vec![
                        "INFO",
                        "STREAM.NAMES",
                        "STREAM.LIST",
                        "STREAM.INFO.*",
                        "STREAM.MSG.GET.*",
                        "CONSUMER.NAMES.*",
                        "CONSUMER.LIST.*",
                        "CONSUMER.INFO.*.*",
                    ],
                };
                own.publish.extend(api.into_iter().map(|what| format!("$JS.API.{what}")));
                own.subscribe.push("events.>".to_owned());
            }
        }
        Some(own)
    }

    /// Of everything that `needed` allows, what is not allowed here.
    pub fn missing(&self, needed: &Self) -> Vec<String> {
        let lacking = |kind: &str, have: &[String], need: &[String]| {
            need.iter()
                .filter(|wanted| !have.iter().any(|pattern| covers(pattern, wanted)))
                .map(|wanted| format!("{kind} {wanted}"))
                .collect::<Vec<_>>()
        };
        let mut all = lacking("publish", &self.publish, &needed.publish);
        all.extend(lacking("subscribe", &self.subscribe, &needed.subscribe));
        all
    }
}

impl Shop {
    /// The subjects of the requests whose access is as wanted.
    fn asked(&self, wanted: impl Fn(&Access) -> bool) -> impl Iterator<Item = String> {
        self.requests.iter().filter(move |(_, access)| wanted(access)).map(|(subject, _)| subject.clone())
    }
}

/// Where messages of a consumer are acknowledged: as the server has it today, and as it will be, with
/// `_` for a shop without a domain. A `*` in that place would match the subjects of today, in which
/// the consumers of others stand there: whoever acknowledges for them can also ask for their next message.
fn acknowledging(stream: &str, consumer: &str) -> [String; 2] {
    [format!("$JS.ACK.{stream}.{consumer}.>"), format!("$JS.ACK._.*.{stream}.{consumer}.>")]
}

/// Whether a pattern allows everything that another allows; both may end with a queue group.
pub(crate) fn covers(pattern: &str, wanted: &str) -> bool {
    let (pattern, group) = pattern.split_once(' ').map_or((pattern, None), |(p, g)| (p, Some(g)));
    let (wanted, in_group) = wanted.split_once(' ').map_or((wanted, None), |(w, g)| (w, Some(g)));
    if group.is_some() && group != in_group {
        return false;
    }
    let (mut have, mut need) = (pattern.split('.'), wanted.split('.'));
    loop {
        match (have.next(), need.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some("*"), Some(token)) if token != ">" => {}
            (Some(token), Some(same)) if token == same => {}
            _ => return false,
        }
    }
}

/// The broker's users, as its configuration includes them.
pub fn users_conf(roster: &Roster, shop: &Shop) -> String {
    let mut page = String::from(
        "# The users of the broker, written by `shopctl`: do not edit. Made from the roster and from what the\n\
         # services say of themselves; subjects.md says who may ask what. It holds public keys only.\n\
         system_account: SYS\n\naccounts {\n  SYS {\n    users: [\n",
    );
    for member in roster.members.iter().filter(|member| member.position == Position::System) {
        for key in &member.keys {
            let _ = writeln!(page, "      # {}\n      {{ nkey: {key} }}", member.name);
        }
    }
    page.push_str("    ]\n");
    let border = devices::Border::of(shop);
    border.system(&mut page);
    page.push_str("  }\n  SHOP {\n    jetstream: enabled\n    exports: [\n");
    for (subject, response) in LENT {
        let _ = writeln!(page, "      {{ service: \"{subject}\", response: {response} }}");
    }
    for entry in border.shop_exports() {
        let _ = writeln!(page, "      {{ {entry} }}");
    }
    page.push_str("    ]\n");
    border.shop_imports(&mut page);
    page.push_str("    users: [\n");
    devices::nobody(&mut page, roster, shop);
    let outside = |member: &&Member| member.position == Position::Subscriber;
    for member in roster.members.iter().filter(|member| !outside(member)) {
        user(&mut page, member, shop);
    }
    page.push_str("    ]\n  }\n");
    for member in roster.members.iter().filter(outside) {
        let _ = writeln!(page, "  OUTSIDE_{} {{\n    imports: [", member.name);
        for (subject, _) in LENT {
            let (theirs, own) = borrowed(subject, &member.name);
            let _ = writeln!(
                page,
                "      {{ service: {{ account: SHOP, subject: \"{theirs}\" }}, to: \"{own}\" }}"
            );
        }
        page.push_str("    ]\n    users: [\n");
        user(&mut page, member, shop);
        page.push_str("    ]\n  }\n");
    }
    border.account(&mut page);
    page.push_str("}\n");
    devices::callout(&mut page, roster, shop);
    page
}

/// What the shop's account lends to those of outside subscribers, and how it answers. Each has an
/// account of its own and borrows only what bears its name: the broker answers wherever a request says,
/// also as a command to itself, and in such an account there is nothing to command.
const LENT: [(&str, &str); 5] = [
    ("$JS.API.STREAM.INFO.*", "singleton"),
    ("$JS.API.STREAM.NAMES", "singleton"),
    ("$JS.API.CONSUMER.INFO.*.*", "singleton"),
    ("$JS.API.CONSUMER.MSG.NEXT.*.*", "stream"),
    ("$JS.ACK.*.>", "singleton"),
];

/// The domain under which outside subscribers reach the shop's streams: in their own account
/// `$JS.API` is the broker's, which has none there.
pub const OUTSIDE_DOMAIN: &str = "shop";

/// What a subscriber borrows of something lent, as the shop's account calls it, and as its own does.
fn borrowed(subject: &str, name: &str) -> (String, String) {
    let theirs = match subject.strip_suffix(".*.*") {
        Some(head) => format!("{head}.*.{name}"),
        None => subject.replace(".>", &format!(".{name}.>")),
    };
    let own = theirs.replacen("$JS.API.", &format!("$JS.{OUTSIDE_DOMAIN}.API."), 1);
    (theirs, own)
}

/// Writes down the keys of a member, and what each of them may do.
fn user(page: &mut String, member: &Member, shop: &Shop) {
    let Some(permissions) = Permissions::of(member, shop) else { return };
    for key in &member.keys {
        let _ = writeln!(page, "      # {}, {}", member.name, member.position);
        let _ = writeln!(page, "      {{ nkey: {key}, permissions: {{");
        for (what, subjects) in [("publish", &permissions.publish), ("subscribe", &permissions.subscribe)] {
            let _ = writeln!(page, "        {what}: {{ allow: [");
            for subject in subjects {
                let _ = writeln!(page, "          \"{subject}\"");
            }
            page.push_str("        ] }\n");
        }
        page.push_str("      } }\n");
    }
}

/// The service that answers a subject or tells it, as the broker's rules name it.
pub fn answers_of(requests: &[(String, Access)], service: &str) -> BTreeSet<String> {
    requests.iter().map(|(subject, _)| subject.clone()).filter(|subject| owner(subject) == service).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(publish: &[&str], subscribe: &[&str]) -> Permissions {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Permissions { publish: owned(publish), subscribe: owned(subscribe) }
    }

    #[test]
    fn what_is_missing_is_named() {
        let have = permissions(&["events.order.>", "cart.*"], &["order.place order", "order.get"]);
        assert!(
            have.missing(&permissions(&["events.order.placed", "cart.get"], &["order.get q"])).is_empty()
        );
        let needed = permissions(
            &["events.order", "cart.get.x", "cart.>", "events.>"],
            &["order.place", "order.place cart"],
        );
        assert_eq!(
            have.missing(&needed),
            [
                "publish events.order",
                "publish cart.get.x",
                "publish cart.>",
                "publish events.>",
                "subscribe order.place",
                "subscribe order.place cart",
            ]
        );
    }

    #[test]
    fn a_service_gets_nothing_that_is_anothers() {
        let set = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        let order = Peer {
            name: "order".into(),
            answers: set(&["order.place"]),
            calls: set(&["cart.get"]),
            hears: set(&["payment"]),
            listens: set(&[]),
            tells: set(&[]),
            drains: BTreeSet::new(),
        };
        let granted = Permissions::of_service(&order);
        let forbidden = permissions(
            &[
                "events.payment.captured",
                "payment.reconcile",
                "$JS.API.STREAM.PURGE.ORDER",
                "$JS.API.STREAM.CREATE.ORDER",
                "$JS.API.STREAM.DELETE.PAYMENT",
                "$JS.API.CONSUMER.CREATE.PAYMENT.order",
                "$JS.API.CONSUMER.MSG.NEXT.PAYMENT.cart",
                "$SRV.PING",
                "$SYS.REQ.SERVER.PING",
            ],
            &["cart.get cart", "order.place", "_INBOX.cart.>", "_INBOX.>", "events.>", "$SYS.>", ">"],
        );
        let missing = granted.missing(&forbidden);
        assert_eq!(missing.len(), forbidden.publish.len() + forbidden.subscribe.len(), "{missing:#?}");
    }
}
