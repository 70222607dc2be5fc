//! Examples of what notification says.

use jiff::Timestamp;
use kit::Example;

use crate::notification::{
    AttemptView, GetNotification, ListNotifications, NotificationFailed, NotificationPage, NotificationSent,
    NotificationState, NotificationView, ResendNotification,
};
use crate::{NotificationId, OrderId};

impl Example for GetNotification {
    fn example() -> Self {
        Self { notification: NotificationId::example() }
    }
}

impl Example for ListNotifications {
    fn example() -> Self {
        Self { order: Some(OrderId::example()), ..Self::default() }
    }
}

impl Example for NotificationPage {
    fn example() -> Self {
        Self { items: vec![NotificationView::example()], next: None }
    }
}

impl Example for ResendNotification {
    fn example() -> Self {
        Self { notification: NotificationId::example() }
    }
}

impl Example for NotificationView {
    fn example() -> Self {
        Self {
            notification: NotificationId::example(),
            about: OrderId::example().to_string(),
            happening: "order_confirmed".into(),
            channel: "mail".into(),
            recipient: "a***@example.org".into(),
            subject: "Your order is confirmed".into(),
            text: "Thank you. 2 × Mug, blue: 25.80 EUR.".into(),
            state: NotificationState::Sent,
            attempts: vec![AttemptView { at: Timestamp::UNIX_EPOCH, outcome: "sent".into() }],
            created_at: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Example for NotificationSent {
    fn example() -> Self {
        Self {
            notification: NotificationId::example(),
            about: OrderId::example().to_string(),
            happening: "order_confirmed".into(),
            channel: "mail".into(),
        }
    }
}

impl Example for NotificationFailed {
    fn example() -> Self {
        Self {
            notification: NotificationId::example(),
            about: OrderId::example().to_string(),
            happening: "order_confirmed".into(),
            message: "no answer from the mail server".into(),
        }
    }
}
