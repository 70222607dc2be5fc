//! All the books of a world, gathered for the rules that `shopctl audit` and the tests of processes use too.

use std::collections::BTreeMap;

use cli::books::compare::Seen;
use cli::books::mirror::Mirror;
use cli::books::notices::Notice;
use cli::books::provider::Provided;
use cli::books::whole::Everything;
use contracts::OrderId;
use contracts::notification::NotificationState;
use contracts::payment::PaymentSums;
use kit::Result;
use kit::clock::Clock;
use kit::engine::outbox::checksum;
use kit::message::stream_of;
use notification::audit::{Message, messages};

use crate::broker::{self, Stream};
use crate::letters::Taken;
use crate::node::Node;
use crate::people::Ledger;
use crate::shop;
use crate::world::World;

/// Everything that is written down in a world that is quiet, by our services, by those outside, and by the people.
/// A service that is down is left out.
///
/// # Errors
/// If a database cannot be read.
pub fn of(world: &World, told: &Ledger) -> Result<Everything> {
    let mut all = Everything { now: world.clock.now(), quiet: true, ..Everything::default() };
    for node in &world.nodes {
        if let Some(live) = node.live.as_ref() {
            node.read(|sql| ledgers::add(&mut all, live.service(), sql))?;
        }
    }
    all.accepted = told.accepted.clone();
    let bank = world.bank.figures();
    for sums in &mut all.sums {
        by_bank(sums, &bank);
    }
    all.provided = Some(bank.into_values().collect());
    all.notices = notices(world)?;
    let mirror = |(teller, stream): (&usize, &Stream)| mirror(world.nodes[*teller].name, stream);
    all.mirrors = Some(world.broker.streams.iter().map(mirror).collect());
    Ok(all)
}

/// The tables of the built-in provider are empty here: the bank has the figures.
fn by_bank(sums: &mut PaymentSums, bank: &BTreeMap<OrderId, Provided>) {
    if let Some(figures) = bank.get(&sums.order) {
        (sums.charges, sums.charged) = (figures.charges, figures.charged);
        (sums.refunds, sums.given_back) = (figures.refunds, figures.refunded);
    }
}

fn mirror(service: &str, stream: &Stream) -> Mirror {
    let seen = |message: &broker::Message| {
        let broker::Message { sequence, id, origin, subject, key, body, told_before, .. } = message;
        let checksum = checksum(id, subject, key, body, told_before.as_deref());
        (*sequence, Seen { id: id.clone(), origin: origin.clone(), checksum })
    };
    Mirror { stream: stream_of(service), messages: stream.messages.iter().map(seen).collect() }
}

/// What people were written, by the count of the mail server. A message that never reached it is no message, and
/// a letter of which we have no message was not asked for. One that the server did not take in any of its tries,
/// and that a person is shown as failed, was not forgotten.
fn notices(world: &World) -> Result<Vec<Notice>> {
    let mut taken = world.letters.taken();
    let Some(node) = shop::number("notification").map(|number| &world.nodes[number]) else {
        return Ok(Vec::new());
    };
    let known = node.read(messages)?;
    let loses = loses_words(world, node);
    let mut all = Vec::new();
    for message in known {
        let taken = taken.remove(&message.message.id).unwrap_or_default();
        let is_given_up = message.message.state == NotificationState::Failed;
        if taken.times > 0 || is_given_up {
            all.push(notice(&message, &taken, loses));
        }
    }
    let unasked = taken.into_iter().map(|(id, taken)| Notice {
        about: id.to_string(),
        happening: "nothing we know of".into(),
        recipient: String::new(),
        asked: 0,
        handed_over: taken.times,
        unknown: 0,
    });
    all.extend(unasked);
    Ok(all)
}

/// Between the word of the server and its row there is a moment. A service that ends in it, or cannot write, has
/// not heard the word, and sends again.
fn loses_words(world: &World, notification: &Node) -> bool {
    notification.life > 0 || world.faults.contains_key("disk full")
}

fn notice(found: &Message, taken: &Taken, loses_words: bool) -> Notice {
    let noted = u32::try_from(found.handed_over()).unwrap_or(u32::MAX);
    let lost = if loses_words { taken.said.saturating_sub(noted) } else { 0 };
    let message = &found.message;
    Notice {
        about: message.about.clone(),
        happening: message.happening.clone(),
        recipient: message.recipient.clone(),
        asked: message.generation,
        handed_over: taken.times,
        unknown: taken.doubts + lost,
    }
}
