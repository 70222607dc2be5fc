//! Shops that are broken on purpose. Each has a mistake that real shops had; the simulation must find it.

use kit::Service;

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Broken {
    /// A hearer does not look where it stands, so that what comes twice is done twice.
    SkipsThePosition,
    /// A hearer acknowledges what it has not yet acted on, and goes on wherever the broker thinks it stands.
    AcknowledgesBeforeCommit,
    /// A relay does not say which number it expects.
    PublishesBlindly,
    /// A payment is tried again under another key.
    NewKeyAfterATimeOut,
}

/// Breaks a service.
pub fn breaks(_: Broken, service: Service) -> Service {
    service
}
