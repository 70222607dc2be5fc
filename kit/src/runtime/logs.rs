//! What is said: lines for people on a terminal, JSON for programs elsewhere.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Says what the shop does, and of its libraries only what it had to recover from.
const USUAL: &str = "info,async_nats=error";

/// Starts logging to standard output. `SHOP_LOG` says how much, as `info` or `order=debug,kit=trace`.
///
/// # Errors
/// If `SHOP_LOG` is malformed.
pub(super) fn start() -> Result<(), String> {
    let wanted = std::env::var("SHOP_LOG").unwrap_or_else(|_| USUAL.to_owned());
    let filter = EnvFilter::try_new(&wanted).map_err(|error| format!("SHOP_LOG is malformed: {error}"))?;
    let log = fmt().with_env_filter(filter).with_target(false);
    // A second start in one process, as tests do, keeps the first.
    if std::io::stdout().is_terminal() {
        let _ = log.compact().try_init();
    } else {
        let _ = log.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init();
    }
    Ok(())
}
