//! Readings of a CSV file: a column of times, a column of values, in any order.

use contracts::readings::Reading;
use csv::ByteRecord;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use kit::text::printable;

use crate::failure::Failure;
use crate::show::cut;

/// The names by which a column of times is known if nobody names it.
const TIME_NAMES: [&str; 5] = ["time", "date", "timestamp", "ts", "datetime"];

/// Numbers up to this one are seconds since 1970, above it milliseconds: the year 5138 and March 1973.
const SECONDS_MAX: u64 = 99_999_999_999;

/// How a file is to be understood.
#[derive(Debug, Clone)]
pub(crate) struct Reads {
    /// The column of times, if it is named.
    pub(crate) time: Option<String>,
    /// The column of values, if it is named.
    pub(crate) value: Option<String>,
    /// Where a clock stands whose times name no zone.
    pub(crate) zone: TimeZone,
}

/// A line that is no reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// Its number in the file, from 1.
    pub(crate) line: u64,
    /// Why.
    pub(crate) why: String,
}

/// What a file holds.
#[derive(Debug, PartialEq)]
pub(crate) struct Series {
    /// The name of the column of values.
    pub(crate) value_column: String,
    /// The readings, in the order of the file.
    pub(crate) readings: Vec<Reading>,
    /// Lines that are none.
    pub(crate) refused: Vec<Refused>,
}

impl Series {
    /// Moves all readings by the same time, so that the last of them is then (milliseconds since 1970).
    pub(crate) fn move_to(&mut self, end: i64) {
        let last = self.readings.iter().map(|reading| reading.time).max().unwrap_or(end);
        for reading in &mut self.readings {
            reading.time = reading.time.saturating_add(end.saturating_sub(last));
        }
    }
}

/// Reads a file.
///
/// # Errors
/// If its header does not say which column is which.
pub(crate) fn read(bytes: &[u8], reads: &Reads) -> Result<Series, Failure> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(bytes);
    let header = reader
        .byte_headers()
        .map_err(|error| Failure::invalid("invalid_csv", format!("the header cannot be read: {error}")))?;
    let names: Vec<String> = header
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').to_owned())
        .collect();
    if names.is_empty() {
        return Err(Failure::invalid("invalid_csv", "there is no first line that names the columns"));
    }
    let time = column(&names, "time", reads.time.as_deref(), |name| TIME_NAMES.contains(&name))?;
    let value =
        column(&names, "value", reads.value.as_deref(), |name| !name.eq_ignore_ascii_case(&names[time]))?;
    let mut series = Series { value_column: names[value].clone(), readings: Vec::new(), refused: Vec::new() };
    for record in reader.byte_records() {
        match record {
            Ok(record) => match reading(&record, time, value, &reads.zone) {
                Ok(reading) => series.readings.push(reading),
                Err(why) => series.refused.push(Refused { line: line_of(&record), why }),
            },
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                series.refused.push(Refused { line, why: "the line cannot be read".to_owned() });
            }
        }
    }
    Ok(series)
}

fn line_of(record: &ByteRecord) -> u64 {
    record.position().map_or(0, csv::Position::line)
}

/// The place of a column: the one of the name, or the only one that fits.
fn column(
    names: &[String],
    what: &str,
    named: Option<&str>,
    fits: impl Fn(&str) -> bool,
) -> Result<usize, Failure> {
    let header = || format!("the first line is: {}", cut(&printable(&names.join(",")), 200));
    let found: Vec<usize> = match named {
        Some(named) => (0..names.len()).filter(|at| names[*at].eq_ignore_ascii_case(named)).collect(),
        None => (0..names.len()).filter(|at| fits(&names[*at].to_ascii_lowercase())).collect(),
    };
    match (found.as_slice(), named) {
        ([at], _) => Ok(*at),
        (_, Some(named)) => Err(Failure::invalid(
            "missing_column",
            format!("the header does not have one column {}", cut(&printable(named), 60)),
        )
        .why(header())),
        (_, None) => Err(Failure::invalid(
            "ambiguous_column",
            format!("the header does not say which column is the {what}"),
        )
        .why(header())
        .mend(format!("name it: --{what}-column NAME"))),
    }
}

fn reading(record: &ByteRecord, time: usize, value: usize, zone: &TimeZone) -> Result<Reading, String> {
    let field = |at: usize| {
        let text = record.get(at).ok_or("a field is missing")?;
        std::str::from_utf8(text).map_err(|_| "a field is not UTF-8")
    };
    let (time, value) = (field(time)?, field(value)?);
    let number: f64 = value.parse().map_err(|_| format!("{} is not a number", shown(value)))?;
    if !number.is_finite() {
        return Err(format!("{} is not a finite number", shown(value)));
    }
    Ok(Reading { time: moment(time, zone)?, value: number })
}

/// A time: of RFC 3339, or seconds or milliseconds since 1970, or a date and a time of the day in the zone.
fn moment(text: &str, zone: &TimeZone) -> Result<i64, String> {
    if let Ok(number) = text.parse::<i64>() {
        return Ok(if number.unsigned_abs() <= SECONDS_MAX { number * 1000 } else { number });
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Ok(moment.as_millisecond());
    }
    let plain: DateTime =
        text.replace('/', "-").parse().map_err(|_| format!("{} is not a time", shown(text)))?;
    // Of an hour that the clock showed twice the first is meant; what it skipped comes behind the gap.
    let moment = zone.to_timestamp(plain).map_err(|_| format!("{} is out of range", shown(text)))?;
    Ok(moment.as_millisecond())
}

fn shown(text: &str) -> String {
    format!("\"{}\"", cut(&printable(text), 40))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads() -> Reads {
        Reads { time: None, value: None, zone: TimeZone::UTC }
    }

    fn times(text: &str) -> Vec<i64> {
        read(text.as_bytes(), &reads()).unwrap().readings.iter().map(|reading| reading.time).collect()
    }

    #[test]
    fn the_columns_may_stand_in_any_order() {
        let one = read(b"date,temp\n2010/01/01 00:00,39.4\n", &reads()).unwrap();
        let other = read(b"temp,date\n39.4,2010/01/01 00:00:00\n", &reads()).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.readings, [Reading { time: 1_262_304_000_000, value: 39.4 }]);
        assert_eq!(one.value_column, "temp");
    }

    #[test]
    fn times_are_read_as_files_have_them() {
        let all = times(
            "t,ts\n1,1262304000\n1,1262304000000\n1,2010-01-01T00:00:00Z\n1,2010-01-01T01:00:00+01:00\n\
             1,2010-01-01 00:00\n1,2010-01-01T00:00:00\n",
        );
        assert_eq!(all, [1_262_304_000_000; 6]);
        let least = times(&format!("t,ts\n1,{}\n1,-5\n1,{}\n", i64::MIN, i64::MAX));
        assert_eq!(least, [i64::MIN, -5000, i64::MAX]);
    }

    #[test]
    fn a_clock_of_a_zone_is_understood() {
        let zone = TimeZone::fixed(jiff::tz::offset(-8));
        let read = read(b"date,temp\n2010/01/01 00:00,1\n", &Reads { zone, ..reads() }).unwrap();
        assert_eq!(read.readings[0].time, 1_262_304_000_000 + 8 * 3_600_000);
    }

    #[test]
    fn a_line_that_is_no_reading_is_named_and_leaves_the_others_alone() {
        let read = read(b"date,temp\n2010/01/01 00:00,1\nnever,2\n2010/01/01 01:00,warm\n2010/01/01 02:00\n2010/01/01 03:00,NaN\n2010/01/01 04:00,5\n", &reads()).unwrap();
        assert_eq!(read.readings.len(), 2);
        let refused: Vec<(u64, &str)> =
            read.refused.iter().map(|refused| (refused.line, refused.why.as_str())).collect();
        assert_eq!(
            refused,
            [
                (3, "\"never\" is not a time"),
                (4, "\"warm\" is not a number"),
                (5, "a field is missing"),
                (6, "\"NaN\" is not a finite number"),
            ]
        );
    }

    #[test]
    fn all_times_are_moved_alike() {
        let mut read = read(
            b"t,v\n2010-01-01 01:00,1\n2010-01-01 00:00,2\n",
            &Reads { time: Some("t".into()), ..reads() },
        )
        .unwrap();
        read.move_to(7_200_000);
        assert_eq!(
            read.readings,
            [Reading { time: 7_200_000, value: 1.0 }, Reading { time: 3_600_000, value: 2.0 }]
        );
    }

    #[test]
    fn a_header_that_leaves_a_choice_is_asked_for_a_name() {
        let failure = read(b"date,inside,outside\n2010/01/01 00:00,1,2\n", &reads()).unwrap_err();
        assert_eq!(failure.code(), "ambiguous_column");
        let named = Reads { value: Some("Outside".into()), ..reads() };
        let read_named = read(b"date,inside,outside\n2010/01/01 00:00,1,2\n", &named).unwrap();
        assert_eq!(read_named.readings[0].value, 2.0);
        let failure = read(b"temp\n1\n", &reads()).unwrap_err();
        assert_eq!(failure.code(), "ambiguous_column");
        assert_eq!(read(b"", &reads()).unwrap_err().code(), "invalid_csv");
    }
}
