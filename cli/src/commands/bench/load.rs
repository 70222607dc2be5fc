//! How much load, and for how long: the options of every benchmark.

use std::time::Duration;

use crate::bench::drive::Plan;
use crate::bench::pace::{Pace, Until};
use crate::pick;

/// How many are under way if nobody says.
const IN_FLIGHT_DEFAULT: u64 = 64;

/// The most that may be under way.
const IN_FLIGHT_MAX: u64 = 10_000;

/// The highest rate that may be asked for, a second.
const RATE_MAX: f64 = 1_000_000.0;

/// How much load, and for how long.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Load {
    /// Closed loop: so many are always under way, and one begins when another ends
    #[arg(long, value_name = "N", default_value_t = IN_FLIGHT_DEFAULT, value_parser = clap::value_parser!(u64).range(1..=IN_FLIGHT_MAX), conflicts_with = "rate")]
    in_flight: u64,
    /// Open loop: so many begin each second whatever becomes of those before, and each is timed from when it should have begun
    #[arg(long, value_name = "R", value_parser = rate)]
    rate: Option<f64>,
    /// End after so many
    #[arg(short = 'n', long, value_name = "N", conflicts_with = "time", value_parser = clap::value_parser!(u64).range(1..))]
    count: Option<u64>,
    /// End after so long, such as 30s or 5m [default: 10s]
    #[arg(id = "time", long = "for", value_name = "TIME", value_parser = some_time)]
    time: Option<Duration>,
    /// Load that comes before and does not count
    #[arg(long, value_name = "TIME", default_value = "2s", value_parser = pick::duration)]
    warm_up: Duration,
    /// Length of the stretches of time that `points` in the JSON has figures of
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = some_time)]
    every: Duration,
    /// Go ahead without asking whether this is meant
    #[arg(long)]
    pub(super) yes: bool,
}

/// How long it goes on if nobody says.
const TIME_DEFAULT: Duration = Duration::from_secs(10);

impl Load {
    pub(super) fn plan(&self) -> Plan {
        let in_flight = usize::try_from(self.in_flight).unwrap_or(usize::MAX);
        Plan {
            pace: self.rate.map_or(Pace::Closed { in_flight }, |rate| Pace::Open { rate }),
            until: self.count.map_or(Until::Time(self.time.unwrap_or(TIME_DEFAULT)), Until::Count),
            warm_up: self.warm_up,
            every: self.every,
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|rate| *rate > 0.0 && *rate <= RATE_MAX);
    number.ok_or_else(|| format!("wanted is a number above 0 and at most {RATE_MAX}, such as 250 or 0.5"))
}

fn some_time(text: &str) -> Result<Duration, String> {
    match pick::duration(text)? {
        Duration::ZERO => Err("wanted is more than no time".to_owned()),
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_above_nothing() {
        assert_eq!((rate("250"), rate("0.5")), (Ok(250.0), Ok(0.5)));
        for wrong in ["0", "-1", "NaN", "inf", "1e9", "many", ""] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
        assert!(some_time("0s").is_err() && some_time("1ms").is_ok());
    }
}
