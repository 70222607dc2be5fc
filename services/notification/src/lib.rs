//! The notification service: one message for each happening, channel and person.
//!
//! # Layout
//! - [`handlers`]: what may be asked
//! - [`reactions`]: what it hears, and whom it writes to then
//! - [`notice`]: what is told about each happening; [`template`]: the texts, and filling them in
//! - [`throttle`]: how often about alarms
//! - [`delivery`]: sending a message, trying again, giving up; [`code`]: the codes in some of them
//! - [`channel`]: what any way of sending must do; [`mail`]: a message as a mail
//! - [`maildir`]: mails as files, the default; [`smtp`]: mails through a server
//! - [`notification`]: the rules; no I/O
//! - [`settings`]: what an operator sets
//! - [`audit`]: every message
//! - [`store`]: the SQL

pub mod audit;
pub mod channel;
pub mod code;
pub mod delivery;
pub mod handlers;
pub mod mail;
pub mod maildir;
pub mod notice;
pub mod notification;
pub mod reactions;
pub mod settings;
pub mod smtp;
pub mod store;
pub mod template;
pub mod throttle;

use std::sync::Arc;

use contracts::alert::{AlarmEscalated, AlarmRaised};
use contracts::auth::RevealCode;
use contracts::inventory::StockLow;
use contracts::order::OrderNeedsAttention;
use kit::Tx;

pub use settings::Settings;

/// Everything the service can do.
pub fn service(settings: Settings) -> kit::Service {
    let Settings { operator, channel } = settings;
    let operator: Arc<str> = operator.email.to_string().into();
    let told = Arc::clone(&operator);
    let (alarmed, escalated, digested) =
        (Arc::clone(&operator), Arc::clone(&operator), Arc::clone(&operator));
    kit::Service::new("notification", env!("CARGO_PKG_VERSION"))
        .about("Writes to people about what happened, once each.")
        .hearing_at_leisure()
        .migrations_from(&[
            include_str!("../migrations/0001_notifications.sql"),
            include_str!("../migrations/0002_codes.sql"),
            include_str!("../migrations/0003_checks.sql"),
            include_str!("../migrations/0004_alarms.sql"),
        ])
        .answers(handlers::get_notification)
        .answers(handlers::list_notifications)
        .answers(handlers::resend_notification)
        .hears(reactions::order_confirmed)
        .hears(reactions::order_cancelled)
        .hears(reactions::order_refunded)
        .hears(move |tx: &mut Tx<'_>, event: OrderNeedsAttention| {
            reactions::order_needs_attention(tx, &event, &told)
        })
        .hears(move |tx: &mut Tx<'_>, event: StockLow| reactions::stock_low(tx, &event, &operator))
        .hears(reactions::stock_restocked)
        .hears(move |tx: &mut Tx<'_>, event: AlarmRaised| throttle::alarm_raised(tx, &event, &alarmed))
        .hears(move |tx: &mut Tx<'_>, event: AlarmEscalated| {
            throttle::alarm_escalated(tx, &event, &escalated)
        })
        .may_miss(contracts::alert::NAME)
        .on_timer(throttle::DIGEST, move |tx, rule| throttle::digest(tx, rule, &digested))
        .hears(reactions::mail_due)
        .calls::<RevealCode>()
        .performs(move |ctx, work| delivery::send(ctx, work, Arc::clone(&channel)), delivery::record)
}
