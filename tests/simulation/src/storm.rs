//! The weather of one world: which faults there are, and how often. Drawn from the seed.

use std::time::Duration;

use crate::chance::Dice;

/// What can go wrong, each so many times in a thousand where it can happen. Most worlds have only a
/// few kinds of faults: a world with all of them at once hides what two alone would show.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Storm {
    /// A message on the network is lost.
    pub lost: u32,
    /// A message on the network comes twice.
    pub twice: u32,
    /// A message on the network takes long.
    pub slow: u32,
    /// A service ends at a commit, just before it or just after it.
    pub crash: u32,
    /// A group cannot be written: the disk is full.
    pub full: u32,
    /// A service stands still for a while and goes on.
    pub pause: u32,
    /// The broker ends, and comes back.
    pub broker: u32,
    /// When it comes back, or while it runs, it has lost messages that it had confirmed.
    pub rolled_back: u32,
    /// The same, but everything.
    pub wiped: u32,
    /// A stream loses messages out of its middle: a bit flips, or somebody purges them.
    pub holes: u32,
    /// Somebody deletes a stream or a consumer.
    pub deleted: u32,
    /// Somebody sets the clock.
    pub clock: u32,
    /// A stream takes nothing for a while.
    pub refused: u32,
    /// The bank is as it should not be.
    pub bank: u32,
    /// What is gone now and then stays away for long, beyond every deadline of an order.
    pub outages: u32,
    /// How long it lasts.
    pub lasts: Duration,
}

impl Storm {
    /// The weather of a world.
    pub fn of(dice: &mut Dice) -> Self {
        let mut rate = |often: u64, most: u64| {
            let is_there = dice.below(100) < often;
            let rate = dice.between(1, most);
            if is_there { u32::try_from(rate).unwrap_or(0) } else { 0 }
        };
        let storm = Self {
            lost: rate(40, 60),
            twice: rate(40, 80),
            slow: rate(40, 100),
            crash: rate(60, 40),
            full: rate(20, 40),
            pause: rate(30, 400),
            broker: rate(40, 300),
            rolled_back: rate(40, 600),
            wiped: rate(25, 300),
            deleted: rate(25, 400),
            clock: rate(30, 400),
            refused: rate(20, 400),
            bank: rate(60, 500),
            holes: rate(30, 500),
            outages: 0,
            lasts: Duration::ZERO,
        };
        // One world in five lasts long enough for deadlines to pass; fewer things happen in it at a time.
        if dice.happens(200) {
            let bank = if storm.bank > 0 { 900 } else { 0 };
            let lasts = Duration::from_secs(dice.between(600, 2400));
            return Self { outages: 300, crash: storm.crash / 4, bank, lasts, ..storm };
        }
        Self { lasts: Duration::from_secs(dice.between(5, 90)), ..storm }
    }

    /// Fair weather.
    pub fn calm() -> Self {
        Self::default()
    }
}
