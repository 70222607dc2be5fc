//! `shopctl confirm`: an address belongs to whoever can read what is sent there.

use contracts::auth::{Confirm, reason};

use crate::failure::Failure;
use crate::output::Tone;
use crate::password;
use crate::shop::Shop;

/// Confirm the address of an account with the code that was sent there
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl confirm CODE
  shopctl confirm      asks for the code, so that it stands in no history")]
pub(crate) struct Args {
    /// The code, - for standard input [default: ask for it]
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let code = password::code(shop, args.code).await?;
    let account = shop.call_by_key(&Confirm { code }).await.map_err(|failure| match failure.code() {
        reason::INVALID_CODE => failure.mend("shopctl register EMAIL      sends a new one"),
        _ => failure,
    })?;
    if !shop.out.is_table() {
        return shop.out.json(&account);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} {} is confirmed", account.email));
    shop.out.line(account.customer.to_string())?;
    shop.out.next(format!("shopctl login {}", account.email));
    Ok(())
}
