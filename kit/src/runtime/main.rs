//! What every binary calls: options, logs, signals, exit code.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::manners;
use super::start::{Ended, run};
use crate::access::Identity;
use crate::client::{Link, names_user};
use crate::service::Service;

/// Where a service keeps its data, and where its broker is.
#[derive(Debug, Clone, PartialEq, Eq, clap::Args)]
pub struct Options {
    /// The folder of the databases; it is made if it is missing
    #[arg(long, value_name = "FOLDER", env = "SHOP_DATA_DIR", default_value = "data")]
    pub data: PathBuf,

    /// The broker
    #[arg(
        long,
        value_name = "URL",
        env = "SHOP_NATS_URL",
        hide_env_values = true,
        default_value = "nats://127.0.0.1:4222"
    )]
    pub nats: String,

    /// The folder with this service's key and the roster [default: keys in the data folder]
    #[arg(long, value_name = "FOLDER", env = "SHOP_KEYS_DIR")]
    pub keys: Option<PathBuf>,

    /// Certificates of the authorities to believe about the broker, beside those of the system
    #[arg(long, value_name = "FILE", env = "SHOP_NATS_CA")]
    pub nats_ca: Option<PathBuf>,
}

impl Options {
    /// Options for the usual places below a data folder.
    pub fn usual(data: impl Into<PathBuf>, nats: impl Into<String>) -> Self {
        Self { data: data.into(), nats: nats.into(), keys: None, nats_ca: None }
    }

    /// The folder of the keys.
    pub fn keys(&self) -> PathBuf {
        self.keys.clone().unwrap_or_else(|| self.data.join("keys"))
    }

    /// How a service reaches its broker.
    ///
    /// # Errors
    /// [`Ended::Configuration`] if it has no key, or if there is a password in the broker's address.
    pub fn link(&self, service: &str) -> Result<Link, Ended> {
        if names_user(&self.nats) {
            return Err(Ended::Configuration(format!(
                "{service} was not started: there is a user or a password in the address of the broker; it lets \
                 services in by a key, so take out what stands before the @ in --nats or SHOP_NATS_URL"
            )));
        }
        let identity = Identity::read(&Identity::path(&self.keys(), service)).map_err(|error| {
            Ended::Configuration(format!("{error}; `shopctl keys make` makes what is missing"))
        })?;
        Ok(Link {
            url: self.nats.clone(),
            name: service.to_owned(),
            identity: Some(Arc::new(identity)),
            ca: self.nats_ca.clone(),
        })
    }
}

#[derive(clap::Parser)]
struct Arguments {
    #[command(flatten)]
    options: Options,
}

/// Runs the services that a binary holds, until SIGTERM or SIGINT.
///
/// Exit codes: 0 after a drain, 2 for bad options, 70 for a mistake of ours, 74 if a database
/// cannot be read or written, 78 if the configuration is wrong or a database is newer than this
/// program.
pub fn main(build: impl FnOnce(&Options) -> Result<Vec<Service>, Ended>) -> ExitCode {
    let arguments = <Arguments as clap::Parser>::parse();
    main_with(&arguments.options, build)
}

/// The same, for a binary with options of its own.
pub fn main_with(options: &Options, build: impl FnOnce(&Options) -> Result<Vec<Service>, Ended>) -> ExitCode {
    let ended = super::logs::start()
        .and_then(|()| crate::crash::prepare())
        .map_err(Ended::Configuration)
        .and_then(|()| build(options))
        .and_then(|services| block_on(services, options));
    let Err(error) = ended else { return ExitCode::SUCCESS };
    tracing::error!("{error}");
    ExitCode::from(match error {
        Ended::Configuration(_) => 78,
        Ended::Storage(_) => 74,
        Ended::Internal(_) => 70,
    })
}

/// Threads that serve a process with several services.
const THREADS_OF_MANY: usize = 2;

fn block_on(services: Vec<Service>, options: &Options) -> Result<(), Ended> {
    // One thread serves one service best on a small machine; its writer and readers have their own. It takes
    // its tasks in the order in which they became ready, so what many of them send leaves in one write. With
    // threads to choose from, the task that writes to the connection would be next after each of them.
    if manners::all_give_way(&services) {
        manners::give_way();
    }
    let mut runtime = match services.len() {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime
        .worker_threads(THREADS_OF_MANY)
        .enable_all()
        .build()
        .map_err(|error| Ended::Internal(format!("no runtime: {error}")))?;
    let ended = runtime.block_on(run_all(services, options));
    // A reader that hangs on a broken disk must not keep the process from ending.
    runtime.shutdown_background();
    ended
}

async fn run_all(services: Vec<Service>, options: &Options) -> Result<(), Ended> {
    let stop = CancellationToken::new();
    let no_signals = |error: std::io::Error| Ended::Internal(format!("no signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(no_signals)?;
    let mut running = tokio::task::JoinSet::new();
    for service in services {
        let service = run(service, options.clone(), stop.clone());
        running.spawn(service.ended());
    }
    let mut first = Ok(());
    loop {
        let told = tokio::select! {
            _ = terminate.recv() => true,
            _ = interrupt.recv() => true,
            ended = running.join_next() => match ended {
                None => return first,
                Some(Ok(Ok(()))) => false,
                Some(Ok(Err(error))) => {
                    // A fault in one ends all that share the process: whoever started it decides.
                    if first.is_ok() {
                        first = Err(error);
                    }
                    true
                }
                Some(Err(error)) => {
                    first = Err(Ended::Internal(error.to_string()));
                    true
                }
            },
        };
        if told && stop.is_cancelled() && first.is_ok() {
            tracing::warn!("Told twice to stop: ending at once");
            return Ok(());
        }
        if told {
            stop.cancel();
        }
    }
}
