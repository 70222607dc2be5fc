//! The times at which a rule counts.

use contracts::alert::rule::{Day, Schedule, ZONE_CHARS_MAX};
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use kit::Timestamp;

/// A schedule that was read.
#[derive(Debug, Clone)]
pub struct Hours {
    days: Vec<Weekday>,
    from: Time,
    to: Time,
    zone: TimeZone,
}

/// What is wrong with a schedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// Not a time of day.
    #[error("a time of its schedule is not one such as 08:00 or 17:30")]
    Time,
    /// Not a time zone.
    #[error("the zone of its schedule is not known here; UTC always is")]
    Zone,
}

impl Hours {
    /// Reads a schedule.
    ///
    /// # Errors
    /// [`InvalidSchedule`].
    pub fn of(schedule: &Schedule) -> Result<Self, InvalidSchedule> {
        let days = schedule.days.iter().map(|day| weekday(*day)).collect();
        Ok(Self { days, from: time(&schedule.from)?, to: time(&schedule.to)?, zone: zone(&schedule.zone)? })
    }

    /// Whether a rule with this schedule counts at a time.
    pub fn contain(&self, at: Timestamp) -> bool {
        let local = at.to_zoned_datetime(self.zone.clone());
        let (day, time) = (local.weekday(), local.time());
        if self.from < self.to {
            return self.has(day) && self.from <= time && time < self.to;
        }
        (self.has(day) && self.from <= time) || (self.has(day.previous()) && time < self.to)
    }

    fn has(&self, day: Weekday) -> bool {
        self.days.is_empty() || self.days.contains(&day)
    }
}

fn time(text: &str) -> Result<Time, InvalidSchedule> {
    let read = || {
        let (hour, minute) = text.split_once(':')?;
        let number = |digits: &str| {
            (digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| digits.parse().ok())?
        };
        Time::new(number(hour)?, number(minute)?, 0, 0).ok()
    };
    read().ok_or(InvalidSchedule::Time)
}

fn zone(name: &str) -> Result<TimeZone, InvalidSchedule> {
    match name {
        "UTC" => Ok(TimeZone::UTC),
        name if name.len() <= ZONE_CHARS_MAX => TimeZone::get(name).map_err(|_| InvalidSchedule::Zone),
        _ => Err(InvalidSchedule::Zone),
    }
}

fn weekday(day: Day) -> Weekday {
    match day {
        Day::Monday => Weekday::Monday,
        Day::Tuesday => Weekday::Tuesday,
        Day::Wednesday => Weekday::Wednesday,
        Day::Thursday => Weekday::Thursday,
        Day::Friday => Weekday::Friday,
        Day::Saturday => Weekday::Saturday,
        Day::Sunday => Weekday::Sunday,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(days: &[Day], from: &str, to: &str, zone: &str) -> Result<Hours, InvalidSchedule> {
        let (from, to, zone) = (from.to_owned(), to.to_owned(), zone.to_owned());
        Hours::of(&Schedule { days: days.to_vec(), from, to, zone })
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_schedule_has_its_days_and_its_hours() {
        // 1 January 2026 is a Thursday.
        let work = hours(&[Day::Thursday], "08:00", "17:30", "UTC").unwrap();
        assert!(work.contain(at("2026-01-01T08:00:00Z")) && work.contain(at("2026-01-01T17:29:59Z")));
        assert!(!work.contain(at("2026-01-01T17:30:00Z")) && !work.contain(at("2026-01-02T12:00:00Z")));
    }

    #[test]
    fn a_night_belongs_to_the_day_on_which_it_begins() {
        let night = hours(&[Day::Thursday], "22:00", "06:00", "UTC").unwrap();
        assert!(night.contain(at("2026-01-01T23:00:00Z")) && night.contain(at("2026-01-02T05:59:00Z")));
        assert!(!night.contain(at("2026-01-01T05:00:00Z")) && !night.contain(at("2026-01-02T23:00:00Z")));
    }

    #[test]
    fn the_same_time_twice_is_the_whole_day() {
        let day = hours(&[Day::Thursday], "00:00", "00:00", "UTC").unwrap();
        assert!(day.contain(at("2026-01-01T00:00:00Z")) && day.contain(at("2026-01-01T23:59:59Z")));
        assert!(!day.contain(at("2026-01-02T00:00:00Z")));
    }

    #[test]
    fn a_schedule_goes_by_the_clocks_of_its_zone_also_in_summer() {
        let Ok(berlin) = hours(&[], "08:00", "09:00", "Europe/Berlin") else { return };
        assert!(berlin.contain(at("2026-01-01T07:30:00Z")) && !berlin.contain(at("2026-01-01T06:30:00Z")));
        assert!(berlin.contain(at("2026-07-01T06:30:00Z")) && !berlin.contain(at("2026-07-01T07:30:00Z")));
    }

    #[test]
    fn what_is_no_time_and_no_zone_is_refused() {
        for time in ["", "8:00", "24:00", "12:60", "12", "+1:00", "12:00:00"] {
            assert_eq!(hours(&[], time, "12:00", "UTC").unwrap_err(), InvalidSchedule::Time, "{time}");
        }
        for zone in ["", "Nowhere/Atall", "../../etc/passwd", &"x".repeat(100)] {
            assert_eq!(hours(&[], "12:00", "13:00", zone).unwrap_err(), InvalidSchedule::Zone, "{zone}");
        }
    }
}
