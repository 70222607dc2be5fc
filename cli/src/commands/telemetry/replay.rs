//! `shopctl telemetry replay`: the readings of a file, in the name of a device.

use std::path::PathBuf;
use std::time::Instant;

use contracts::DeviceId;
use contracts::readings::{self, Metric, Reading, Site, Unit};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{metric, site};
use crate::failure::{Failure, exit};
use crate::import::file;
use crate::pick;
use crate::progress::Progress;
use crate::sensors::outlet::Stream;
use crate::sensors::senml;
use crate::sensors::series::{self, Reads, Refused};
use crate::shop::Shop;
use crate::show::{count, since};

/// Refused lines that are named unless all are wanted.
const REFUSED_LINES_SHOWN: usize = 20;

/// Readings that are sent in one message unless somebody says how many.
const PACK_DEFAULT: u64 = 100;

/// Tell the readings of a CSV file as if the device had measured them; what is told twice counts once
///
/// The first line names the columns: one of times, called time, date, timestamp, ts or datetime, and
/// one of values. A time is of RFC 3339, or seconds or milliseconds since 1970, or a date and a time of
/// the day such as 2010/01/31 14:00, read in the zone that --zone names. Readings of long ago go to
/// history: they raise no alarm and never replace the latest. What is older than the shop keeps readings
/// (90 days, unless it is set up otherwise) it does not record; --ending moves them all. Lines that are refused
/// leave the others alone: each is named with its number and why, and the exit code is 9.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl telemetry replay temps.csv --device dev_01h2e8kqvbfwea724h75qc655w --site seattle
  shopctl telemetry replay temps.csv --device dev_01h2e8kqvbfwea724h75qc655w --site seattle \\
    --metric temperature --unit Fah --zone America/Los_Angeles
  shopctl telemetry replay temps.csv --device dev_01h2e8kqvbfwea724h75qc655w --site seattle \\
    --ending 1h      as if the last of them had been measured an hour ago")]
pub(crate) struct Args {
    /// The file, or - for standard input
    file: PathBuf,
    /// In whose name
    #[arg(long, value_name = "DEVICE", value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    /// Where the device stands
    #[arg(long, value_name = "NAME", value_parser = site)]
    site: Site,
    /// What was measured [default: the name of the column of values]
    #[arg(long, value_name = "NAME", value_parser = metric)]
    metric: Option<Metric>,
    /// In which unit, best a symbol of RFC 8428, such as Cel
    #[arg(long, value_name = "UNIT", value_parser = unit)]
    unit: Option<Unit>,
    /// Where the clock stood whose times name no zone: a name such as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    zone: TimeZone,
    /// Move all times so that the last one is then: so long ago, a day or a time
    #[arg(long, value_name = "TIME")]
    ending: Option<String>,
    /// The column of times
    #[arg(long, value_name = "NAME")]
    time_column: Option<String>,
    /// The column of values
    #[arg(long, value_name = "NAME")]
    value_column: Option<String>,
    /// Readings in one message
    #[arg(long, value_name = "COUNT", default_value_t = PACK_DEFAULT,
          value_parser = clap::value_parser!(u64).range(1..=senml::PACK_MAX as u64))]
    pack: u64,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Report {
    device: DeviceId,
    metric: Metric,
    /// Readings that the broker has stored.
    stored: u64,
    /// Lines that are no readings.
    refused: Vec<RefusedRow>,
}

#[derive(Debug, Serialize)]
struct RefusedRow {
    line: u64,
    why: String,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let name = file::name(&args.file);
    let reads = Reads { time: args.time_column, value: args.value_column, zone: args.zone };
    let mut read =
        series::read(&file::read(shop, &args.file)?, &reads).map_err(|failure| failure.so(&name))?;
    if let Some(text) = &args.ending {
        let end = pick::moment(text, shop.now()).map_err(|why| Failure::invalid("invalid_time", why))?;
        read.move_to(end.as_millisecond());
    }
    let metric = match args.metric {
        Some(metric) => metric,
        None => read.value_column.parse().map_err(|_| {
            Failure::invalid("invalid_metric", "the column of values does not have the name of a metric")
                .mend("name it: --metric temperature")
        })?,
    };
    let began = Instant::now();
    let subject = readings::subject(&args.site, args.device);
    let total = read.readings.len();
    let progress = Progress::new(&shop.out, total, "readings");
    let mut outlet = Stream::new(shop.client().await?, shop.timeout);
    let told = async {
        for pack in read.readings.chunks(args.pack as usize) {
            let body = senml::pack(&metric, args.unit.as_ref(), pack);
            outlet.tell(subject.clone(), body.into()).await?;
            progress.add(pack.len());
        }
        outlet.end().await
    };
    let told = tokio::select! {
        biased;
        () = shop.interrupted() => Err(Failure::interrupted()),
        told = told => told,
    };
    progress.end();
    told.map_err(|failure| {
        let stored = (outlet.stored * args.pack).min(total as u64);
        failure
            .so(format!("{stored} of {total} readings were told, the rest perhaps not"))
            .mend("run the same command again: what is told twice counts once")
    })?;
    let seen = span(&read.readings, shop.now());
    let refused = read.refused.into_iter().map(|Refused { line, why }| RefusedRow { line, why }).collect();
    tell(shop, &Report { device: args.device, metric, stored: total as u64, refused }, began, &seen)
}

/// The options by which a curve shows readings that are older than what it shows by itself.
fn span(readings: &[Reading], now: Timestamp) -> String {
    let times = || readings.iter().filter_map(|reading| Timestamp::from_millisecond(reading.time).ok());
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return String::new() };
    let day_ago = now - SignedDuration::from_hours(24);
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let since = if first < day_ago { format!(" --since {}", day(first)) } else { String::new() };
    match last.checked_add(SignedDuration::from_hours(24)) {
        Ok(behind) if last < day_ago => format!("{since} --until {}", day(behind)),
        _ => since,
    }
}

fn tell(shop: &Shop, report: &Report, began: Instant, span: &str) -> Result<(), Failure> {
    if shop.out.is_table() {
        let shown = if shop.is_verbose() { report.refused.len() } else { REFUSED_LINES_SHOWN };
        for RefusedRow { line, why } in report.refused.iter().take(shown) {
            shop.out.warn(format!("line {line}: {why}"));
        }
        if report.refused.len() > shown {
            let more = report.refused.len() - shown;
            shop.out.warn(format!("{more} more lines were refused; -v shows all, -o json too"));
        }
        shop.out.line(format!(
            "{} of {} told, {} refused",
            count(report.stored, "reading", "readings"),
            report.metric,
            count(report.refused.len() as u64, "line", "lines")
        ))?;
        shop.out.say(format!("in {}", since(began)));
        let (device, metric) = (report.device, &report.metric);
        if report.stored == 0 {
            return end(report);
        }
        shop.out.next(format!(
            "shopctl telemetry series {device} {metric}{span}      and shopctl telemetry counts --device {device}"
        ));
    } else {
        shop.out.json(report)?;
    }
    end(report)
}

fn end(report: &Report) -> Result<(), Failure> {
    if report.refused.is_empty() { Ok(()) } else { Err(Failure::shown(exit::REFUSED)) }
}

fn unit(text: &str) -> Result<Unit, String> {
    text.parse().map_err(|error: readings::InvalidName| error.to_string())
}

fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text).map_err(|_| {
        "there is no such zone on this machine; names are those of the tz database, such as Europe/Berlin"
            .to_owned()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_that_comes_next_shows_what_was_told() {
        let now: Timestamp = "2026-02-01T12:00:00Z".parse().unwrap();
        let of = |times: &[&str]| {
            let at = |time: &&str| time.parse::<Timestamp>().unwrap().as_millisecond();
            let readings: Vec<Reading> =
                times.iter().map(|time| Reading { time: at(time), value: 1.0 }).collect();
            span(&readings, now)
        };
        assert_eq!(of(&[]), "");
        assert_eq!(of(&["2026-02-01T11:00:00Z"]), "");
        assert_eq!(of(&["2026-02-01T11:00:00Z", "2026-01-20T11:00:00Z"]), " --since 2026-01-20");
        assert_eq!(
            of(&["2010-01-01T00:00:00Z", "2010-12-31T23:00:00Z"]),
            " --since 2010-01-01 --until 2011-01-01"
        );
    }
}
