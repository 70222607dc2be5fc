//! In which messages a virtual sensor tells what it measures: packs, some of them left out, told twice, or late.

use contracts::readings::Reading;

use super::sensor::Sensor;

/// How a load of sensors differs from a perfect one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Faults {
    /// The part of the packs that is never told.
    pub(crate) gaps: f64,
    /// The part that is told twice.
    pub(crate) repeats: f64,
    /// The part that is told later than those behind it.
    pub(crate) late: f64,
}

/// How many packs later a late one is told.
const LATE_BY: usize = 5;

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Message {
    /// What is in it.
    pub(crate) readings: Vec<Reading>,
    /// Whether it was told before.
    pub(crate) is_repeat: bool,
    /// Whether later ones were told before it.
    pub(crate) is_late: bool,
}

/// What one sensor tells, pack by pack.
#[derive(Debug)]
pub(crate) struct Teller {
    sensor: Sensor,
    faults: Faults,
    /// Packs that were measured.
    packs: u64,
    /// Late ones, and how many packs each still waits.
    held: Vec<(usize, Vec<Reading>)>,
}

impl Teller {
    pub(crate) fn new(sensor: Sensor, faults: Faults) -> Self {
        Self { sensor, faults, packs: 0, held: Vec::new() }
    }

    /// Measures at these times, and tells: nothing, one message, or several.
    pub(crate) fn tells(&mut self, times: impl Iterator<Item = i64>) -> Vec<Message> {
        let readings: Vec<Reading> =
            times.map(|time| Reading { time, value: self.sensor.measures(time) }).collect();
        self.packs += 1;
        let fate = self.sensor.chance(self.packs << 32);
        let Faults { gaps, repeats, late } = self.faults;
        let mut messages = Vec::new();
        if fate < gaps {
            // Never measured, as far as anybody will know.
        } else if fate < gaps + late {
            self.held.push((LATE_BY, readings));
        } else {
            let is_repeated = fate < gaps + late + repeats;
            let again = is_repeated.then(|| readings.clone());
            messages.push(Message { readings, is_repeat: false, is_late: false });
            messages.extend(again.map(|readings| Message { readings, is_repeat: true, is_late: false }));
        }
        for (waits, _) in &mut self.held {
            *waits = waits.saturating_sub(1);
        }
        messages.extend(self.lets_go(|waits| waits == 0));
        messages
    }

    /// Everything that is still held back.
    pub(crate) fn ends(&mut self) -> Vec<Message> {
        self.lets_go(|_| true)
    }

    fn lets_go(&mut self, ripe: impl Fn(usize) -> bool) -> Vec<Message> {
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.held).into_iter().partition(|(waits, _)| ripe(*waits));
        self.held = kept;
        let late = |(_, readings)| Message { readings, is_repeat: false, is_late: true };
        gone.into_iter().map(late).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn told(faults: Faults, packs: i64) -> Vec<Message> {
        let mut teller = Teller::new(Sensor::new(3, 1), faults);
        let mut all: Vec<Message> = (0..packs)
            .flat_map(|pack| teller.tells((0..10).map(move |n| pack * 10_000 + n * 1000)))
            .collect();
        all.extend(teller.ends());
        all
    }

    fn times(messages: &[Message]) -> Vec<i64> {
        messages.iter().flat_map(|message| message.readings.iter().map(|reading| reading.time)).collect()
    }

    #[test]
    fn a_perfect_sensor_tells_everything_once_and_in_order() {
        let all = times(&told(Faults { gaps: 0.0, repeats: 0.0, late: 0.0 }, 100));
        assert_eq!(all, (0..1000).map(|n| n * 1000).collect::<Vec<_>>());
    }

    #[test]
    fn what_is_late_or_told_twice_is_told_all_the_same() {
        let all = told(Faults { gaps: 0.0, repeats: 0.2, late: 0.2 }, 200);
        let distinct: BTreeSet<i64> = times(&all).into_iter().collect();
        assert_eq!(distinct.len(), 2000, "nothing is missing");
        assert!(all.iter().any(|message| message.is_repeat) && all.iter().any(|message| message.is_late));
        let repeated: usize =
            all.iter().filter(|message| message.is_repeat).map(|message| message.readings.len()).sum();
        assert_eq!(times(&all).len() - distinct.len(), repeated);
        assert!(!times(&all).is_sorted(), "late ones come behind later ones");
    }

    #[test]
    fn a_gap_is_never_told() {
        let all = told(Faults { gaps: 0.5, repeats: 0.0, late: 0.0 }, 200);
        assert!((500..1500).contains(&times(&all).len()), "{}", times(&all).len());
    }
}
