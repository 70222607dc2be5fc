//! Complete checkouts: an order is placed, its stock held, it is paid and confirmed, and whoever placed it
//! sees that.
//!
//! The confirmation is heard, not asked for: it is told as `events.order.confirmed` to every hearer at once,
//! so whoever measures hears it as early as any service does, and costs the shop no further request.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use contracts::OrderId;
use contracts::order::PlaceOrder;
use kit::client::Watch;
use kit::message::Request;
use kit::{Call, Client};
use serde::Deserialize;
use tokio::sync::oneshot;

use super::events::Sample;
use super::work::{Done, Work};

/// Endings of orders that were told before anybody waited for them; the oldest are forgotten beyond it, and
/// whoever waits for one of these waits in vain. Orders of others are among them.
const EARLY_MAX: usize = 65_536;

/// What is told of an order that has ended.
const ENDINGS: [&str; 3] =
    ["events.order.confirmed", "events.order.cancelled", "events.order.needs_attention"];

/// The reason of an order that nobody heard the end of in time.
const NOT_SEEN: &str = "not_confirmed_in_time";

/// Places orders, and waits until each has ended.
pub(crate) struct Orders {
    client: Client,
    /// What is sent: always the same few.
    bodies: Vec<bytes::Bytes>,
    next: Cell<usize>,
    board: Arc<Board>,
    patience: Duration,
    listener: tokio::task::JoinHandle<()>,
    latest: Cell<Option<OrderId>>,
    placed: Cell<u64>,
    sample: Sample,
}

/// When an order ended, and why not well.
type Ending = (Instant, Option<Cow<'static, str>>);

/// Who waits for which order, and which has ended already.
#[derive(Debug, Default)]
struct Board(Mutex<Waiting>);

#[derive(Debug, Default)]
struct Waiting {
    for_end: HashMap<OrderId, oneshot::Sender<Ending>>,
    early: HashMap<OrderId, Ending>,
    /// Those in `early`, the oldest first.
    order: VecDeque<OrderId>,
}

impl Orders {
    /// Begins to listen; `bodies` are requests to place an order, taken in turn.
    ///
    /// # Errors
    /// If the broker does not answer.
    pub(crate) async fn listening(
        client: Client,
        bodies: Vec<bytes::Bytes>,
        patience: Duration,
    ) -> kit::Result<Self> {
        let [confirmed, cancelled, stuck] = [
            client.watch(ENDINGS[0]).await?,
            client.watch(ENDINGS[1]).await?,
            client.watch(ENDINGS[2]).await?,
        ];
        let board = Arc::new(Board::default());
        let listener = tokio::spawn(listen(Arc::clone(&board), confirmed, cancelled, stuck));
        Ok(Self {
            client,
            bodies,
            next: Cell::new(0),
            board,
            patience,
            listener,
            latest: Cell::new(None),
            placed: Cell::new(0),
            sample: Sample::default(),
        })
    }

    /// The order that was confirmed last.
    pub(crate) fn latest(&self) -> Option<OrderId> {
        self.latest.get()
    }

    /// How many were accepted, whatever became of them.
    pub(crate) fn placed(&self) -> u64 {
        self.placed.get()
    }

    /// Some of the flows in which orders were placed.
    pub(crate) fn sample(&self) -> &Sample {
        &self.sample
    }

    fn body(&self) -> bytes::Bytes {
        let next = self.next.get();
        self.next.set(next.wrapping_add(1));
        self.bodies[next % self.bodies.len()].clone()
    }
}

impl Drop for Orders {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

impl Work for Orders {
    fn names(&self) -> Vec<&'static str> {
        vec!["placed", "confirmed"]
    }

    async fn once(&self) -> Done {
        // As any order that somebody places, it is written down in every journal.
        let trace = Client::new_trace();
        let call = Call { timeout: self.patience, key: Some(Client::new_key()), trace: Some(trace) };
        let reply = match self.client.call_once(PlaceOrder::SUBJECT, self.body(), call).await {
            Ok(reply) => reply,
            Err(error) => return Done::failed(0, error.reason),
        };
        let placed = Some(Instant::now());
        let Ok(Placed { order }) = serde_json::from_slice(&reply) else {
            return Done::failed(0, "answer_not_understood");
        };
        self.placed.set(self.placed.get() + 1);
        let end = self.board.wait_for(order);
        match tokio::time::timeout(self.patience, end).await {
            Ok(Ok((at, None))) => {
                self.latest.set(Some(order));
                self.sample.note(&trace);
                Done { kind: 0, marks: [placed, Some(at)], failed: None }
            }
            Ok(Ok((_, Some(why)))) => Done { kind: 0, marks: [placed, None], failed: Some(why) },
            Ok(Err(_)) => Done::failed(0, "not_listening"),
            Err(_) => {
                self.board.forget(order);
                Done::failed(0, NOT_SEEN)
            }
        }
    }
}

/// What is read of the answer.
#[derive(Deserialize)]
struct Placed {
    order: OrderId,
}

async fn listen(board: Arc<Board>, mut confirmed: Watch, mut cancelled: Watch, mut stuck: Watch) {
    loop {
        let (heard, why) = tokio::select! {
            heard = confirmed.heard() => (heard, None),
            heard = cancelled.heard() => {
                let why = heard.as_ref().map(|heard| reason_of(&heard.body));
                (heard, why)
            }
            heard = stuck.heard() => (heard, Some(Cow::Borrowed("needs_attention"))),
        };
        let Some(heard) = heard else { return };
        if let Ok(order) = heard.key.parse() {
            board.ended(order, (Instant::now(), why));
        }
    }
}

fn reason_of(body: &[u8]) -> Cow<'static, str> {
    #[derive(Deserialize)]
    struct Reason {
        reason: String,
    }
    serde_json::from_slice::<Reason>(body).map_or(Cow::Borrowed("cancelled"), |said| Cow::Owned(said.reason))
}

impl Board {
    fn with<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        // Nothing that holds it can panic half way.
        let mut waiting = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        change(&mut waiting)
    }

    fn wait_for(&self, order: OrderId) -> oneshot::Receiver<Ending> {
        let (tell, told) = oneshot::channel();
        self.with(|waiting| match waiting.early.remove(&order) {
            // Nobody can have gone meanwhile.
            Some(ending) => drop(tell.send(ending)),
            None => drop(waiting.for_end.insert(order, tell)),
        });
        told
    }

    fn forget(&self, order: OrderId) {
        self.with(|waiting| drop(waiting.for_end.remove(&order)));
    }

    fn ended(&self, order: OrderId, ending: Ending) {
        self.with(|waiting| match waiting.for_end.remove(&order) {
            Some(tell) => drop(tell.send(ending)),
            None => {
                waiting.early.insert(order, ending);
                waiting.order.push_back(order);
                if waiting.order.len() > EARLY_MAX
                    && let Some(oldest) = waiting.order.pop_front()
                {
                    waiting.early.remove(&oldest);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kit::id::Id;

    fn order(number: usize) -> OrderId {
        OrderId::from_bits(number as u128)
    }

    #[tokio::test]
    async fn an_end_is_seen_whether_it_is_told_before_or_after_the_answer() {
        let board = Board::default();
        let at = Instant::now();
        board.ended(order(1), (at, None));
        assert_eq!(board.wait_for(order(1)).await.unwrap(), (at, None));
        let told = board.wait_for(order(2));
        board.ended(order(2), (at, Some("out_of_stock".into())));
        assert_eq!(told.await.unwrap(), (at, Some("out_of_stock".into())));
        board.with(|waiting| assert!(waiting.for_end.is_empty() && waiting.early.is_empty()));
    }

    #[test]
    fn orders_of_others_do_not_fill_the_memory() {
        let board = Board::default();
        for number in 0..EARLY_MAX + 5 {
            board.ended(order(number), (Instant::now(), None));
        }
        board.with(|waiting| {
            assert_eq!((waiting.early.len(), waiting.order.len()), (EARLY_MAX, EARLY_MAX));
            assert!(!waiting.early.contains_key(&order(4)) && waiting.early.contains_key(&order(5)));
        });
    }

    #[test]
    fn the_reason_of_a_cancelled_order_is_read_from_what_was_told() {
        assert_eq!(reason_of(br#"{"order":"x","reason":"out_of_stock","message":"no"}"#), "out_of_stock");
        assert_eq!(reason_of(b"nonsense"), "cancelled");
    }

    #[test]
    fn the_endings_are_words_of_the_contract() {
        for subject in ENDINGS {
            assert!(contracts::words().any(|word| word.subject == subject), "{subject}");
        }
    }
}
