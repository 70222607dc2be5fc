//! The life of one world: the shop opens, the storm comes, everything heals, and the books are looked at.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use contracts::order::Stage;
use kit::Result;
use kit::engine::outbox;

use crate::audit::{self, Audit};
use crate::broken::Broken;
use crate::chance::Dice;
use crate::people::{Ledger, Person};
use crate::port::lock;
use crate::storm::Storm;
use crate::world::World;

/// In so many worlds of a thousand somebody makes an account. Hashing a password is slow, by intent.
const ACCOUNTS: u32 = 60;
/// Steps after which a world has no end.
const STEPS_MAX: u64 = 1_500_000;
/// How long it may take until everything is quiet, in microseconds: unknown outcomes take a day.
const QUIET_MAX: i64 = 4 * 24 * 3_600_000_000;
/// How often it is looked whether all is quiet.
const LOOKS: i64 = 30_000_000;
/// How often a person looks after what needs attention, before that counts as in their hands.
const HELPED_MAX: u32 = 12;

/// How a world ended.
pub struct End {
    /// Its number.
    pub seed: u64,
    /// Its weather.
    pub storm: Storm,
    /// What is wrong; nothing if all is well.
    pub faults: Vec<String>,
    /// How many orders stand where.
    pub stages: BTreeMap<Stage, u64>,
    /// How often each kind of fault happened.
    pub happened: BTreeMap<&'static str, u64>,
    /// Steps, and a sum over all of them.
    pub steps: (u64, u64),
    /// What people were told in it.
    pub told: Ledger,
    /// The world itself, to look at.
    pub world: World,
    /// Who may look at everything in it.
    pub keeper: Person,
}

/// Lives through the world of a seed.
///
/// # Errors
/// If a world cannot be made, or a service does not answer in the end.
pub fn of(seed: u64, broken: Option<Broken>) -> Result<End> {
    let mut dice = Dice::of(seed ^ 0x5eed);
    let storm = Storm::of(&mut dice);
    let mut world = World::new(seed, Storm::calm(), broken)?;
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let keeper = Person::keeper(&world.notes, &ledger, &mut dice);
    begins(&mut world, keeper.clone(), |keeper| async move { keeper.opens().await });
    until_nobody_acts(&mut world);

    world.storm = storm.clone();
    let over = world.clock.after(storm.lasts);
    world.storm_begins();
    begins(&mut world, keeper.clone(), |keeper| async move { keeper.keeps_shop(6).await });
    for number in 0..dice.between(1, 5) {
        let buyer = Person::buyer(number, &world.notes, &ledger, &mut dice);
        let times = dice.between(1, 4);
        begins(&mut world, buyer, move |buyer| async move { buyer.buys(times).await });
    }
    if dice.happens(ACCOUNTS) {
        let newcomer = Person::newcomer(&world.notes, &ledger, &mut dice);
        let letters = world.letters.clone();
        begins(&mut world, newcomer, |newcomer| async move { newcomer.signs_up(&letters).await });
    }
    world.run_to(over);
    world.storm_ends();
    until_nobody_acts(&mut world);
    until_quiet(&mut world, &keeper);

    let told = std::mem::take(&mut *lock(&ledger));
    let Audit { faults, stages } = audit::of(&world, &told)?;
    let (happened, steps) = (world.faults.clone(), world.steps);
    Ok(End { seed, storm, faults, stages, happened, steps, told, world, keeper })
}

fn begins<F: Future<Output = ()> + Send + 'static>(
    world: &mut World,
    person: Person,
    acts: impl FnOnce(Person) -> F,
) {
    world.tasks.begin(None, acts(person));
    world.follows();
}

fn has_no_end(world: &mut World) -> bool {
    let endless = world.steps.0 > STEPS_MAX;
    if endless && !world.findings.iter().any(|finding| finding.starts_with("no end")) {
        world.findings.push(format!("no end after {STEPS_MAX} steps"));
    }
    endless
}

fn until_nobody_acts(world: &mut World) {
    while world.tasks.outside() > 0 && !has_no_end(world) && world.step() {}
}

fn until_quiet(world: &mut World, keeper: &Person) {
    let until = world.clock.passed() + QUIET_MAX;
    let mut helped = 0;
    loop {
        let next = world.clock.passed() + LOOKS;
        world.run_to(next);
        let (loud, attention) = match (what_is_not_quiet(world), needs_attention(world)) {
            (Ok(loud), Ok(attention)) => (loud, attention),
            (Err(error), _) | (_, Err(error)) => (Some(error.chain()), 0),
        };
        if loud.is_none() && attention > 0 && helped < HELPED_MAX {
            helped += 1;
            begins(world, keeper.clone(), |keeper| async move { keeper.helps().await });
            until_nobody_acts(world);
            continue;
        }
        let Some(loud) = loud else { return };
        if world.clock.passed() > until {
            world.findings.push(format!("never quiet: {loud}"));
            return;
        }
        if has_no_end(world) {
            return;
        }
    }
}

/// Orders that a person has to look at.
fn needs_attention(world: &World) -> Result<u64> {
    count_orders(world, "standing NOT IN ('confirmed', 'refunded', 'cancelled')")
}

fn count_orders(world: &World, which: &str) -> Result<u64> {
    let order = world.nodes.iter().find(|node| node.name == "order");
    let Some(order) = order else { return Ok(0) };
    order.read(|sql| sql.get(&format!("SELECT count(*) FROM orders WHERE {which}"), [], |row| row.get(0)))
}

/// What still goes on, if anything does.
fn what_is_not_quiet(world: &World) -> Result<Option<String>> {
    if !world.asks.is_empty() {
        return Ok(Some("requests are on their way".into()));
    }
    for (teller, node) in world.nodes.iter().enumerate() {
        let name = node.name;
        let Some(live) = node.live.as_ref() else { return Ok(Some(format!("{name} is down"))) };
        let newest = node.read(outbox::extent)?.newest;
        let stream = world.broker.streams.get(&teller);
        if !live.queue.is_empty() || stream.is_none_or(|stream| stream.last != newest) {
            return Ok(Some(format!("{name} has something to write or to tell")));
        }
        if live.hearers.values().any(|hearer| hearer.origin.is_none()) {
            return Ok(Some(format!("{name} does not hear everybody")));
        }
        let due: u64 = node
            .read(|sql| sql.get("SELECT count(*) FROM effect WHERE state = 'due'", [], |row| row.get(0)))?;
        if due > 0 {
            return Ok(Some(format!("{name} works on the outside world")));
        }
        for (hearer, consumer) in stream.into_iter().flat_map(|stream| &stream.consumers) {
            if consumer.session.is_none() || consumer.floor < consumer.handed_out || consumer.next <= newest {
                return Ok(Some(format!("{} has not heard all of {name}", world.nodes[*hearer].name)));
            }
        }
    }
    let waiting = count_orders(world, "standing IN ('placed', 'awaiting_payment', 'awaiting_outcome')")?;
    Ok((waiting > 0).then(|| format!("{waiting} orders wait")))
}
