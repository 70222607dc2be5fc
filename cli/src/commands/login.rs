//! `shopctl login`: from then on requests are asked as whoever signed in.

use contracts::Email;
use contracts::auth::{LogIn, LogOut, reason};
use kit::message::Request;
use kit::{Call, Voice};
use serde_json::json;

use crate::failure::Failure;
use crate::output::Tone;
use crate::password::{self, PasswordFile};
use crate::private::shown;
use crate::session::Session;
use crate::shop::Shop;
use crate::show;

/// Length of the name of this program on this machine in characters; sign-in takes no longer one.
const DEVICE_CHARS_MAX: usize = 64;

/// Sign in: from then on requests are asked as this account
///
/// What proves it is kept in a file for each shop that nobody else can read, and renewed as needed.
/// There is no way to give a password in the command line: other programs can read that.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl login ann@example.org                               asks for the password, unseen
  pass shop | shopctl login ann@example.org --password-file -
  shopctl --as-key order ls                                   not as ann, though she is signed in")]
pub(crate) struct Args {
    /// The address of the account
    #[arg(value_name = "EMAIL")]
    email: Email,
    #[command(flatten)]
    password: PasswordFile,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let store = shop.needed_store()?;
    // Whoever was signed in before; a file that cannot be used is in nobody's way here.
    let before = store.read().ok().flatten();
    let password = password::known(shop, args.password.password_file.as_deref()).await?;
    let (email, source) = (args.email.clone(), String::new());
    let log_in = LogIn { email, password, device: device(), source };
    let tokens = shop.call_by_key(&log_in).await.map_err(|failure| mended(failure, &args.email))?;
    let session = shop.signed_in(&store, tokens).await?;
    if let Some(before) = before {
        end(shop, &before).await;
    }

    let account = &session.tokens.account;
    if !shop.out.is_table() {
        return shop.out.json(&json!({
            "id": account.customer, "account": account, "session": session.tokens.session,
            "until": session.tokens.refresh_expires_at, "file": store.path(), "shop": store.shop(),
        }));
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    let until = show::time(session.tokens.refresh_expires_at);
    shop.out.say(format!(
        "{mark} {} is signed in to {} as {}; it ends at {until} unless it is used, and with shopctl logout",
        account.email,
        store.shop(),
        account.role,
    ));
    shop.out.say(format!("  kept in {}", shown(&store.path())));
    shop.out.line(account.customer.to_string())
}

/// Nobody has the tokens of the session before any more, so it is ended; that it cannot be just means
/// that it ends by itself.
async fn end(shop: &Shop, before: &Session) {
    let voice = Voice::Token(before.tokens.access_token.expose().to_owned());
    let call = Call { timeout: shop.timeout, ..Call::default() };
    let log_out = LogOut { everywhere: false };
    let _ = shop.ask_as::<_, <LogOut as Request>::Reply>(&voice, LogOut::SUBJECT, &log_out, call).await;
}

/// How this program on this machine is called in the list of sessions.
fn device() -> String {
    let machine = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let plain = machine.chars().filter(char::is_ascii_graphic);
    "shopctl on ".chars().chain(plain).take(DEVICE_CHARS_MAX).collect()
}

fn mended(failure: Failure, email: &Email) -> Failure {
    match failure.code() {
        reason::WRONG_CREDENTIALS => failure
            .mend(format!("shopctl password forgot {email}      sends a code to set it anew"))
            .mend(format!("shopctl register {email}      if there is no account yet")),
        reason::NOT_CONFIRMED => failure
            .mend("shopctl confirm CODE      with the code that was sent there")
            .mend(format!("shopctl register {email}      sends a new one")),
        _ => failure,
    }
}
