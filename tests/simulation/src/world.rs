//! A world: what is going to happen, in the order of time, and who does it.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use bytes::Bytes;
use kit::Result;
use tokio::sync::oneshot;

use crate::bank::{Answer, Asked, Bank, What};
use crate::broken::Broken;
use crate::broker::{Broker, Message, Publish};
use crate::chance::Dice;
use crate::clock::WorldClock;
use crate::letters::Letters;
use crate::node::Node;
use crate::port::{Ask, Notes};
use crate::shop;
use crate::storm::Storm;
use crate::tasks::Tasks;

/// Something that is going to happen.
pub enum Event {
    /// Somebody has waited long enough.
    Wake(oneshot::Sender<()>),
    /// A request arrives.
    Asks(u64),
    /// Whoever asked looks whether to ask again.
    AsksAgain(u64),
    /// An answer arrives.
    Answers(u64, Result<Bytes>),
    /// A service starts.
    Starts(usize),
    /// The writer of a service takes what waits. The service in a life.
    Commits((usize, u64)),
    /// A service looks what is due.
    Due((usize, u64)),
    /// A relay compares its outbox with its stream. With its turn.
    Compares((usize, u64), u64),
    /// A stream is made anew, for a relay in its turn: its first number.
    Makes((usize, u64), u64, u64),
    /// A message arrives at the broker: from whom, on which connection, in which turn.
    Publishes((usize, u64), u64, u64, Box<Publish>),
    /// The broker's word on a message arrives: the number, and whether it is stored.
    Stored((usize, u64), u64, Result<u64, &'static str>),
    /// A hearer begins: its source, its session.
    Begins((usize, u64), usize, u64),
    /// A consumer is made anew from a number on.
    Consumes((usize, u64), usize, u64, u64),
    /// A message arrives at a hearer: source, session, connection.
    Delivers((usize, u64), usize, u64, u64, Box<Message>),
    /// An acknowledgement arrives at the broker: teller, hearer, number.
    Acknowledges(usize, usize, u64),
    /// The broker hands out again what nobody acknowledged: teller, hearer.
    HandsOutAgain(usize, usize),
    /// The bank does what it was asked; who waits for its answer, and how much later it is there.
    BankDoes(What, Option<(oneshot::Sender<BankSays>, i64)>),
    /// The bank's answer arrives.
    BankSays(oneshot::Sender<BankSays>, BankSays),
    /// Something goes wrong.
    Fault,
    /// The broker is there again.
    BrokerStarts,
}

/// What is heard of the bank.
pub type BankSays = std::result::Result<Answer, kit::Trouble>;

/// A request that waits for its answer.
pub struct Pending {
    /// The request.
    pub ask: Ask,
    /// When nobody waits any more.
    pub deadline: i64,
    /// How long is waited before it is asked again.
    pub patience: i64,
}

/// The world.
pub struct World {
    /// Its number.
    pub seed: u64,
    /// Chance.
    pub dice: Dice,
    /// Time.
    pub clock: WorldClock,
    /// What goes wrong, while it lasts.
    pub storm: Storm,
    /// What is broken in it, if anything.
    pub broken: Option<Broken>,
    /// The services.
    pub nodes: Vec<Node>,
    /// The broker.
    pub broker: Broker,
    /// Since when the broker is gone, if it is.
    pub broker_down: bool,
    /// Streams that take nothing until a moment, by teller.
    pub refusing: BTreeMap<usize, i64>,
    /// The bank.
    pub bank: Bank,
    /// The mail server.
    pub letters: Letters,
    /// Where everybody asks.
    pub notes: Notes,
    /// What waits.
    pub tasks: Tasks,
    /// Requests on their way.
    pub asks: BTreeMap<u64, Pending>,
    /// What was found wrong on the way.
    pub findings: Vec<String>,
    /// How often each kind of fault happened.
    pub faults: BTreeMap<&'static str, u64>,
    /// Steps so far, and a sum over all of them: two runs of one seed have the same.
    pub steps: (u64, u64),
    queue: BinaryHeap<Reverse<(i64, u64)>>,
    events: BTreeMap<u64, Event>,
    scheduled: u64,
    asked: u64,
}

impl World {
    /// A world of a seed, in which nothing has happened yet.
    ///
    /// # Errors
    /// If there is no memory for its databases.
    pub fn new(seed: u64, storm: Storm, broken: Option<Broken>) -> Result<Self> {
        let mut dice = Dice::of(seed);
        let clock = WorldClock::default();
        let letters = Letters::new(dice.split());
        let nodes = shop::NAMES.iter().map(|name| Node::new(name, &clock, &mut dice));
        let nodes = nodes.collect::<Result<Vec<_>>>()?;
        let mut world = Self {
            seed,
            dice,
            clock,
            storm,
            broken,
            nodes,
            broker: Broker::default(),
            broker_down: false,
            refusing: BTreeMap::new(),
            bank: Bank::default(),
            letters,
            notes: Notes::default(),
            tasks: Tasks::default(),
            asks: BTreeMap::new(),
            findings: Vec::new(),
            faults: BTreeMap::new(),
            steps: (0, 0),
            queue: BinaryHeap::new(),
            events: BTreeMap::new(),
            scheduled: 0,
            asked: 0,
        };
        for node in 0..world.nodes.len() {
            world.at(0, Event::Starts(node));
        }
        Ok(world)
    }

    /// Lets something happen at a moment; never before now.
    pub fn at(&mut self, moment: i64, event: Event) {
        self.scheduled += 1;
        let moment = moment.max(self.clock.passed());
        self.queue.push(Reverse((moment, self.scheduled)));
        self.events.insert(self.scheduled, event);
    }

    /// Lets something happen in a time from now, somewhere between two bounds.
    pub fn within(&mut self, least: Duration, most: Duration, event: Event) {
        let wait = self.dice.time(least, most);
        self.at(self.clock.passed() + wait, event);
    }

    /// The next number of a request.
    pub(crate) fn next_ask(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// Takes what happens next; none if nothing ever will.
    pub(crate) fn next(&mut self) -> Option<(i64, Event)> {
        let Reverse((moment, number)) = self.queue.pop()?;
        let event = self.events.remove(&number)?;
        Some((moment, event))
    }

    /// Puts something off to a moment, behind what is to happen then.
    pub(crate) fn put_off(&mut self, moment: i64, event: Event) {
        self.at(moment, event);
    }

    /// Counts a fault.
    pub fn counts(&mut self, fault: &'static str) {
        *self.faults.entry(fault).or_default() += 1;
    }

    /// Asks the bank. How it treats the request is drawn here.
    pub(crate) fn asks_bank(&mut self, asked: Asked) {
        use crate::bank::Manner;
        let Asked { what, answer } = asked;
        let manner = if self.dice.happens(self.storm.bank) {
            let manners =
                [Manner::SilentBefore, Manner::SilentAfter, Manner::Late, Manner::Busy, Manner::BrokenAfter];
            self.counts("bank");
            *self.dice.pick(&manners)
        } else {
            Manner::Prompt
        };
        let (short, long) = (Duration::from_millis(5), Duration::from_millis(900));
        let there = self.clock.passed() + self.dice.time(short, long);
        let back = self.dice.time(short, long);
        match manner {
            Manner::Prompt => self.at(there, Event::BankDoes(what, Some((answer, back)))),
            Manner::SilentBefore => drop(answer),
            Manner::SilentAfter => self.at(there, Event::BankDoes(what, None)),
            Manner::Late => {
                let late = self.dice.time(Duration::from_secs(2), Duration::from_secs(50));
                self.at(there + late, Event::BankDoes(what, None));
            }
            Manner::Busy => {
                let busy = Err(kit::Trouble::Transient("the bank is busy and did nothing".into()));
                self.at(there + back, Event::BankSays(answer, busy));
            }
            Manner::BrokenAfter => {
                self.at(there, Event::BankDoes(what, None));
                let broken = Err(kit::Trouble::Unknown("something went wrong at the bank".into()));
                self.at(there + back, Event::BankSays(answer, broken));
            }
        }
    }
}
