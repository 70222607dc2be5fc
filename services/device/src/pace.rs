//! How often a device may speak of its state: one that floods is not listened to for the rest of a second, so that
//! others are.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use contracts::DeviceId;
use contracts::device::{SAID_MAX, wire};
use kit::listen::{Return, Said};
use kit::{Ctx, Result, Timestamp};

use crate::refusal::Refusal;
use crate::talk::{as_json, rejected, speaker};

/// Who has said how much in this second. It holds those that spoke in it, and nobody else.
#[derive(Debug, Default)]
pub struct Pace(Mutex<(i64, HashMap<DeviceId, u32>)>);

/// What becomes of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It is heard.
    Heard,
    /// It is the first that is not, and is answered so.
    Refused,
    /// It is one of those behind that.
    Ignored,
}

impl Pace {
    /// Counts a message of a device.
    pub fn count(&self, device: DeviceId, now: Timestamp) -> Turn {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if current.0 != now.as_second() {
            *current = (now.as_second(), HashMap::new());
        }
        let said = current.1.entry(device).or_default();
        *said = said.saturating_add(1);
        match *said {
            ..=SAID_MAX => Turn::Heard,
            said if said == SAID_MAX + 1 => Turn::Refused,
            _ => Turn::Ignored,
        }
    }
}

/// Lets a listener hear a message, if the device has not said too much in this second.
///
/// # Errors
/// What the listener says.
pub async fn paced<A>(
    pace: Arc<Pace>,
    (ctx, said): (Ctx, Said),
    refused_at: &str,
    listener: impl FnOnce(Ctx, Said) -> A,
) -> Result<Return>
where
    A: Future<Output = Result<Return>>,
{
    let device = speaker(&said)?;
    match pace.count(device, ctx.now()) {
        Turn::Heard => listener(ctx, said).await,
        Turn::Refused => {
            let refusal = rejected(&Refusal::SaysTooMuch.into(), None);
            Ok(vec![(wire::of(refused_at, device), as_json(&refusal)?)])
        }
        Turn::Ignored => Ok(Return::new()),
    }
}

#[cfg(test)]
mod tests {
    use kit::Example;
    use kit::id::Id;

    use super::*;

    #[test]
    fn who_says_too_much_in_a_second_is_told_so_once_and_heard_again_in_the_next() {
        let (pace, now, other) = (Pace::default(), Timestamp::UNIX_EPOCH, DeviceId::from_bits(7));
        let one = DeviceId::example();
        for _ in 0..SAID_MAX {
            assert_eq!(pace.count(one, now), Turn::Heard);
        }
        assert_eq!([pace.count(one, now), pace.count(one, now)], [Turn::Refused, Turn::Ignored]);
        assert_eq!(pace.count(other, now), Turn::Heard);
        assert_eq!(pace.count(one, now + std::time::Duration::from_secs(1)), Turn::Heard);
    }
}
