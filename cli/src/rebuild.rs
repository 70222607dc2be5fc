//! Rebuilds that services do beside what they show: saying that one began, and waiting for its end.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::failure::{Failure, exit};
use crate::shop::Shop;

/// How often it is looked whether a rebuild is done.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A rebuild as a service says that it runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Begun {
    /// Whether it began now.
    pub(crate) began: bool,
    /// What is being built.
    pub(crate) generation: u64,
}

/// Says that it began, and with `wait` waits until it is shown. `look` answers the generation that is shown, and how
/// far the rebuild is; `command` is the one that shows this; `what` is what is built, such as `the figures`.
///
/// # Errors
/// 8 if it is not shown in the time that may be waited.
pub(crate) async fn follow(
    shop: &Shop,
    Begun { began, generation }: Begun,
    wait: bool,
    (what, command): (&str, &str),
    look: impl AsyncFn() -> Result<(u64, String), Failure>,
) -> Result<(), Failure> {
    if !began {
        shop.out.say("a rebuild is running already; this is that one");
    }
    let limit = Instant::now() + shop.patience;
    let mut shown = false;
    while wait && !shown {
        let (now, progress) = look().await?;
        shown = now >= generation;
        if !shown && Instant::now() >= limit {
            let message = format!("generation {generation} is not shown yet; it goes on being built");
            return Err(Failure::new(exit::PENDING, "pending", message)
                .why(progress)
                .mend(format!("{command}      says how far it is")));
        }
        if !shown {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
    if !shop.out.is_table() {
        return shop.out.json(&json!({ "began": began, "generation": generation, "shown": shown }));
    }
    if shown {
        return shop.out.line(format!("{what} are those of generation {generation} now"));
    }
    shop.out.line(format!("generation {generation} is being built"))?;
    shop.out.next(command);
    Ok(())
}
