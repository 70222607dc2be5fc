//! One service, from the lock on its database to the end of its drain.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::connect::connect;
use super::drain::Drainer;
use super::due::Due;
use super::guard::Guard;
use super::hear::Hearer;
use super::keeping::Keeping;
use super::listen::Listening;
use super::lock;
use super::nats_port::NatsPort;
use super::readers::Readers;
use super::relay::Relay;
use super::scrub::Scrub;
use super::serve::Serving;
use super::tasks::Tasks;
use super::untold::Untold;
use super::writer::{Signals, Writer};
use super::{checkpoint, main::Options, open, permits, prune, rest, room};
use crate::backup::restore;
use crate::clock::{Clock, SystemClock};
use crate::crash;
use crate::drain::{MQTT_DOMAIN, MQTT_STREAM};
use crate::engine::log::LOG_PAGES;
use crate::engine::outbox;
use crate::engine::places::{Begun, Places};
use crate::engine::port::Port;
use crate::engine::schema::OpenError;
use crate::error::Error;
use crate::limits::DRAIN_TIME;
use crate::message::stream_of;
use crate::service::Service;
use crate::streams::{self, Keeper};
use crate::vitals::Vitals;

/// How long the broker may take to store a message or to tell of a stream. A stream that is gone
/// gives no answer at all while somebody else listens to its subjects.
const STREAM_TIME: Duration = Duration::from_secs(2);

/// How long the last answers may take onto the socket; without a connection it never ends.
const FLUSH_TIME: Duration = Duration::from_secs(1);

/// How often it is looked whether the client of the broker still works.
const CLIENT_LOOKED_AT: Duration = Duration::from_secs(1);

/// How long the parts of a service may take to end whose client works no more.
const DEAF_TIME: Duration = Duration::from_secs(1);

/// Why a service ended other than by being told to.
#[derive(Debug, thiserror::Error)]
pub enum Ended {
    /// It cannot run as it is set up: exit code 78.
    #[error("{0}")]
    Configuration(String),
    /// Its database or its folder cannot be read or written: exit code 74.
    #[error("{0}")]
    Storage(String),
    /// A mistake of ours: exit code 70.
    #[error("{0}")]
    Internal(String),
}

impl From<OpenError> for Ended {
    fn from(error: OpenError) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        match error {
            OpenError::Newer { .. } | OpenError::Foreign { .. } => Self::Configuration(error.to_string()),
            OpenError::Storage { .. } => Self::Storage(format!("{error}{cause}")),
        }
    }
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        if error.is_storage() { Self::Storage(error.chain()) } else { Self::Internal(error.chain()) }
    }
}

/// A service that runs.
pub struct Running {
    ending: JoinHandle<Result<(), Ended>>,
    stop: CancellationToken,
}

impl Running {
    /// Tells it to finish what it has accepted and end; ready once it has.
    ///
    /// # Errors
    /// Why it ended before, if it did.
    pub async fn stop(self) -> Result<(), Ended> {
        self.stop.cancel();
        self.ended().await
    }

    /// Waits until it ends.
    ///
    /// # Errors
    /// Why it ended, unless it was told to.
    pub async fn ended(self) -> Result<(), Ended> {
        self.ending.await.unwrap_or_else(|error| Err(Ended::Internal(error.to_string())))
    }

    /// Ends it at once, as a power cut would: nothing is finished.
    pub fn kill(self) {
        self.ending.abort();
    }
}

/// Starts a service in this process. It ends when the token is cancelled.
pub fn run(service: Service, options: Options, stop: CancellationToken) -> Running {
    let span = tracing::info_span!("service", service = service.name());
    let (service, told) = (Arc::new(service), stop.clone());
    let lives = async move {
        while live(Arc::clone(&service), &options, told.clone()).await? == Then::Again {
            tracing::error!("The client of the broker works no more; {} begins again", service.name());
        }
        Ok(())
    };
    Running { ending: tokio::spawn(lives.instrument(span)), stop }
}

/// What follows the end of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Nothing,
    /// Nobody told it to end: it has to begin again.
    Again,
}

async fn live(service: Arc<Service>, options: &Options, stop: CancellationToken) -> Result<Then, Ended> {
    let name = service.name();
    let folder = &options.data;
    make_folder(folder)?;
    let link = options.link(name)?;
    follow_roster(&service, options)?;
    let lock_path = folder.join(format!("{name}.lock"));
    let unusable = |error| Ended::Storage(format!("{} cannot be locked: {error}", lock_path.display()));
    let Some(lock) = lock::acquire(&lock_path, name, &stop).await.map_err(unusable)? else {
        return Ok(Then::Nothing);
    };
    unfinished(folder)?;
    let path = folder.join(format!("{name}.db"));
    let Some(mut engine) = open::when_there_is_room(&path, &service, &stop).await? else {
        return Ok(Then::Nothing);
    };
    crash::pause("startup.after_open", name).await?;
    let guard = Guard::of(&lock_path, &path);
    let (emitted, emissions) = watch::channel(outbox::extent(&engine.sql())?.newest);
    let (fatal, mut broken) = watch::channel(None);
    let (begun, tries) = mpsc::unbounded_channel();
    let places = Arc::new(Places::of(&service));
    engine.offer(Arc::clone(&places));
    let signals = Arc::new(Signals {
        emitted,
        untold: Untold::default(),
        due: Notify::new(),
        begun,
        full: Notify::new(),
        fatal,
    });
    let readers = Readers::open(&path, Arc::clone(&signals))?;
    let vitals = Arc::new(Vitals::starting(SystemClock.now()));
    let Some(nats) = connect(&link, &vitals, &stop).await? else { return Ok(Then::Nothing) };
    tokio::select! {
        permitted = permits::check(&nats, &service, &vitals) => permitted?,
        () = stop.cancelled() => return Ok(Then::Nothing),
    }

    let origin = engine.origin().to_owned();
    let log = checkpoint::Keeper::of(&service, guard.clone(), Arc::clone(&signals), LOG_PAGES);
    let writer = Arc::new(
        Writer::start(engine, (lock, guard, log), &service, Arc::clone(&signals), Arc::clone(&vitals))
            .map_err(|error| Ended::Internal(format!("no thread for the writer: {error}")))?,
    );
    let port: Arc<dyn Port> = Arc::new(NatsPort {
        service: Arc::clone(&service),
        nats: nats.clone(),
        identity: link.identity.clone().ok_or_else(|| Ended::Configuration(format!("{name} has no key")))?,
        writer: Arc::clone(&writer),
        readers: readers.clone(),
        vitals: Arc::clone(&vitals),
    });
    let own = (name == streams::NAME).then(|| Arc::new(Keeper::new(link)));
    let keeping = Keeping { port: Arc::clone(&port), own };
    let parts = Parts { keeping, port, nats, readers, writer, vitals, signals };
    let mut relay = parts.relay(origin, emissions);
    // A database that is older than its stream is noticed before anything is accepted.
    if let Some(refusal) = relay.look().await {
        tracing::error!("{}", refusal.message);
    }
    for part in ["relay", "writer", "timers"] {
        parts.vitals.say(part, "starting");
    }
    let mut room = room::Looking::new(folder, &parts.port, &parts.writer, &parts.signals, &parts.vitals);
    room.begin().await?;
    let (told, heard) = (CancellationToken::new(), CancellationToken::new());
    let relaying = Tasks::new();
    relaying.spawn(relay.run(told.clone()));
    let background = parts.start_background(&heard, (places, tries));
    background.spawn(room.run(heard.clone()));
    let serving = Serving::start(&parts.nats, Arc::clone(&parts.port), Arc::clone(&parts.vitals)).await?;
    let listening = Listening::start(&parts.nats, Arc::clone(&parts.port)).await?;
    tracing::info!(data = %folder.display(), "{name} is ready");

    let ended = tokio::select! {
        () = stop.cancelled() => Ok(Then::Nothing),
        () = deaf(&parts.nats) => Ok(Then::Again),
        why = broken_down(&mut broken) => {
            // Nothing is finished, answered or told: nobody knows what of it the next process will find.
            return Err(open::broken(&path, &why));
        }
    };
    tracing::info!("{name} is stopping");
    let time = if matches!(ended, Ok(Then::Again)) { DEAF_TIME } else { DRAIN_TIME };
    let drained =
        tokio::time::timeout(time, parts.drain((serving, listening), background, &heard, &told, relaying))
            .await;
    if drained.is_err() {
        tracing::warn!("{name} ends before everything was told; the rest is told at the next start");
    }
    tracing::info!("{name} has stopped");
    open::unless_broken(&path, &broken).and(ended)
}

/// Everything a running service consists of.
struct Parts {
    keeping: Keeping,
    port: Arc<dyn Port>,
    nats: async_nats::Client,
    readers: Readers,
    writer: Arc<Writer>,
    vitals: Arc<Vitals>,
    signals: Arc<Signals>,
}

impl Parts {
    fn jetstream(&self) -> jetstream::Context {
        jetstream::ContextBuilder::new().timeout(STREAM_TIME).build(self.nats.clone())
    }

    /// The streams in the account of devices.
    fn jetstream_of_devices(&self) -> jetstream::Context {
        let nats = self.nats.clone();
        jetstream::ContextBuilder::new().timeout(STREAM_TIME).domain(MQTT_DOMAIN).build(nats)
    }

    fn relay(&self, origin: String, emitted: watch::Receiver<u64>) -> Relay {
        Relay {
            service: Arc::clone(self.port.service()),
            jetstream: self.jetstream(),
            keeping: self.keeping.clone(),
            readers: self.readers.clone(),
            writer: Arc::clone(&self.writer),
            vitals: Arc::clone(&self.vitals),
            origin,
            emitted,
            signals: Arc::clone(&self.signals),
            scrub: Scrub::default(),
        }
    }

    fn start_background(
        &self,
        stop: &CancellationToken,
        (places, begun): (Arc<Places>, mpsc::UnboundedReceiver<Begun>),
    ) -> Tasks {
        let tasks = Tasks::new();
        for (source, subjects) in self.port.service().sources() {
            self.vitals.say(&stream_of(source), "starting");
            let hearer = Hearer {
                port: Arc::clone(&self.port),
                jetstream: self.jetstream(),
                keeping: self.keeping.clone(),
                writer: Arc::clone(&self.writer),
                vitals: Arc::clone(&self.vitals),
                source,
                subjects,
            };
            tasks.spawn(hearer.run(stop.clone()));
        }
        for raw in self.port.service().drained() {
            let sure = Arc::default();
            for mqtt in [false, true].into_iter().filter(|mqtt| raw.mqtt || !mqtt) {
                self.vitals.say(if mqtt { MQTT_STREAM } else { raw.stream }, "starting");
                let drainer = Drainer {
                    port: Arc::clone(&self.port),
                    jetstream: if mqtt { self.jetstream_of_devices() } else { self.jetstream() },
                    keeping: self.keeping.clone(),
                    writer: Arc::clone(&self.writer),
                    vitals: Arc::clone(&self.vitals),
                    raw,
                    mqtt,
                    devices: self.jetstream_of_devices(),
                    sure: Arc::clone(&sure),
                };
                tasks.spawn(drainer.run(stop.clone()));
            }
        }
        let due = Due {
            port: Arc::clone(&self.port),
            signals: Arc::clone(&self.signals),
            vitals: Arc::clone(&self.vitals),
            places,
            begun,
        };
        tasks.spawn(due.run(stop.clone()));
        let own = (Arc::clone(&self.writer), self.readers.clone(), Arc::clone(&self.vitals));
        tasks.spawn(rest::run(own, stop.clone()));
        tasks.spawn(prune::run(Arc::clone(&self.port), self.jetstream(), self.keeping.clone(), stop.clone()));
        if let Some(keeper) = self.keeping.own.clone() {
            let (service, stop) = (Arc::clone(self.port.service()), stop.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = keeper.look_after(&service) => {}
                    () = stop.cancelled() => {}
                }
            });
        }
        tasks
    }

    /// Finishes what was accepted: answers, what was heard, tries in progress, the queue of the
    /// writer, and last what is still to be told.
    async fn drain(
        &self,
        (serving, listening): (Serving, Listening),
        background: Tasks,
        heard: &CancellationToken,
        told: &CancellationToken,
        relaying: Tasks,
    ) {
        listening.stop().await;
        serving.stop().await;
        heard.cancel();
        background.finish().await;
        let _ = crash::pause("shutdown", self.port.service().name()).await;
        self.writer.stop().await;
        told.cancel();
        relaying.finish().await;
        // The answers are in the client's hands; this pushes them onto the socket.
        let _ = tokio::time::timeout(FLUSH_TIME, self.nats.flush()).await;
    }
}

/// Waits until the client of the broker works no more. It panics at a message with a carriage return in
/// the middle of a header, which the broker carries, and never connects again. Without a connection
/// it only waits.
async fn deaf(nats: &async_nats::Client) {
    while nats.flush().await.is_ok() {
        tokio::time::sleep(CLIENT_LOOKED_AT).await;
    }
}

/// Waits until the writer says that the database is broken.
async fn broken_down(fatal: &mut watch::Receiver<Option<String>>) -> String {
    match fatal.wait_for(Option::is_some).await {
        Ok(why) => why.clone().unwrap_or_default(),
        Err(_) => "the writer thread has ended".to_owned(),
    }
}

fn make_folder(folder: &Path) -> Result<(), Ended> {
    use std::os::unix::fs::DirBuilderExt;
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
        Ended::Storage(format!("the data folder {} cannot be made: {error}", folder.display()))
    })
}

/// Refuses to start where a restore has begun and not ended: a database that is missing would be taken for new.
fn unfinished(folder: &Path) -> Result<(), Ended> {
    if !folder.join(restore::UNFINISHED).exists() {
        return Ok(());
    }
    Err(Ended::Configuration(format!(
        "nothing was started: a restore has begun in {} and not ended; do it again: shopctl backup restore FOLDER \
         --replace",
        folder.display()
    )))
}

/// Believes what the roster says about services and operators.
fn follow_roster(service: &Service, options: &Options) -> Result<(), Ended> {
    let path = options.keys().join(crate::access::roster::FILE);
    service
        .trust()
        .follow(path)
        .map_err(|error| Ended::Configuration(format!("{error}; `shopctl keys make` makes what is missing")))
}
