//! The telemetry service: what readings come to by minute, hour and day.
//!
//! # Layout
//! - [`rollup`]: what readings come to; no I/O
//! - [`reactions`]: readings were recorded, so buckets change, also old ones
//! - [`handlers`]: what may be asked; [`span`]: of how much time at once, and in which steps
//! - [`rebuild`]: all buckets are made anew from the readings that ingest keeps
//! - [`prune`]: forgetting what is old; [`settings`]: how old that is
//! - [`store`]: the SQL
//!
//! A bucket is a function of the set of its readings: in which order they came makes no difference.

pub mod handlers;
pub mod prune;
pub mod reactions;
pub mod rebuild;
pub mod rollup;
pub mod settings;
pub mod span;
pub mod store;

use contracts::ingest::{GetRange, ListSeries};

pub use settings::Settings;

/// The telemetry service.
pub fn service(settings: Settings) -> kit::Service {
    kit::Service::new(contracts::telemetry::NAME, env!("CARGO_PKG_VERSION"))
        .about("Makes of readings what they come to by minute, hour and day.")
        .giving_way()
        .hearing_at_leisure()
        .migrations_from(&[
            include_str!("../migrations/0001_buckets.sql"),
            include_str!("../migrations/0002_pruned.sql"),
        ])
        .answers(move |ctx, asked| handlers::get_series(ctx, asked, settings))
        .answers(move |ctx, asked| handlers::get_summary(ctx, asked, settings))
        .answers(handlers::get_state)
        .answers(handlers::rebuild)
        .hears(reactions::readings_recorded)
        .calls::<ListSeries>()
        .calls::<GetRange>()
        .performs(rebuild::ask, rebuild::record)
        .on_timer(rebuild::CLEAN, rebuild::clean)
        .every(prune::TIMER, prune::EVERY, move |tx| prune::begin(tx, &settings))
        .on_timer(prune::MORE, move |tx, _| prune::go_on(tx, &settings))
}
