//! The ingest service: takes what devices say, and records every reading once.
//!
//! # Layout
//! - [`drain`]: a batch of messages becomes rows and events, in one transaction; start reading there
//! - [`payload`]: what a message says, in whichever form; [`senml`], [`plain`]: the forms; [`json`]: reading them fast
//! - [`gather`]: the readings of a batch by device and metric; [`rate`]: how much a device may say; no I/O
//! - [`chunk`]: readings that lie together, as bytes; no I/O. [`chunks`]: into which of them readings go
//! - [`tell`]: what was recorded, as events that are not too long
//! - [`handlers`]: what may be asked; [`prune`]: forgetting what is old
//! - [`settings`]: what an operator sets
//! - [`store`]: the SQL

pub mod chunk;
pub mod chunks;
pub mod drain;
pub mod gather;
pub mod handlers;
pub mod json;
pub mod payload;
pub mod plain;
pub mod prune;
pub mod rate;
pub mod senml;
pub mod settings;
pub mod store;
pub mod tell;

use contracts::readings;
use kit::drain::Batch;
use kit::{Service, Tx};

pub use settings::Settings;

/// The ingest service.
pub fn service(settings: Settings) -> Service {
    let rates = rate::Rates::default();
    Service::new(contracts::ingest::NAME, env!("CARGO_PKG_VERSION"))
        .about("Takes what devices say, and records every reading once.")
        .giving_way()
        .migrations_from(&[
            include_str!("../migrations/0001_readings.sql"),
            include_str!("../migrations/0002_chunks.sql"),
        ])
        .turning_rows(2, store::turn)
        .answers(handlers::get_latest)
        .answers(handlers::get_range)
        .answers(handlers::list_series)
        .answers(handlers::get_counts)
        .drains(readings::RAW, move |tx: &mut Tx<'_>, batch: &Batch| {
            drain::drain(tx, batch, &settings, &rates)
        })
        .every(prune::TIMER, prune::EVERY, move |tx| prune::begin(tx, &settings))
        .on_timer(prune::MORE, move |tx, _| prune::go_on(tx, &settings))
}
