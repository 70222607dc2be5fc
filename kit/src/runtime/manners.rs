//! Giving way: what a flood of outsiders causes must not hold up what people wait for.

use crate::service::Service;

/// By how much a service that gives way is less important to the system (`nice`): of two that want to run it gets
/// about a tenth of the processor, and all of it when nobody else wants it.
const NICE: i32 = 10;

/// Lets the thread that calls, and those that it starts later, give way to others. A system that does not allow it
/// lets it run like all others.
pub(super) fn give_way() {
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!("This thread does not give way: {error}");
    }
}

/// Whether all services of a process give way, so that the process does.
pub(super) fn all_give_way(services: &[Service]) -> bool {
    services.iter().all(Service::gives_way)
}
