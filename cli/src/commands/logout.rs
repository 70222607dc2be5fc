//! `shopctl logout`: requests are asked as the holder of the key again.

use contracts::auth::{LogOut, SessionsEnded};

use crate::failure::{Failure, exit};
use crate::output::Tone;
use crate::private::shown;
use crate::shop::Shop;
use crate::show::count;

/// Sign out: the session ends, and the file with its tokens is removed
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl logout")]
pub(crate) struct Args {
    /// End all sessions of the account, wherever they were begun
    #[arg(long)]
    everywhere: bool,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    if shop.asks_otherwise() {
        let message = "nobody was signed out: --as-key and --guest leave out whoever is signed in";
        return Err(Failure::invalid("usage", message).mend("shopctl logout"));
    }
    let Some(session) = shop.session()? else {
        if !shop.out.is_table() {
            return shop.out.json(&SessionsEnded { ended: 0 });
        }
        shop.out.say("nobody is signed in");
        return Ok(());
    };
    let ended = match shop.call(&LogOut { everywhere: args.everywhere }).await {
        Ok(ended) => ended,
        // It has ended already, which is what was asked for.
        Err(failure) if failure.exit() == exit::UNAUTHENTICATED && !args.everywhere => {
            SessionsEnded { ended: 0 }
        }
        Err(failure) => {
            let file = shop.store().map(|store| shown(&store.path())).unwrap_or_default();
            return Err(failure.so("nobody was signed out").mend(format!(
                "rm {file}      forgets it here; the session goes on until its time is over"
            )));
        }
    };
    shop.signed_out().await?;
    if !shop.out.is_table() {
        return shop.out.json(&ended);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    let email = &session.tokens.account.email;
    shop.out.say(if args.everywhere {
        format!("{mark} {email} is signed out; {} ended", count(ended.ended, "session", "sessions"))
    } else {
        format!("{mark} {email} is signed out")
    });
    Ok(())
}
