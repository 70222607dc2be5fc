//! Waiting until nothing moves any more, and saying what still does.

use std::time::{Duration, Instant};

use contracts::order::{ListOrders, Stage};

use crate::{Counter, NAMES};

/// How long a shop may take from when everything was mended until it is quiet. A card whose answers were
/// lost is tried for a minute and a half.
pub const QUIET_TIME: Duration = Duration::from_secs(150);

/// How often it is looked.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Waits until the shop is quiet.
///
/// # Errors
/// What is not, after [`QUIET_TIME`].
pub async fn until_quiet(shop: &Counter) -> Result<Duration, Vec<String>> {
    let began = Instant::now();
    loop {
        let noise = noise(shop).await;
        if noise.is_empty() {
            return Ok(began.elapsed());
        }
        if began.elapsed() > QUIET_TIME {
            return Err(noise);
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What is not quiet.
async fn noise(shop: &Counter) -> Vec<String> {
    let mut noise = Vec::new();
    for name in NAMES {
        let Some(health) = shop.health(name).await else {
            noise.push(format!("{name} does not answer"));
            continue;
        };
        let (newest, told) = (health.outbox_newest, health.outbox_published);
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
        match shop.client().consumers(&stream).await {
            Err(error) => noise.push(format!("{stream}: {}", error.chain())),
            Ok(consumers) => {
                for waits in consumers.iter().filter(|one| one.pending > 0 || one.unacknowledged > 0) {
                    noise.push(format!(
                        "{} has {} messages of {stream} to hear and {} to acknowledge",
                        waits.name, waits.pending, waits.unacknowledged
                    ));
                }
            }
        }
    }
    let stages = vec![Stage::Placed, Stage::AwaitingPayment];
    let waiting = ListOrders { stages, limit: Some(5), ..ListOrders::default() };
    match shop.client().ask(&waiting).await {
        Err(error) => noise.push(format!("order: {}", error.chain())),
        Ok(page) => {
            noise.extend(page.items.iter().map(|order| format!("{} is still {}", order.order, order.stage)));
        }
    }
    noise
}
