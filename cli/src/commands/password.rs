//! `shopctl password`: a new one, for whoever knows the old one or can read their mail.

use std::path::PathBuf;

use clap::Subcommand;
use contracts::Email;
use contracts::auth::{AskReset, ChangePassword, ResetPassword, reason};

use super::register::mail_is_sent;
use crate::failure::Failure;
use crate::output::Tone;
use crate::password::{self, PasswordFile};
use crate::shop::Shop;
use crate::show::count;

/// Passwords: change one, or set it anew with a code
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Change(Change),
    Forgot(Forgot),
    Reset(Reset),
}

/// Change the password of whoever is signed in; their other sessions end
///
/// Both passwords are asked for, unseen. If both files are -, the first line of standard input is the
/// password of now, the second the new one.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl password change")]
pub(crate) struct Change {
    #[command(flatten)]
    password: PasswordFile,
    /// Read the new password from the first line of this file, - for standard input [default: ask for it]
    #[arg(long, value_name = "FILE")]
    new_password_file: Option<PathBuf>,
}

/// Send a code to an address, to set the password of its account anew
///
/// It says the same if there is no such account.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl password forgot ann@example.org")]
pub(crate) struct Forgot {
    /// The address of the account
    #[arg(value_name = "EMAIL")]
    email: Email,
}

/// Set a password anew with the code that was sent; all sessions end
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl password reset")]
pub(crate) struct Reset {
    /// The code, - for standard input [default: ask for it]
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
    #[command(flatten)]
    password: PasswordFile,
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Change(args) => change(shop, args).await,
        Command::Forgot(args) => forgot(shop, args).await,
        Command::Reset(args) => reset(shop, args).await,
    }
}

async fn change(shop: &Shop, args: Change) -> Result<(), Failure> {
    let old = password::known(shop, args.password.password_file.as_deref()).await?;
    let new = password::new(shop, args.new_password_file.as_deref(), "--new-password-file").await?;
    let ended = shop.call(&ChangePassword { password: old, new_password: new }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&ended);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    let others = count(ended.ended, "other session", "other sessions");
    shop.out.say(format!("{mark} the password is changed; {others} ended"));
    Ok(())
}

async fn forgot(shop: &Shop, args: Forgot) -> Result<(), Failure> {
    let asked = shop.call_by_key(&AskReset { email: args.email }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&asked);
    }
    mail_is_sent(shop, &format!("a code is on its way to {}, if it has an account", asked.email));
    shop.out.next("shopctl password reset --code CODE");
    Ok(())
}

async fn reset(shop: &Shop, args: Reset) -> Result<(), Failure> {
    let code = password::code(shop, args.code).await?;
    let new = password::new(shop, args.password.password_file.as_deref(), "--password-file").await?;
    let reset = ResetPassword { code, new_password: new };
    let account = shop.call_by_key(&reset).await.map_err(|failure| match failure.code() {
        reason::INVALID_CODE => failure.mend("shopctl password forgot EMAIL      sends a new one"),
        _ => failure,
    })?;
    // All sessions have ended, also the one of this machine.
    let was_here = shop.session().ok().flatten();
    if was_here.is_some_and(|session| session.tokens.account.customer == account.customer) {
        shop.signed_out().await?;
    }
    if !shop.out.is_table() {
        return shop.out.json(&account);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} the password of {} is set; all sessions ended", account.email));
    shop.out.next(format!("shopctl login {}", account.email));
    Ok(())
}
