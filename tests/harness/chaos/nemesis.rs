//! Who does it: begins each fault of the schedule at its time, ends it, and mends everything at the end.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use kit::Call;
use serde_json::{Value, json};

use super::damage;
use super::dice::Dice;
use super::kind::Kind;
use super::schedule::Planned;
use super::world::World;
use crate::NAMES;
use crate::proxy::Line;

/// How much later everything arrives on a late line, at most.
const LATE_MS: u64 = 500;

/// A nemesis at work on a shop.
pub struct Nemesis<'a> {
    world: &'a mut World,
    /// Who was made to stop and must not be started before the fault ends.
    down: BTreeSet<&'static str>,
    /// Whether the broker must be killed and started before all is well: its store is not what it thinks.
    doubtful: bool,
    saved: PathBuf,
    /// What was done, with when.
    pub did: Vec<String>,
    began: Instant,
}

impl<'a> Nemesis<'a> {
    /// One that begins now.
    pub fn at(world: &'a mut World) -> Self {
        let saved = world.folder().join("store-before");
        Self { world, down: BTreeSet::new(), doubtful: false, saved, did: Vec::new(), began: Instant::now() }
    }

    /// Does everything that was planned, each at its time.
    pub async fn storms(&mut self, planned: &[Planned]) {
        let mut moments: Vec<(u64, bool, &Planned)> = Vec::new();
        for fault in planned {
            moments.push((fault.from_ms, true, fault));
            moments.push((fault.from_ms + fault.lasts_ms, false, fault));
        }
        moments.sort_by_key(|(at, begins, _)| (*at, *begins));
        for (at, begins, fault) in moments {
            tokio::time::sleep_until((self.began + Duration::from_millis(at)).into()).await;
            let down: Vec<&str> = self.down.iter().copied().collect();
            self.world.revive(&down);
            if begins {
                self.note(&format!("{} {} begins", fault.kind.name(), fault.target));
                self.begin(fault).await;
            } else {
                self.end(fault).await;
                self.note(&format!("{} {} ends", fault.kind.name(), fault.target));
            }
        }
    }

    /// Mends everything, whatever was done, and waits until every service answers.
    ///
    /// # Errors
    /// Who does not.
    pub async fn mends(&mut self) -> Result<(), String> {
        for name in NAMES {
            self.world.signal(name, "CONT");
            self.world.line(name, Line::Open);
            self.world.shop.promote(name);
        }
        self.world.empty_disk();
        if self.doubtful {
            self.world.shop.broker().restart();
            self.doubtful = false;
        }
        self.down.clear();
        self.world.revive(&[]);
        self.note("everything is mended");
        self.world.until_open().await
    }

    fn note(&mut self, what: &str) {
        self.did.push(format!("{:6.1} s  {what}", self.began.elapsed().as_secs_f64()));
    }

    async fn begin(&mut self, fault: &Planned) {
        let (world, target) = (&mut *self.world, fault.target);
        let mut dice = Dice::of(fault.seed, "fault", 0);
        match fault.kind {
            Kind::KillService => {
                world.shop.kill(target);
                self.down.insert(target);
            }
            Kind::StopService | Kind::StopServiceTwice => {
                self.down.insert(target);
                world.stop(target, if fault.kind == Kind::StopService { 1 } else { 2 }).await;
            }
            Kind::PauseService => world.signal(target, "STOP"),
            Kind::StandBy => world.shop.start_beside(target),
            Kind::KillBroker => world.shop.broker().kill(),
            Kind::StopBroker => world.stop_broker().await,
            Kind::PauseBroker => world.signal_broker("STOP"),
            Kind::WipeStoreDown => {
                world.shop.broker().kill();
                damage::wipe(&world.store());
            }
            Kind::WipeStoreLive => {
                self.doubtful = true;
                damage::wipe(&world.store());
            }
            Kind::RollBackStore => {
                damage::wipe(&self.saved);
                damage::copy(&world.store(), &self.saved);
            }
            Kind::DamageStoreDown => {
                world.shop.broker().kill();
                let done = damage::damage(&world.store(), &mut dice);
                self.note(&done.join("; "));
            }
            Kind::DamageStoreLive => {
                self.doubtful = true;
                let done = damage::damage(&world.store(), &mut dice);
                self.note(&done.join("; "));
            }
            Kind::DeleteStream | Kind::PurgeStream | Kind::DeleteConsumer | Kind::ForeignMessage => {
                let done = self.by_hand(fault.kind, &mut dice).await;
                self.note(&done);
            }
            Kind::FullDisk => {
                self.doubtful = true;
                let done = match world.fill_disk() {
                    Ok(bytes) => format!("{bytes} bytes filled the disk"),
                    Err(error) => format!("the disk was not filled: {error}"),
                };
                self.note(&done);
            }
            Kind::LateLine => {
                let by = Duration::from_millis(dice.between(20, LATE_MS));
                world.line(target, Line::Late(by));
            }
            Kind::CutLine => world.line(target, Line::Cut),
            Kind::SilentLine => world.line(target, Line::Silent),
            Kind::SilentUp => world.line(target, Line::SilentUp),
            Kind::SilentDown => world.line(target, Line::SilentDown),
            Kind::TrickleLine => world.line(target, Line::Trickle),
        }
    }

    async fn end(&mut self, fault: &Planned) {
        let (world, target) = (&mut *self.world, fault.target);
        match fault.kind {
            Kind::KillService | Kind::StopService | Kind::StopServiceTwice => {
                self.down.remove(target);
                world.revive(&self.down.iter().copied().collect::<Vec<_>>());
            }
            Kind::PauseService => world.signal(target, "CONT"),
            Kind::StandBy => {
                if Dice::of(fault.seed, "standby", 0).percent(50) {
                    world.shop.kill(target);
                } else {
                    world.stop(target, 1).await;
                }
                world.shop.promote(target);
            }
            Kind::KillBroker | Kind::StopBroker | Kind::WipeStoreDown | Kind::DamageStoreDown => {
                world.shop.broker().restart();
            }
            Kind::PauseBroker => world.signal_broker("CONT"),
            Kind::WipeStoreLive | Kind::DamageStoreLive => {
                self.doubtful = false;
                world.shop.broker().restart();
            }
            Kind::RollBackStore => {
                world.shop.broker().kill();
                damage::wipe(&world.store());
                damage::copy(&self.saved, &world.store());
                world.shop.broker().restart();
            }
            Kind::DeleteStream | Kind::PurgeStream | Kind::DeleteConsumer | Kind::ForeignMessage => {}
            Kind::FullDisk => {
                world.empty_disk();
                self.doubtful = false;
                // A broker whose disk was full writes again only after a new start.
                world.shop.broker().restart();
            }
            Kind::LateLine
            | Kind::CutLine
            | Kind::SilentLine
            | Kind::SilentUp
            | Kind::SilentDown
            | Kind::TrickleLine => world.line(target, Line::Open),
        }
    }

    /// What only an admin can do to the streams.
    async fn by_hand(&self, kind: Kind, dice: &mut Dice) -> String {
        let client = self.world.counter.client();
        let service = *dice.one_of(&["order", "inventory", "payment", "order", "cart", "catalog"]);
        let stream = service.to_uppercase();
        let (subject, body) = match kind {
            Kind::DeleteStream => (format!("$JS.API.STREAM.DELETE.{stream}"), Value::Null),
            Kind::PurgeStream => {
                let subjects: Vec<&str> = contracts::words()
                    .map(|word| word.subject)
                    .filter(|subject| subject.starts_with(&format!("events.{service}.")))
                    .collect();
                let body = match dice.between(0, 3) {
                    0 => json!({}),
                    1 => json!({ "keep": dice.between(1, 50) }),
                    _ => json!({ "filter": dice.one_of(&subjects) }),
                };
                (format!("$JS.API.STREAM.PURGE.{stream}"), body)
            }
            Kind::DeleteConsumer => match client.consumers(&stream).await {
                Ok(consumers) if !consumers.is_empty() => {
                    let consumer = &dice.one_of(&consumers).name;
                    (format!("$JS.API.CONSUMER.DELETE.{stream}.{consumer}"), Value::Null)
                }
                _ => return format!("{stream} has no consumer to delete"),
            },
            _ => {
                // The broker answers wherever it is told to, also into a stream.
                let into = format!("events.{service}.{}", dice.one_of(&["placed", "captured", "reserved"]));
                let asked = format!("$JS.API.STREAM.INFO.{stream}");
                let sent = client.nats().publish_with_reply(asked, into.clone(), "".into()).await;
                return format!("an answer was sent to {into}: {}", sent.is_ok());
            }
        };
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let call = Call { timeout: Duration::from_secs(2), ..Call::default() };
        let said = match client.call_raw(&subject, body.clone().into(), call).await {
            Ok(answer) => String::from_utf8_lossy(&answer).chars().take(200).collect(),
            Err(error) => error.chain(),
        };
        format!("{subject} {body}: {said}")
    }
}
