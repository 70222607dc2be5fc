//! For tests only: a service without a broker, and a broker of one's own.

mod broker;
mod callers;
mod callout;
mod envelope;
mod keys;
mod reading;
mod said;
mod scratch;
mod steps;
mod texts;

pub use broker::{Broker, request_with};
pub use callers::{customer, guest, operator};
pub use callout::{AskingServer, from_base64, question, signed};
pub use envelope::receive;
pub use keys::{Keys, OPERATOR};
pub use reading::read_file;
pub use scratch::Scratch;
pub use steps::steps;
pub use texts::texts;

use std::time::{Duration, Instant};

/// How long a test waits for something that must come.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Asks again and again until the answer is there.
///
/// # Panics
/// If it is not there after [`PATIENCE`].
pub async fn eventually<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < until, "after {PATIENCE:?} still not: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
