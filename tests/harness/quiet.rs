//! Whether nothing moves in a shop any more, and what still does.

use std::time::{Duration, Instant};

use contracts::order::{ListOrders, Stage};
use kit::bus::Peer;
use kit::testing::PATIENCE;

use crate::{Counter, NAMES};

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What one look at every service saw.
#[derive(Debug, Default)]
struct Look {
    /// How much each service has told.
    told: Vec<u64>,
    /// What is not quiet.
    noise: Vec<String>,
}

impl Counter {
    /// Waits until the shop is quiet: every service well, every order settled, every outbox in its stream,
    /// every event heard, no work on the outside world to be done.
    ///
    /// # Panics
    /// With what is not quiet, if it is not in the time that a test waits for anything.
    pub async fn until_quiet(&self) {
        if let Err(noise) = self.quiet_within(PATIENCE).await {
            panic!("the shop is not quiet: {}", noise.join("; "));
        }
    }

    /// The same within a given time. Answers how long it took.
    ///
    /// # Errors
    /// What is not quiet after that time.
    pub async fn quiet_within(&self, time: Duration) -> Result<Duration, Vec<String>> {
        let began = Instant::now();
        // Services are looked at one after the other: what began behind the look has told something by the next.
        let mut before = Look::default();
        loop {
            let mut now = self.look().await;
            if now.noise.is_empty() && before.noise.is_empty() && now.told == before.told {
                return Ok(began.elapsed());
            }
            if began.elapsed() > time {
                if now.noise.is_empty() {
                    now.noise.push(format!("told first {:?}, then {:?}", before.told, now.told));
                }
                return Err(now.noise);
            }
            before = now;
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    async fn look(&self) -> Look {
        let mut look = Look::default();
        let peers = contracts::shop().peers;
        for name in NAMES {
            self.look_at(name, &peers, &mut look).await;
        }
        let stages = vec![Stage::Placed, Stage::AwaitingPayment];
        let waiting = ListOrders { stages, limit: Some(5), ..ListOrders::default() };
        match self.client().ask(&waiting).await {
            Err(error) => look.noise.push(format!("order: {}", error.chain())),
            Ok(page) => {
                let waiting = page.items.iter();
                look.noise.extend(waiting.map(|order| format!("{} is still {}", order.order, order.stage)));
            }
        }
        look
    }

    /// Looks at a service, and at those who hear it.
    async fn look_at(&self, name: &str, peers: &[Peer], look: &mut Look) {
        let noise = &mut look.noise;
        let Some(health) = self.health(name).await else {
            return noise.push(format!("{name} does not answer"));
        };
        let (newest, told) = (health.outbox_newest, health.outbox_published);
        look.told.push(newest);
        if newest != told {
            noise.push(format!("{name} has rows up to {newest} and told up to {told}"));
        }
        if health.effects_due > 0 {
            noise.push(format!("{name} has {} things to do in the outside world", health.effects_due));
        }
        for (part, state) in health.parts.iter().filter(|(_, state)| *state != "ok") {
            noise.push(format!("{name}, {part}: {state}"));
        }
        let stream = name.to_uppercase();
        let consumers = match self.client().consumers(&stream).await {
            Err(error) => return noise.push(format!("{stream}: {}", error.chain())),
            Ok(consumers) => consumers,
        };
        for waits in consumers.iter().filter(|one| one.pending > 0 || one.unacknowledged > 0) {
            noise.push(format!(
                "{} has {} messages of {stream} to hear and {} to acknowledge",
                waits.name, waits.pending, waits.unacknowledged
            ));
        }
        // Who has lost its consumer with a stream that was made anew has not heard everything yet.
        let hears = |peer: &&Peer| peer.hears.iter().any(|source| source == name);
        let lost = |peer: &&Peer| consumers.iter().all(|consumer| consumer.name != peer.name);
        // Not every shop runs the services of devices.
        let runs = |peer: &&Peer| NAMES.contains(&peer.name.as_str());
        for peer in peers.iter().filter(runs).filter(hears).filter(lost) {
            noise.push(format!("{} has no consumer at {stream}", peer.name));
        }
    }
}
