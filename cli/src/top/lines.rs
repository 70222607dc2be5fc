//! Where there is no terminal: a line for each sample, or a value for programs.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use super::flow::{Flow, Latency};
use super::live::ORDERS;
use super::sample::Sample;
use crate::failure::Failure;
use crate::shop::Shop;
use crate::show;

/// One sample, for programs.
#[derive(Debug, Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    sample: &'a Sample,
    flow: Rates,
}

/// What became of orders since the sample before.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
struct Rates {
    /// None at the first sample.
    placed_per_second: Option<f64>,
    confirmed_per_second: Option<f64>,
    /// Of the last five minutes; none if no order was placed and confirmed in them while this listened.
    latency: Option<Latency>,
}

/// What was counted at the sample before.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: Timestamp,
    totals: (u64, u64),
}

/// Writes a line for each sample, so many or until it is ended.
///
/// # Errors
/// 11 if there is no broker at the beginning; 74 if the lines cannot be written.
pub(crate) async fn run(shop: &Shop, every: Duration, count: Option<u64>) -> Result<(), Failure> {
    let mut watch = Some(shop.client().await?.watch(ORDERS).await?);
    let mut flow = Flow::new(shop.now());
    let mut before = None;
    let mut left = count.unwrap_or(u64::MAX);
    while left > 0 {
        let next = Instant::now() + every;
        let sample = while_listening(shop, &mut watch, &mut flow, Sample::ask(shop)).await;
        let now = shop.now();
        match sample {
            Ok(sample) => {
                let rates = rates(&flow, before, now);
                if shop.out.is_table() {
                    shop.out.line(line(&sample, rates))?;
                } else {
                    shop.out.json(&Shown { sample: &sample, flow: rates })?;
                }
            }
            Err(failure) if shop.out.is_table() => {
                shop.out.line(format!("{}  {}", show::time(now), failure.message()))?;
            }
            Err(failure) => shop.out.json(&failure.to_json())?,
        }
        before = Some(Mark { at: now, totals: flow.totals() });
        left -= 1;
        if left > 0 {
            while_listening(shop, &mut watch, &mut flow, sleep_until(next)).await;
        }
    }
    Ok(())
}

async fn while_listening<T>(
    shop: &Shop,
    watch: &mut Option<kit::client::Watch>,
    flow: &mut Flow,
    task: impl Future<Output = T>,
) -> T {
    let mut task = std::pin::pin!(task);
    loop {
        let told = async {
            match watch.as_mut() {
                Some(watch) => watch.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            outcome = &mut task => return outcome,
            told = told => match told {
                Some(told) => flow.heard(shop.now(), &told),
                None => *watch = None,
            },
        }
    }
}

fn rates(flow: &Flow, before: Option<Mark>, now: Timestamp) -> Rates {
    let since = before.map(|mark| {
        let seconds = now.duration_since(mark.at).as_secs_f64();
        let of = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
        let (placed, confirmed) = flow.totals();
        (of(placed - mark.totals.0), of(confirmed - mark.totals.1))
    });
    Rates {
        placed_per_second: since.map(|rates| rates.0),
        confirmed_per_second: since.map(|rates| rates.1),
        latency: flow.latency(now),
    }
}

fn line(sample: &Sample, rates: Rates) -> String {
    let status = &sample.status;
    let how = match status.troubles.len() {
        0 => "well".to_owned(),
        troubles => show::count(troubles as u64, "trouble", "troubles"),
    };
    let rate = |rate: Option<f64>| rate.map_or_else(|| "-".to_owned(), |rate| format!("{rate:.1}/s"));
    let (p50, p99) = rates.latency.map_or_else(
        || ("-".to_owned(), "-".to_owned()),
        |latency| (show::duration(latency.p50_us), show::duration(latency.p99_us)),
    );
    let orders =
        status.orders.as_ref().map(|orders| orders.stages.values().copied().fold(0, u64::saturating_add));
    let untold = status.services.iter().map(|service| service.untold()).fold(0, u64::saturating_add);
    let behind =
        status.streams.iter().flat_map(|lag| lag.behind.values().copied()).fold(0, u64::saturating_add);
    let stuck = sample.stuck.left_out.saturating_add(sample.stuck.items.len() as u64);
    let facts = [
        show::time(status.at),
        how,
        format!("placed {}", rate(rates.placed_per_second)),
        format!("confirmed {}", rate(rates.confirmed_per_second)),
        format!("p50 {p50}"),
        format!("p99 {p99}"),
        format!("orders {}", orders.map_or_else(|| "-".to_owned(), |count| count.to_string())),
        format!("stuck {stuck}"),
        format!("untold {untold}"),
        format!("behind {behind}"),
    ];
    facts.join("  ")
}
