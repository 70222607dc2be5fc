//! `shopctl notification`: messages to people.

use clap::Subcommand;
use contracts::notification::{
    GetNotification, ListNotifications, NotificationState, NotificationView, ResendNotification,
};
use contracts::{NotificationId, OrderId};

use crate::args::Once;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::pages::{self, Extent};
use crate::shop::Shop;
use crate::{pick, row, show};

/// Messages to people, and every try to send them
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    #[command(visible_alias = "get")]
    Show(Show),
    Resend(Resend),
}

/// List messages, the newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl notification ls --state failed
  shopctl notification ls --order ord_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Ls {
    /// Only about this order
    #[arg(long, value_name = "ID", value_parser = pick::id::<OrderId>)]
    order: Option<OrderId>,
    /// Only in this state: pending, sent or failed
    #[arg(long)]
    state: Option<NotificationState>,
    #[command(flatten)]
    extent: Extent,
}

/// Show a message as it is sent
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl notification show ntf_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Show {
    /// Which message
    #[arg(value_name = "ID", value_parser = pick::id::<NotificationId>)]
    notification: NotificationId,
}

/// Send a message once more
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl notification resend ntf_01h2e8kqvbfwea724h75qc655w")]
pub(crate) struct Resend {
    /// Which message
    #[arg(value_name = "ID", value_parser = pick::id::<NotificationId>)]
    notification: NotificationId,
    #[command(flatten)]
    once: Once,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls(shop, args).await,
        Command::Show(args) => show(shop, args).await,
        Command::Resend(args) => resend(shop, args).await,
    }
}

async fn ls(shop: &Shop, Ls { order, state, extent }: Ls) -> Result<(), Failure> {
    let ask = |after, limit| ListNotifications { order, state, after, limit };
    let table = |items: &[NotificationView]| {
        let header = ["notification", "state", "happening", "to", "by", "tries", "created"];
        Table::new(&header).right(&[5]).whole(&[0, 1, 3, 4, 5]).rows(items.iter().map(|message| {
            row![
                message.notification,
                toned(message.state),
                &message.happening,
                &message.recipient,
                &message.channel,
                message.attempts.len(),
                show::time(message.created_at),
            ]
        }))
    };
    pages::show(shop, extent, ask, |page| (page.items, page.next), table).await
}

async fn show(shop: &Shop, args: Show) -> Result<(), Failure> {
    let message = shop.call(&GetNotification { notification: args.notification }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&message);
    }
    let attempts =
        message.attempts.iter().map(|attempt| format!("{} {}", show::time(attempt.at), attempt.outcome));
    let attempts: Vec<String> = attempts.collect();
    let mut facts = vec![
        ("notification", message.notification.to_string()),
        ("about", message.about),
        ("happening", message.happening),
        ("state", message.state.to_string()),
        ("to", format!("{} by {}", message.recipient, message.channel)),
        ("created", show::time(message.created_at)),
    ];
    facts.extend(attempts.into_iter().map(|attempt| ("try", attempt)));
    facts.push(("subject", message.subject));
    shop.out.line(show::facts(&facts))?;
    // The output writes out whatever could drive the terminal, but lets line breaks through.
    shop.out.line(format!("\n{}", message.text.trim_end()))
}

async fn resend(shop: &Shop, args: Resend) -> Result<(), Failure> {
    let message = shop.call_once(&ResendNotification { notification: args.notification }, &args.once).await?;
    if !shop.out.is_table() {
        return shop.out.json(&message);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} it is being sent once more, to {}", message.recipient));
    shop.out.line(message.notification.to_string())?;
    shop.out.next(format!("shopctl notification show {}", message.notification));
    Ok(())
}

fn toned(state: NotificationState) -> Cell {
    match state {
        NotificationState::Pending => Cell::toned(state, Tone::Warn),
        NotificationState::Sent => Cell::from(state),
        NotificationState::Failed => Cell::toned(state, Tone::Bad),
    }
}
