//! What the doctor is told: plain facts, or why there are none. No judgement.

use std::time::Duration;

use contracts::order::{OrderCounts, OrderView};
use contracts::payment::PaymentView;
use jiff::Timestamp;
use kit::client::{ConsumerState, StreamState};
use kit::vitals::Health;

/// What was asked for, or why it is not known.
pub(super) type Asked<T> = Result<T, String>;

/// Everything.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) at: Timestamp,
    pub(super) broker: Asked<Broker>,
    pub(super) store: Asked<Store>,
    pub(super) streams: Asked<Vec<Stream>>,
    pub(super) services: Vec<Service>,
    pub(super) orders: Asked<OrderCounts>,
    /// The newest of the orders that need attention.
    pub(super) attention: Asked<Vec<OrderView>>,
    /// Payments of which nobody knows whether they were made, the newest first.
    pub(super) unknown: Asked<Vec<PaymentView>>,
    /// What this machine knows; none if the shop is elsewhere.
    pub(super) here: Option<Asked<Here>>,
}

#[derive(Debug, Clone)]
pub(super) struct Broker {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) round_trip: Duration,
}

/// What the broker keeps for the shop.
#[derive(Debug, Clone, Copy)]
pub(super) struct Store {
    pub(super) bytes: u64,
    /// None: no limit but the disk.
    pub(super) bytes_max: Option<u64>,
}

#[derive(Debug, Clone)]
pub(super) struct Stream {
    pub(super) state: StreamState,
    pub(super) hearers: Asked<Vec<Hearer>>,
}

#[derive(Debug, Clone)]
pub(super) struct Hearer {
    pub(super) state: ConsumerState,
    /// When the first message was stored that it has not acted on; none if there is none, or it is
    /// not known.
    pub(super) waiting_since: Option<Timestamp>,
}

#[derive(Debug, Clone)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) answer: Asked<Answer>,
    /// What is wrong with the file of its database.
    pub(super) database: Asked<Vec<String>>,
}

#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) health: Health,
    pub(super) took: Duration,
    /// By how much its clock is ahead of ours, in milliseconds, beyond what the answer took.
    pub(super) ahead_ms: i64,
}

/// What this machine knows of the shop that runs on it.
#[derive(Debug, Clone)]
pub(super) struct Here {
    /// Disks by what is on them: the data folder, and the broker's store if that is on another.
    pub(super) disks: Vec<Disk>,
    /// Memory that is free for programs, and all of it; none if the system does not tell.
    pub(super) memory: Option<(u64, u64)>,
    pub(super) nats_server: Asked<String>,
    /// What the configuration of the broker says of writing to the disk; none if nothing.
    pub(super) sync: Option<String>,
    /// What the streams may take, as the same configuration says.
    pub(super) store_max: Option<u64>,
    /// Parts that are recorded as running and are not.
    pub(super) leftovers: Vec<String>,
    pub(super) processes: Vec<Process>,
    pub(super) keys: Asked<Keys>,
    /// When the certificate of the broker ends; none if connections are in clear text.
    pub(super) certificate: Option<Asked<Timestamp>>,
}

#[derive(Debug, Clone)]
pub(super) struct Disk {
    pub(super) holds: &'static str,
    pub(super) path: String,
    pub(super) free: u64,
    pub(super) total: u64,
}

#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) name: String,
    pub(super) open_files: u64,
    pub(super) open_files_max: u64,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    pub(super) members: usize,
    /// Files that others than their owner can reach, with how, in the words of `chmod`.
    pub(super) exposed: Vec<(String, String)>,
    /// Whether the broker's users are those of the roster, and whether it has read them.
    pub(super) users_match: bool,
    pub(super) users_loaded: bool,
    /// The member whose key is the oldest, and since when it has it.
    pub(super) oldest: Option<(String, Timestamp)>,
}
