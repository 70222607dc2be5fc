//! What may be asked of the notification service.

use contracts::notification::{
    GetNotification, ListNotifications, NotificationPage, NotificationView, ResendNotification,
};
use kit::{Ctx, Result, Sql, page};

use crate::delivery::SendNotification;
use crate::notification::Notification;
use crate::store::{self, Wanted};

/// Shows one message, with its attempts.
pub async fn get_notification(ctx: Ctx, asked: GetNotification) -> Result<NotificationView> {
    ctx.look_up(move |sql| view(sql, store::get_notification(sql, asked.notification)?)).await
}

/// Lists messages, the newest first.
pub async fn list_notifications(ctx: Ctx, asked: ListNotifications) -> Result<NotificationPage> {
    let limit = page::limit(asked.limit)?;
    let wanted = Wanted {
        about: asked.order.map(|order| order.to_string()),
        state: asked.state,
        before: page::after(asked.after.as_deref())?,
    };
    ctx.read(move |sql| {
        let found = store::list_notifications(sql, &wanted, limit + 1)?;
        let views = found.into_iter().map(|found| view(sql, found)).collect::<Result<Vec<_>>>()?;
        let (items, next) = page::cut(views, limit, |last| last.notification);
        Ok(NotificationPage { items, next })
    })
    .await
}

/// Sends a message once more, if it is not on its way.
pub async fn resend_notification(ctx: Ctx, asked: ResendNotification) -> Result<NotificationView> {
    ctx.write(move |tx| {
        let known = store::get_notification(tx, asked.notification)?;
        tx.about(&known.about);
        let generation = known.next_generation()?;
        store::ask_again(tx, known.id, generation)?;
        tx.perform(&SendNotification { notification: known.id, generation, about: known.about })?;
        view(tx, store::get_notification(tx, known.id)?)
    })
    .await
}

fn view(sql: &Sql<'_>, notification: Notification) -> Result<NotificationView> {
    let attempts = store::list_attempts(sql, notification.id)?;
    Ok(notification.into_view(attempts))
}
