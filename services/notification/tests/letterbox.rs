//! A notification service whose messages go into a letterbox.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contracts::notification::{GetNotification, ListNotifications, NotificationView, ResendNotification};
use contracts::order::OrderConfirmed;
use contracts::{NotificationId, OrderId};
use kit::engine::port::Waiting;
use kit::testing::Scratch;
use kit::{Event, Example, Result, Trouble};
use notification::Settings;
use notification::channel::{Channel, Message};

pub(crate) const OPERATOR: &str = "operator@shop.example";

/// The notification service and what it has sent.
pub(crate) struct Post {
    pub(crate) service: Scratch,
    letterbox: Arc<Letterbox>,
}

/// A channel that keeps what it is given, unless it was told to make trouble.
#[derive(Default)]
struct Letterbox {
    letters: Mutex<Vec<Message>>,
    troubles: Mutex<VecDeque<Trouble>>,
}

impl Channel for Letterbox {
    fn deliver<'a>(&'a self, message: &'a Message) -> Waiting<'a, Result<(), Trouble>> {
        let ended = match self.troubles.lock().unwrap().pop_front() {
            Some(trouble) => Err(trouble),
            None => {
                self.letters.lock().unwrap().push(message.clone());
                Ok(())
            }
        };
        Box::pin(std::future::ready(ended))
    }
}

impl Post {
    pub(crate) fn open() -> Self {
        let letterbox = Arc::<Letterbox>::default();
        let settings = Settings { operator: OPERATOR.parse().unwrap(), channel: Arc::clone(&letterbox) as _ };
        Self { service: Scratch::of(notification::service(settings)), letterbox }
    }

    /// Something happens, and a moment passes.
    pub(crate) async fn hears(&self, event: &impl Event) {
        self.service.hear(event);
        self.service.advance(Duration::from_millis(1)).await;
    }

    /// The next tries end like this.
    pub(crate) fn makes_trouble(&self, troubles: impl IntoIterator<Item = Trouble>) {
        self.letterbox.troubles.lock().unwrap().extend(troubles);
    }

    /// Sends what is to be sent now. Answers how much that was.
    pub(crate) async fn work(&self) -> usize {
        assert_eq!(self.service.dead_letters(), []);
        self.service.work().await
    }

    /// What was sent, and to whom: the first line of each letter.
    pub(crate) fn sent(&self) -> Vec<(String, String)> {
        let letters = self.letterbox.letters.lock().unwrap();
        letters.iter().map(|letter| (letter.recipient.clone(), letter.subject.clone())).collect()
    }

    /// Everything that was sent.
    pub(crate) fn letters(&self) -> Vec<Message> {
        self.letterbox.letters.lock().unwrap().clone()
    }

    pub(crate) async fn show(&self, notification: NotificationId) -> NotificationView {
        self.service.ask(&GetNotification { notification }).await.unwrap()
    }

    pub(crate) async fn resend(&self, notification: NotificationId) -> Result<NotificationView> {
        self.service.ask(&ResendNotification { notification }).await
    }

    /// The newest message.
    pub(crate) async fn newest(&self) -> NotificationView {
        let page = self.service.ask(&ListNotifications { limit: Some(1), ..Default::default() }).await;
        page.unwrap().items.remove(0)
    }
}

/// A customer's order is paid.
pub(crate) fn confirmed(number: u128) -> OrderConfirmed {
    OrderConfirmed { order: order(number), ..OrderConfirmed::example() }
}

pub(crate) fn order(number: u128) -> OrderId {
    kit::id::Id::from_bits(number)
}
