//! `shopctl device simulate`: a load of virtual sensors.

use std::time::Duration;

use contracts::readings::{self, Metric, Site, Unit};
use serde::Serialize;
use tokio::time::Instant;

use crate::commands::telemetry::site;
use crate::failure::{Failure, exit};
use crate::pick;
use crate::progress::{Live, Whole};
use crate::sensors::mqtt::{Fleet, probe};
use crate::sensors::outlet::{Outlet, Stream};
use crate::sensors::registry::{self, Known};
use crate::sensors::senml;
use crate::sensors::sensor::Sensor;
use crate::sensors::told::{Faults, Message, Teller};
use crate::shop::Shop;
use crate::show::count;
use crate::stack::mqtt;

/// The most virtual sensors.
const DEVICES_MAX: u64 = 10_000;

/// The most readings of one sensor in a second: its times are milliseconds.
const RATE_OF_ONE_MAX: f64 = 1000.0;

/// The least readings of all sensors in a second: one a day.
const RATE_MIN: f64 = 1.0 / 86_400.0;

/// How long the broker may acknowledge nothing over MQTT.
const MQTT_TIME: Duration = Duration::from_secs(30);

/// How often the bar is drawn anew.
const SHOWN_EVERY: Duration = Duration::from_millis(200);

/// Let virtual sensors tell temperatures: daily curves with noise, gaps, repeats and late packs
///
/// Each is like the sensor of a cold store: some degrees Celsius, warmer in the day than in the night.
/// The same seed gives the same sensors. Readings are stored by the broker before they count as told; what is
/// not stored is told again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device simulate                                     ten sensors, until Ctrl-C
  shopctl device simulate --devices 1000 --rate 20000 --pack 100 --for 30s
  shopctl device simulate --mqtt --devices 200 --for 30s      as MQTT clients, QoS 1
  shopctl device simulate --history 24h --rate 9000 --pack 100 --for 10s
  shopctl device simulate --perfect --for 1m -o json | jq .stored")]
pub(crate) struct Args {
    /// How many sensors
    #[arg(long, value_name = "COUNT", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=DEVICES_MAX))]
    devices: u64,
    /// Readings of all of them together in a second [default: one of each]
    #[arg(long, value_name = "COUNT", value_parser = rate)]
    rate: Option<f64>,
    /// How long [default: until Ctrl-C]
    #[arg(long = "for", value_name = "TIME", value_parser = pick::duration)]
    time: Option<Duration>,
    /// Tell what they measured in so much time until now, instead of what they measure now; --for says in how much time
    #[arg(long, value_name = "TIME", requires = "time", value_parser = pick::duration)]
    history: Option<Duration>,
    /// Readings in one message
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u64).range(1..=senml::PACK_MAX as u64))]
    pack: u64,
    /// Where they stand
    #[arg(long, value_name = "NAME", default_value = "lab", value_parser = site)]
    site: Site,
    /// As MQTT clients, each with a connection of its own, instead of straight into the stream: the broker's address
    /// for devices [default: that of the shop in the data folder]
    #[arg(long, value_name = "HOST:PORT", num_args = 0..=1, default_missing_value = "", value_parser = address)]
    mqtt: Option<MqttAddress>,
    /// Without gaps, repeats and late packs
    #[arg(long)]
    perfect: bool,
    /// Which sensors they are
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    random_seed: u64,
}

/// How real sensors are not perfect.
const FAULTS: Faults = Faults { gaps: 0.005, repeats: 0.01, late: 0.02 };

/// What was told.
#[derive(Debug, Default, Serialize)]
struct Report {
    devices: u64,
    /// How long it went on, in seconds.
    seconds: f64,
    /// Messages that were sent.
    messages: u64,
    /// Readings in them, repeats included.
    told: u64,
    /// Readings that the broker has stored, repeats included.
    stored: u64,
    /// Readings that are repeats.
    repeats: u64,
    /// Readings that were told behind later ones.
    late: u64,
    /// Stored readings in a second.
    rate: f64,
    interrupted: bool,
}

/// One of the load.
struct One {
    subject: String,
    teller: Teller,
    /// When it measured last, or when it began (milliseconds since 1970).
    measured: i64,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let rate = args.rate.unwrap_or(args.devices as f64);
    if rate / args.devices as f64 > RATE_OF_ONE_MAX {
        return Err(Failure::new(
            exit::USAGE,
            "too_fast",
            format!("one sensor tells at most {RATE_OF_ONE_MAX} readings in a second"),
        )
        .mend(format!("--devices {}      or more", (rate / RATE_OF_ONE_MAX).ceil())));
    }
    let mut load = Load::new(shop, &args).await?;
    shop.out.say(format!(
        "{} at {} tell {rate} readings a second; Ctrl-C ends it",
        count(args.devices, "sensor", "sensors"),
        args.site
    ));
    let told = load.goes_on(shop, &args, rate).await;
    let report = load.report;
    told.map_err(|failure| failure.so(format!("{} readings were stored, then it broke off", report.stored)))?;
    if shop.out.is_table() {
        shop.out.line(format!(
            "{} stored in {} s, {:.0} a second; {} told twice, {} late",
            count(report.stored, "reading", "readings"),
            report.seconds,
            report.rate,
            report.repeats,
            report.late
        ))?;
    } else {
        shop.out.json(&report)?;
    }
    Ok(())
}

/// The clock by which sensors measure: that of the shop, or one that catches up with it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Pace {
    /// When this began (milliseconds since 1970).
    began: i64,
    /// What the sensors' clock showed then.
    from: i64,
    /// How many times as fast it goes.
    speed: f64,
}

impl Pace {
    /// A clock that is behind by so much now, and no more after this time.
    fn catching_up(now: i64, behind: Duration, within: Option<Duration>) -> Self {
        let (behind_ms, within) = (millis(behind), within.map_or(f64::INFINITY, |time| time.as_secs_f64()));
        Self { began: now, from: now.saturating_sub(behind_ms), speed: 1.0 + behind.as_secs_f64() / within }
    }

    fn at(self, now: i64) -> i64 {
        self.from.saturating_add((now.saturating_sub(self.began) as f64 * self.speed) as i64)
    }
}

fn millis(time: Duration) -> i64 {
    i64::try_from(time.as_millis()).unwrap_or(i64::MAX)
}

struct Load<'a> {
    all: Vec<One>,
    pace: Pace,
    metric: Metric,
    unit: Unit,
    outlet: Outlet<'a>,
    report: Report,
}

impl<'a> Load<'a> {
    async fn new(shop: &'a Shop, args: &Args) -> Result<Self, Failure> {
        let faults = if args.perfect { Faults { gaps: 0.0, repeats: 0.0, late: 0.0 } } else { FAULTS };
        // Before anything is registered for it.
        let mqtt = args.mqtt.as_ref().map(|address| address.find(shop)).transpose()?;
        if let Some((host, port)) = &mqtt {
            probe((host, *port)).await?;
        }
        let known = registry::known(shop, args.random_seed, args.devices, &args.site).await?;
        let outlet = match mqtt {
            None => Outlet::Stream(Stream::new(shop.client().await?, shop.timeout)),
            Some((host, port)) => {
                let secrets = registry::secrets(shop, &known).await?;
                Outlet::Mqtt(Fleet::connect((&host, port), &secrets, MQTT_TIME).await?)
            }
        };
        let pace =
            Pace::catching_up(shop.now().as_millisecond(), args.history.unwrap_or_default(), args.time);
        let one = |(number, known): (usize, &Known)| One {
            subject: readings::subject(&known.site, known.device),
            teller: Teller::new(Sensor::new(args.random_seed, number as u64), faults),
            measured: pace.from,
        };
        let named = |error: readings::InvalidName| Failure::from(kit::Error::from(error));
        Ok(Self {
            all: known.iter().enumerate().map(one).collect(),
            pace,
            metric: "temperature".parse().map_err(named)?,
            unit: "Cel".parse().map_err(named)?,
            outlet,
            report: Report { devices: args.devices, ..Report::default() },
        })
    }

    /// Each sensor in turn measures a pack of readings, evenly over the time since it did so last, and tells it.
    async fn goes_on(&mut self, shop: &Shop, args: &Args, rate: f64) -> Result<(), Failure> {
        let began = Instant::now();
        let ends = args.time.map(|time| began + time);
        let a_message = Duration::from_secs_f64(args.pack as f64 / rate);
        let live = match args.time {
            Some(time) => Live::new(&shop.out, Whole::Time(time)),
            None => Live::waiting(&shop.out, "telling"),
        };
        let mut interrupted = std::pin::pin!(shop.interrupted());
        let (mut next, mut shown) = (0_usize, began);
        let told = loop {
            // From the beginning each time, so that nothing adds up.
            let due = began + a_message.mul_f64(self.report.messages as f64);
            if ends.is_some_and(|ends| due >= ends || Instant::now() >= ends) {
                break Ok(());
            }
            if due > Instant::now() {
                tokio::select! {
                    waited = self.outlet.until(due) => if waited.is_err() { break waited },
                    () = &mut interrupted => {
                        self.report.interrupted = true;
                        break Ok(());
                    }
                }
            }
            let place = next % self.all.len();
            next += 1;
            let now = self.pace.at(shop.now().as_millisecond());
            // Also heard if this runs behind its time, and if the broker takes nothing.
            let told = tokio::select! {
                biased;
                () = &mut interrupted => {
                    self.report.interrupted = true;
                    break Ok(());
                }
                told = self.tells(place, now, args.pack) => told,
            };
            if told.is_err() {
                break told;
            }
            if shown.elapsed() >= SHOWN_EVERY {
                shown = Instant::now();
                let stored = self.outlet.acknowledged() * args.pack;
                let text =
                    format!("{stored} stored, {:.0} a second", stored as f64 / began.elapsed().as_secs_f64());
                live.show(Some((stored, began.elapsed())), text);
            }
        };
        let told = match told {
            Ok(()) => self.ends().await,
            failed => failed,
        };
        live.end();
        let seconds = began.elapsed().as_secs_f64();
        self.report.stored = self.outlet.acknowledged() * args.pack;
        self.report.seconds = (seconds * 10.0).round() / 10.0;
        self.report.rate = (self.report.stored as f64 / seconds).round();
        told
    }

    async fn tells(&mut self, place: usize, now: i64, pack: u64) -> Result<(), Failure> {
        let one = &mut self.all[place];
        let (since, pack) = (one.measured, i64::try_from(pack).unwrap_or(1));
        // Each time is another millisecond, also if it must run ahead of the clock by that.
        let span = (now - since).max(pack);
        one.measured = since + span;
        let messages = one.teller.tells((1..=pack).map(|step| since + span * step / pack));
        // A pack that is left out or held back took its time, too.
        self.report.messages += 1;
        for message in messages {
            self.sends(place, message).await?;
        }
        Ok(())
    }

    async fn sends(&mut self, place: usize, message: Message) -> Result<(), Failure> {
        let readings = message.readings.len();
        let body = senml::pack(&self.metric, Some(&self.unit), &message.readings);
        self.report.told += readings as u64;
        self.report.repeats += if message.is_repeat { readings as u64 } else { 0 };
        self.report.late += if message.is_late { readings as u64 } else { 0 };
        self.outlet.tell(place, &self.all[place].subject, body).await
    }

    /// What was held back is told, and everything is waited for.
    async fn ends(&mut self) -> Result<(), Failure> {
        for place in 0..self.all.len() {
            for message in self.all[place].teller.ends() {
                self.sends(place, message).await?;
            }
        }
        self.outlet.end().await
    }
}

/// Where devices find the broker, if somebody says it.
#[derive(Debug, Clone)]
struct MqttAddress(Option<(String, u16)>);

impl MqttAddress {
    /// What was said, or where the shop in the data folder listens.
    fn find(&self, shop: &Shop) -> Result<(String, u16), Failure> {
        if let Some(said) = &self.0 {
            return Ok(said.clone());
        }
        let here = if shop.names_broker() { None } else { mqtt::url(&shop.folder()?) };
        let plain = here.as_deref().and_then(|url| url.strip_prefix("mqtt://"));
        plain.and_then(|rest| host_and_port(rest).ok()).ok_or_else(|| {
            let what = "nothing says where the broker speaks MQTT in clear text";
            Failure::new(exit::CONFIGURATION, "no_mqtt_address", what)
                .mend("--mqtt 127.0.0.1:1883      names it")
        })
    }
}

fn address(text: &str) -> Result<MqttAddress, String> {
    if text.is_empty() { Ok(MqttAddress(None)) } else { host_and_port(text).map(|at| MqttAddress(Some(at))) }
}

fn host_and_port(text: &str) -> Result<(String, u16), String> {
    let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    match parts {
        Some((host, port)) if !host.is_empty() => {
            Ok((host.trim_start_matches('[').trim_end_matches(']').to_owned(), port))
        }
        _ => Err("an address is HOST:PORT, such as 127.0.0.1:1883".to_owned()),
    }
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate >= RATE_MIN => Ok(rate),
        _ => Err("a number of readings in a second, such as 20 or 0.5, and at least one a day".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_can_be_waited_for() {
        assert_eq!((rate("20"), rate("0.5")), (Ok(20.0), Ok(0.5)));
        for wrong in ["", "0", "-1", "nan", "inf", "1e-300", "ten"] {
            assert!(rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_history_ends_with_now_and_without_one_the_clock_is_the_shops() {
        let day = Duration::from_secs(86_400);
        let pace = Pace::catching_up(1_000_000_000, day, Some(Duration::from_secs(100)));
        assert_eq!((pace.at(1_000_000_000), pace.at(1_000_100_000)), (913_600_000, 1_000_100_000));
        let now = Pace::catching_up(1000, Duration::ZERO, None);
        assert_eq!((now.at(1000), now.at(7000)), (1000, 7000));
    }

    #[test]
    fn an_address_is_a_host_and_a_port() {
        assert_eq!(host_and_port("127.0.0.1:1883"), Ok(("127.0.0.1".to_owned(), 1883)));
        assert_eq!(host_and_port("[::1]:1883"), Ok(("::1".to_owned(), 1883)));
        for wrong in ["", "1883", ":1883", "a:", "a:99999"] {
            assert!(host_and_port(wrong).is_err(), "{wrong}");
        }
    }
}
