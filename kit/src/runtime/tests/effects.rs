//! Work on the outside world in a process of its own time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Tell, Told, Word, World, count};
use crate::Ctx;
use crate::context::EffectCtx;
use crate::effect::{Attempt, Effect, Policy, Trouble};
use crate::error::{Error, Kind, Result, reason};
use crate::service::Service;
use crate::transaction::Tx;

/// A word is spread outside.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Spread {
    word: String,
}

impl Effect for Spread {
    const NAME: &'static str = "spread";
    const POLICY: Policy = Policy {
        // Longer than any test waits.
        time_limit: Duration::from_secs(3600),
        tries_max: 3,
        wait: Duration::from_millis(10),
        wait_max: Duration::from_secs(1),
        at_once: 1,
    };
    type Outcome = u32;

    fn key(&self) -> String {
        self.word.clone()
    }

    fn about(&self) -> String {
        self.word.clone()
    }
}

async fn spread(ctx: EffectCtx, _: Spread) -> std::result::Result<u32, Trouble> {
    Ok(ctx.attempt)
}

/// A teller that spreads what it is told. The first outcome finds no room in its database.
fn spreader() -> Service {
    let refused = Arc::new(AtomicBool::new(false));
    Service::new("teller", "1.0.0")
        .migrations_from(&[
            "CREATE TABLE words (number INTEGER NOT NULL PRIMARY KEY, word TEXT NOT NULL) STRICT;",
        ])
        .answers(tell_and_spread)
        .answers(count)
        .performs(spread, move |tx: &mut Tx<'_>, effect: Spread, attempt| {
            if !refused.swap(true, Ordering::Relaxed) {
                return Err(Error::new(Kind::Unavailable, reason::DISK_FULL, "there is no room"));
            }
            let Attempt::Answered(attempt) = attempt else { return Ok(()) };
            tx.emit(&Told { word: effect.word, number: attempt.into() })
        })
}

async fn tell_and_spread(ctx: Ctx, asked: Tell) -> Result<Word> {
    ctx.write(move |tx| {
        tx.perform(&Spread { word: asked.word.clone() })?;
        Ok(Word { word: asked.word, number: 0 })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_try_whose_end_could_not_be_recorded_is_made_again_soon_and_not_after_its_time_limit() {
    let world = World::start().await;
    let _teller = world.run(spreader());
    world.tell("hello").await;
    world.until_told(1).await;
    let told = world.stream().await.pop().unwrap().2;
    assert_eq!(told, Told { word: "hello".into(), number: 2 }, "at the second try");
}
