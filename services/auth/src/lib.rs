//! The sign-in service: who somebody is, and what they may do.

/// Everything the service can do.
pub fn service() -> kit::Service {
    kit::Service::new("auth", env!("CARGO_PKG_VERSION")).about("Signs people in, and says what they may do.")
}
