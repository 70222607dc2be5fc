//! What can go wrong, by name.

/// A kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A service is killed at once, and started a little later.
    KillService,
    /// A service is told to stop, and started again.
    StopService,
    /// A service is told to stop twice, which ends it at once, and started again.
    StopServiceTwice,
    /// A service stands still for a while, and goes on as if nothing had been.
    PauseService,
    /// A second instance of a service is started beside the first, which is then killed or stopped.
    StandBy,
    /// The broker is killed at once, and started a little later.
    KillBroker,
    /// The broker is told to stop, and started again.
    StopBroker,
    /// The broker stands still for a while.
    PauseBroker,
    /// The broker's store is deleted while it is down.
    WipeStoreDown,
    /// The broker's store is deleted while it runs; it is killed some time later.
    WipeStoreLive,
    /// The broker's store becomes again what it was some seconds before.
    RollBackStore,
    /// Files of the broker's store are damaged while it is down: flipped bits, cut ends.
    DamageStoreDown,
    /// Files of the broker's store are damaged while it runs; it is killed some time later.
    DamageStoreLive,
    /// A stream is deleted by hand.
    DeleteStream,
    /// A stream is purged by hand, wholly or of one kind of event.
    PurgeStream,
    /// A consumer is deleted by hand.
    DeleteConsumer,
    /// A message that nobody told is brought into a stream.
    ForeignMessage,
    /// The disk of databases, logs and broker is full.
    FullDisk,
    /// Everything between a service and the broker takes longer.
    LateLine,
    /// A service's connections to the broker are hung up, and new ones too.
    CutLine,
    /// Nothing arrives between a service and the broker, and nobody is told.
    SilentLine,
    /// Nothing of what a service sends arrives.
    SilentUp,
    /// Nothing of what the broker sends a service arrives: no answer, no acknowledgement.
    SilentDown,
    /// A few bytes at a time pass between a service and the broker.
    TrickleLine,
}

/// What a fault is done to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A service, or its line.
    Service,
    /// The broker, its store, or its disk.
    Broker,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 24] = [
        Self::KillService,
        Self::StopService,
        Self::StopServiceTwice,
        Self::PauseService,
        Self::StandBy,
        Self::KillBroker,
        Self::StopBroker,
        Self::PauseBroker,
        Self::WipeStoreDown,
        Self::WipeStoreLive,
        Self::RollBackStore,
        Self::DamageStoreDown,
        Self::DamageStoreLive,
        Self::DeleteStream,
        Self::PurgeStream,
        Self::DeleteConsumer,
        Self::ForeignMessage,
        Self::FullDisk,
        Self::LateLine,
        Self::CutLine,
        Self::SilentLine,
        Self::SilentUp,
        Self::SilentDown,
        Self::TrickleLine,
    ];

    /// Kinds from which a shop recovers within a few seconds: for a short run.
    pub const CHEAP: [Self; 8] = [
        Self::KillService,
        Self::StopService,
        Self::StandBy,
        Self::KillBroker,
        Self::WipeStoreDown,
        Self::DeleteStream,
        Self::DeleteConsumer,
        Self::CutLine,
    ];

    /// Its name, for `--only` and in the schedule.
    pub fn name(self) -> &'static str {
        match self {
            Self::KillService => "kill-service",
            Self::StopService => "stop-service",
            Self::StopServiceTwice => "stop-service-twice",
            Self::PauseService => "pause-service",
            Self::StandBy => "stand-by",
            Self::KillBroker => "kill-broker",
            Self::StopBroker => "stop-broker",
            Self::PauseBroker => "pause-broker",
            Self::WipeStoreDown => "wipe-store-down",
            Self::WipeStoreLive => "wipe-store-live",
            Self::RollBackStore => "roll-back-store",
            Self::DamageStoreDown => "damage-store-down",
            Self::DamageStoreLive => "damage-store-live",
            Self::DeleteStream => "delete-stream",
            Self::PurgeStream => "purge-stream",
            Self::DeleteConsumer => "delete-consumer",
            Self::ForeignMessage => "foreign-message",
            Self::FullDisk => "full-disk",
            Self::LateLine => "late-line",
            Self::CutLine => "cut-line",
            Self::SilentLine => "silent-line",
            Self::SilentUp => "silent-up",
            Self::SilentDown => "silent-down",
            Self::TrickleLine => "trickle-line",
        }
    }

    /// What it is, in a sentence.
    pub fn about(self) -> &'static str {
        match self {
            Self::KillService => "a service is killed (SIGKILL) and started again",
            Self::StopService => "a service is told to stop (SIGTERM) and started again",
            Self::StopServiceTwice => "a service is told to stop twice, which ends it at once",
            Self::PauseService => "a service stands still (SIGSTOP) and goes on later",
            Self::StandBy => "a second instance is started; the first is killed or stopped",
            Self::KillBroker => "the broker is killed and started again",
            Self::StopBroker => "the broker is told to stop and started again",
            Self::PauseBroker => "the broker stands still and goes on later",
            Self::WipeStoreDown => "the broker's store is deleted while it is down",
            Self::WipeStoreLive => "the broker's store is deleted while it runs",
            Self::RollBackStore => "the broker's store becomes what it was seconds before",
            Self::DamageStoreDown => "files of the broker's store are damaged while it is down",
            Self::DamageStoreLive => "files of the broker's store are damaged while it runs",
            Self::DeleteStream => "a stream is deleted by hand",
            Self::PurgeStream => "a stream is purged by hand, wholly or of one kind of event",
            Self::DeleteConsumer => "a consumer is deleted by hand",
            Self::ForeignMessage => "a message that nobody told is brought into a stream",
            Self::FullDisk => "the disk of databases, logs and broker is full",
            Self::LateLine => "everything between a service and the broker is late",
            Self::CutLine => "a service's connections are hung up, new ones too",
            Self::SilentLine => "nothing arrives in either direction, nobody is told",
            Self::SilentUp => "nothing of what a service sends arrives",
            Self::SilentDown => "nothing of what the broker sends a service arrives",
            Self::TrickleLine => "a few bytes at a time pass",
        }
    }

    /// The kind of a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// What it is done to.
    pub fn part(self) -> Part {
        match self {
            Self::KillService
            | Self::StopService
            | Self::StopServiceTwice
            | Self::PauseService
            | Self::StandBy
            | Self::LateLine
            | Self::CutLine
            | Self::SilentLine
            | Self::SilentUp
            | Self::SilentDown
            | Self::TrickleLine => Part::Service,
            _ => Part::Broker,
        }
    }

    /// How long it lasts, at least and at most, in milliseconds.
    pub fn lasts_ms(self) -> (u64, u64) {
        match self {
            Self::KillService | Self::StopService | Self::StopServiceTwice | Self::StopBroker => (50, 3_000),
            Self::KillBroker | Self::WipeStoreDown | Self::DamageStoreDown => (50, 6_000),
            Self::StandBy => (500, 2_000),
            Self::PauseService | Self::PauseBroker => (2_000, 12_000),
            Self::WipeStoreLive | Self::DamageStoreLive => (1_000, 6_000),
            Self::RollBackStore => (2_000, 8_000),
            Self::DeleteStream | Self::PurgeStream | Self::DeleteConsumer | Self::ForeignMessage => (50, 500),
            Self::FullDisk => (3_000, 8_000),
            Self::LateLine | Self::TrickleLine => (3_000, 10_000),
            Self::CutLine => (500, 5_000),
            Self::SilentLine | Self::SilentUp | Self::SilentDown => (3_000, 15_000),
        }
    }
}
