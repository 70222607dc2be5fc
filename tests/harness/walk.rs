//! The walk over the crash points: services die, fail or wait at them while orders flow, and then the books
//! are audited.
//!
//! - [`Walker::open`] opens a shop of real processes in which every point says when it is reached: so it is
//!   known which service comes where
//! - [`Walker::round`] arms services, lets everything happen that can become of an order, looks after the
//!   processes as a supervisor would, waits until the shop is quiet, and audits
//! - [`step`]: what can happen where

pub mod step;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use kit::crash::{POINTS, VARIABLE};
use kit::testing::PATIENCE;
use serde_json::Value;

use crate::flow::{MUG, POSTER};
use crate::processes::ProcessShop;
use crate::{Counter, NAMES};
use step::{AT_THE_STOP, Outcome, Place, Step, When};

/// The program in which crash points can be armed.
const PROGRAM: &str = "shopd-with-crash-points";

/// Pieces in stock at the opening, more than any walk sells.
const PIECES: u64 = 1_000_000;

/// How often everything happens in a round until every step has fired. After that it is a finding.
const FLOWS_MAX: usize = 4;

/// How long everything may take; whatever waits in it for too long says so before.
const FLOW_TIME: Duration = Duration::from_secs(2 * PATIENCE.as_secs());

/// Lines of each log that a failing round shows.
const LAST_LINES: usize = 15;

/// How often the processes are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// What a service is armed with, one process after the other: the next begins when all steps of one have
/// fired.
pub type Lives = Vec<Vec<Step>>;

/// A shop of processes, and what was walked in it.
pub struct Walker {
    shop: ProcessShop,
    counter: Counter,
    flows: usize,
    /// Who sets out once everybody has arrived.
    then: Option<(&'static str, Lives)>,
    walked: BTreeSet<Step>,
}

/// Which service comes where.
pub struct Found {
    /// Where services come again and again: what can be walked.
    pub places: BTreeSet<Place>,
    /// Where they came when the shop was opened, some of them only then.
    pub at_the_opening: BTreeSet<Place>,
}

/// A service on its way through its lives.
struct Going {
    lives: VecDeque<Vec<Step>>,
    /// How often each step of this life has fired in processes that are gone.
    earlier: Vec<usize>,
    told_to_stop: bool,
}

impl Walker {
    /// Opens a shop, and finds out which service comes to which place.
    pub async fn open() -> (Self, Found) {
        let says = POINTS.iter().map(|point| format!("{}=delay:0@every", point.name));
        let says = says.collect::<Vec<_>>().join(",");
        let (shop, counter) = ProcessShop::open_with(PROGRAM, &[(VARIABLE, &says)]).await;
        counter.sells(MUG, 1000, PIECES).await;
        counter.sells(POSTER, 500, 1).await;
        counter.joins(shop.lent_broker()).await;
        let mut walker = Self { shop, counter, flows: 0, then: None, walked: BTreeSet::new() };
        let at_the_opening = walker.fired();
        for service in NAMES {
            walker.shop.kill(service);
            walker.shop.start_with(service, &[(VARIABLE, &says)]);
        }
        walker.flow(true).await;
        walker.audit().await;
        let mut places = walker.fired();
        // A sound shop is not told to stop, and nothing fails in it, so a reaction has to be made to.
        let letters = places.iter().filter(|place| place.point == "hear.reaction");
        let letters: Vec<Place> =
            letters.map(|place| Place { point: "dead_letter.write", ..place.clone() }).collect();
        let stops = NAMES.iter().flat_map(|service| AT_THE_STOP.map(|point| Place::of(service, point, "")));
        let stops: Vec<Place> = stops.flatten().collect();
        places.extend(letters.into_iter().chain(stops));
        (walker, Found { places, at_the_opening })
    }

    /// Every place that the processes of this moment came to.
    fn fired(&self) -> BTreeSet<Place> {
        NAMES.iter().flat_map(|service| fired(service, &self.shop.log(service))).collect()
    }

    /// Every step that has fired.
    pub fn walked(&self) -> &BTreeSet<Step> {
        &self.walked
    }

    /// The shop, for what a walk does beside its steps.
    pub fn shop(&mut self) -> &mut ProcessShop {
        &mut self.shop
    }

    /// Goes one round: services through their lives while orders flow, then quiet, then the audit.
    pub async fn round(&mut self, lives: BTreeMap<&'static str, Lives>) {
        let all = lives.values().chain(self.then.as_ref().map(|(_, lives)| lives));
        let remaking = all.flatten().flatten().any(|step| needs_streams(&step.place));
        let mut going = BTreeMap::new();
        for (service, lives) in lives {
            self.set_out(service, lives, &mut going);
        }
        for _ in 0..FLOWS_MAX {
            self.flow_among(&mut going, remaking).await;
            if going.is_empty() && self.then.is_none() {
                break;
            }
        }
        self.disarm_what_is_seldom(&mut going);
        // Who hears what happened may be behind whoever did it.
        let heard = async {
            while !going.is_empty() {
                let services: Vec<&'static str> = going.keys().copied().collect();
                services.into_iter().for_each(|service| self.look_after(service, &mut going));
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, heard).await;
        let left: Vec<_> = going.values().map(|one| &one.lives).collect();
        assert!(left.is_empty(), "after {FLOWS_MAX} times everything these did not fire: {left:#?}");
        self.audit().await;
    }

    /// Goes one round in which a service is killed, and then, as soon as it is started again, a second one.
    pub async fn pair(&mut self, first: &Place, second: &Place) {
        let kill = |place: &Place| vec![place.step((Outcome::Kill, When::First))];
        if first.service == second.service {
            return self.round([(first.service, vec![kill(first), kill(second)])].into()).await;
        }
        self.then = Some((second.service, vec![kill(second)]));
        self.round([(first.service, vec![kill(first)])].into()).await;
    }

    fn set_out(&mut self, service: &'static str, lives: Lives, going: &mut BTreeMap<&'static str, Going>) {
        self.shop.kill(service);
        let mut one = Going { lives: lives.into(), earlier: Vec::new(), told_to_stop: false };
        self.begin_life(service, &mut one);
        going.insert(service, one);
    }

    /// One flow of everything, with an eye on the processes meanwhile.
    async fn flow_among(&mut self, going: &mut BTreeMap<&'static str, Going>, remaking: bool) {
        let (counter, name) = (self.counter.clone(), self.next_name());
        let flow = tokio::spawn(async move { counter.sees_everything(&name, remaking).await });
        let person = self.counter.clone();
        let tending = tokio::spawn(async move { person.tends_letters().await });
        let ended = tokio::time::timeout(FLOW_TIME, async {
            loop {
                let services: Vec<&'static str> = going.keys().copied().collect();
                for service in services {
                    self.look_after(service, going);
                }
                if let Some((service, lives)) = self.then.take_if(|_| going.is_empty()) {
                    self.set_out(service, lives, going);
                }
                // Who is told to stop comes to its place without any order.
                let steps = || going.values().flat_map(|one| one.lives.iter().flatten());
                if flow.is_finished() && !steps().any(|step| step.place.is_at_the_stop()) {
                    return;
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        })
        .await;
        tending.abort();
        let done = flow.is_finished();
        assert!(ended.is_ok(), "after {FLOW_TIME:?} still not: everything ({done}), with {:?}", armed(going));
        if let Err(error) = flow.await {
            panic!("{error}; armed are still {:?}; {}", armed(going), self.last_words());
        }
    }

    /// What each service said last, for whoever has to find out why a round does not end.
    fn last_words(&self) -> String {
        let tail = |service: &&str| {
            let log = self.shop.log(service);
            let lines: Vec<&str> = log.lines().rev().take(LAST_LINES).collect();
            format!("\n{service}:\n{}", lines.into_iter().rev().collect::<Vec<_>>().join("\n"))
        };
        NAMES.iter().map(tail).collect()
    }

    async fn flow(&mut self, remaking: bool) {
        self.flow_among(&mut BTreeMap::new(), remaking).await;
    }

    fn next_name(&mut self) -> String {
        self.flows += 1;
        format!("walk-{}", self.flows)
    }

    /// Does for a service what its supervisor would: starts it again when it has ended. A life in which
    /// everything has fired is followed by the next, the last one by a process that is not armed.
    fn look_after(&mut self, service: &'static str, going: &mut BTreeMap<&'static str, Going>) {
        let Some(one) = going.get_mut(service) else { return };
        let Some(life) = one.lives.front().cloned() else { return };
        let end = self.shop.end_of(service);
        let log = self.shop.log(service);
        let here = fired(service, &log);
        let now: Vec<usize> =
            life.iter().zip(&one.earlier).map(|(step, before)| before + times(step, &here)).collect();
        let over = life.iter().zip(&now).all(|(step, times)| *times >= step.wanted());
        let waits_for_end =
            life.iter().any(|step| step.outcome == Outcome::Kill || step.place.is_at_the_stop());
        match end {
            None if over && !waits_for_end => self.end_life(service, going),
            None => {
                let at_the_stop = life.iter().any(|step| step.place.is_at_the_stop());
                if at_the_stop && !one.told_to_stop && log.contains("is ready") {
                    self.shop.signal(service, "TERM");
                    one.told_to_stop = true;
                }
            }
            Some(status) => {
                let expected = one.told_to_stop || explains(&life, &here, status);
                assert!(expected, "{service} ended with {status} while armed with {life:?}: {log}");
                one.earlier = now;
                one.told_to_stop = false;
                if over { self.end_life(service, going) } else { self.start(service, &life) }
            }
        }
    }

    /// What comes up once a start or so, and fired at least once, has fired often enough.
    fn disarm_what_is_seldom(&mut self, going: &mut BTreeMap<&'static str, Going>) {
        let services: Vec<&'static str> = going.keys().copied().collect();
        for service in services {
            let here = fired(service, &self.shop.log(service));
            let one = &going[service];
            let life = one.lives.iter().flatten().zip(&one.earlier);
            let each_once = life.into_iter().all(|(step, before)| before + times(step, &here) > 0);
            if each_once && one.lives.len() == 1 {
                self.end_life(service, going);
            }
        }
    }

    fn end_life(&mut self, service: &'static str, going: &mut BTreeMap<&'static str, Going>) {
        let Some(one) = going.get_mut(service) else { return };
        let life = one.lives.pop_front().unwrap_or_default();
        // A failure may be about to end the process: it says that it has fired before it ends.
        let lives_on = |step: &Step| step.outcome == Outcome::Delay || !step.place.is_at_the_start();
        let spent = life
            .iter()
            .all(|step| step.when == When::First && step.outcome != Outcome::Kill && lives_on(step));
        let runs = self.shop.end_of(service).is_none();
        self.walked.extend(life);
        if one.lives.is_empty() {
            going.remove(service);
            // Who has fired the only time it should needs not be disarmed.
            if !(spent && runs) {
                self.shop.kill(service);
                self.shop.start(service);
            }
        } else {
            self.shop.kill(service);
            self.begin_life(service, one);
        }
    }

    fn begin_life(&mut self, service: &'static str, one: &mut Going) {
        let life = one.lives.front().cloned().unwrap_or_default();
        one.earlier = vec![0; life.len()];
        one.told_to_stop = false;
        self.start(service, &life);
    }

    fn start(&mut self, service: &'static str, life: &[Step]) {
        let arms = life.iter().map(Step::arm).collect::<Vec<_>>().join(",");
        self.shop.start_with(service, &[(VARIABLE, &arms)]);
    }

    /// Waits until the shop is quiet and checks that its books balance, each order being there once.
    pub async fn audit(&mut self) {
        self.counter.until_open().await;
        // What was still on its way may have become a letter behind the look.
        loop {
            self.counter.settles_letters().await;
            self.counter.until_quiet().await;
            if self.counter.has_no_letters().await {
                break;
            }
        }
        let books = self.counter.balances(&[(MUG, PIECES)]).await;
        assert_eq!(books.orders.len(), 3 * self.flows, "each order once");
    }
}

/// The places that a log says have fired, each as often as it did.
fn fired(service: &'static str, log: &str) -> Vec<Place> {
    let said = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    said.filter_map(|line| Place::of(service, line["crash.point"].as_str()?, line["crash.about"].as_str()?))
        .collect()
}

fn times(step: &Step, fired: &[Place]) -> usize {
    let same = |place: &&Place| {
        place.point == step.place.point && (step.place.about.is_empty() || place.about == step.place.about)
    };
    fired.iter().filter(same).count()
}

/// Whether a process may have ended like this: killed by itself, or with 70 by a failure that was ordered.
fn explains(life: &[Step], fired: &[Place], status: ExitStatus) -> bool {
    const KILLED: i32 = 9;
    const FAILED: i32 = 70;
    life.iter().any(|step| {
        let ended = match step.outcome {
            Outcome::Kill => status.signal() == Some(KILLED),
            Outcome::Error => status.code() == Some(FAILED),
            Outcome::Delay => false,
        };
        ended && times(step, fired) > 0
    })
}

fn needs_streams(place: &Place) -> bool {
    place.point.starts_with("stream.") || place.point.starts_with("consumer.")
}

fn armed(going: &BTreeMap<&'static str, Going>) -> Vec<String> {
    let lives = going.iter().flat_map(|(service, one)| one.lives.iter().map(move |life| (service, life)));
    lives
        .map(|(service, life)| {
            format!("{service}: {}", life.iter().map(Step::arm).collect::<Vec<_>>().join(","))
        })
        .collect()
}
