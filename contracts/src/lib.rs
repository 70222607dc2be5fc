//! The words that services say to each other: data, and no behaviour beyond checking itself.
//!
//! # Layout
//! - [`ids`]: one type for each kind of identifier; [`money`]: minor units with their currency
//! - [`basics`]: article numbers, quantities, addresses; [`card`]: what looks like a card's number
//! - one module a service, in the order of an order's life; `examples` has a value of each word
//!
//! Contracts only grow: a new field has a default, a breaking change is a new subject. Requests
//! refuse fields they do not know, so that a typing error is not silently ignored; events accept
//! them, so that a hearer may be older than the teller.

pub mod alert;
pub mod analytics;
pub mod auth;
pub mod basics;
pub mod card;
pub mod cart;
pub mod catalog;
pub mod device;
mod examples;
pub mod ids;
pub mod ingest;
pub mod inventory;
pub mod money;
pub mod notification;
pub mod order;
pub mod payment;
pub mod readings;
pub mod telemetry;

pub use basics::{Email, Quantity, Sku};
pub use ids::{
    AlarmId, CartId, CustomerId, DeviceId, HoldId, NotificationId, OrderId, PaymentId, RefundId, TicketId,
};
pub use money::{Currency, Money};

use kit::Access;
use kit::bus::{Peer, Shop};
use kit::drain::RawStream;
use kit::message::{Word, WordKind, owner};

/// Whose events each service hears, beside those of sign-in, which everybody hears. With the words it
/// says what each may do at the broker.
pub const HEARS: &[(&str, &[&str])] = &[
    (kit::streams::NAME, &[]),
    (auth::NAME, &[]),
    ("catalog", &[]),
    ("cart", &["order"]),
    ("order", &["inventory", "payment"]),
    ("inventory", &["order", alert::NAME]),
    ("payment", &["order"]),
    ("notification", &["order", "inventory", alert::NAME]),
    ("analytics", &["catalog", "cart", "order", "inventory", "payment"]),
    (device::NAME, &[ingest::NAME]),
    (ingest::NAME, &[]),
    (telemetry::NAME, &[ingest::NAME]),
    (alert::NAME, &[ingest::NAME, device::NAME]),
];

/// The services of devices: a shop may be without them.
pub const OF_DEVICES: [&str; 4] = [device::NAME, ingest::NAME, telemetry::NAME, alert::NAME];

/// Which services drain streams of raw messages.
pub const DRAINS: &[(&str, RawStream)] = &[(ingest::NAME, readings::RAW)];

/// Every word of every contract, service by service.
pub fn words() -> impl Iterator<Item = &'static Word> {
    [
        kit::streams::WORDS,
        auth::WORDS,
        kit::access::words::WORDS,
        catalog::WORDS,
        cart::WORDS,
        order::WORDS,
        inventory::WORDS,
        payment::WORDS,
        notification::WORDS,
        analytics::WORDS,
        device::WORDS,
        ingest::WORDS,
        telemetry::WORDS,
        alert::WORDS,
    ]
    .into_iter()
    .flatten()
}

/// The names of the services, in the order of an order's life.
pub fn services() -> impl Iterator<Item = &'static str> {
    HEARS.iter().map(|(name, _)| *name)
}

/// Every request there is, with who may ask it: those of the contracts, and those that every service
/// answers.
pub fn requests() -> Vec<(String, Access)> {
    let common = |name: &'static str| {
        let words = kit::admin::WORDS.iter();
        words.map(move |word| (word.subject.replace("<service>", name), word.access))
    };
    words()
        .filter(|word| word.kind != WordKind::Event)
        .map(|word| (word.subject.to_owned(), word.access))
        .chain(services().flat_map(common))
        .collect()
}

/// Everything that the broker must know of the shop to say who may do what.
pub fn shop() -> Shop {
    let requests = requests();
    let set = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    let peers = HEARS.iter().map(|(name, sources)| {
        let called =
            requests.iter().filter(|(subject, access)| owner(subject) != *name && access.names(name));
        let keeps_own = *name == kit::streams::NAME;
        Peer {
            name: (*name).to_owned(),
            answers: kit::bus::answers_of(&requests, name),
            calls: called.filter(|_| !keeps_own).map(|(subject, _)| subject.clone()).collect(),
            hears: set([&[auth::NAME], *sources].concat()),
            listens: set(if *name == device::NAME { device::LISTENS.to_vec() } else { Vec::new() }),
            tells: set(if *name == device::NAME { device::TELLS.to_vec() } else { Vec::new() }),
            drains: DRAINS.iter().filter(|(drainer, _)| drainer == name).map(|(_, raw)| *raw).collect(),
        }
    });
    Shop { peers: peers.collect(), requests }
}

/// The word said at a subject.
pub fn word(subject: &str) -> Option<&'static Word> {
    words().find(|word| word.subject == subject)
}
