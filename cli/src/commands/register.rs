//! `shopctl register`: an account for somebody new.

use contracts::Email;
use contracts::auth::Register;

use crate::failure::Failure;
use crate::output::Tone;
use crate::password::{self, PasswordFile};
use crate::shop::Shop;

/// Make an account; a code is sent to its address
///
/// It says the same if there is an account already, and then its owner is written to instead.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl register ann@example.org                            asks for a password, unseen
  pass shop | shopctl register ann@example.org --password-file -")]
pub(crate) struct Args {
    /// The address; the code that proves it is sent there
    #[arg(value_name = "EMAIL")]
    email: Email,
    #[command(flatten)]
    password: PasswordFile,
}

pub(crate) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let file = args.password.password_file.as_deref();
    let password = password::new(shop, file, "--password-file").await?;
    let registered = shop.call_by_key(&Register { email: args.email, password }).await?;
    if !shop.out.is_table() {
        return shop.out.json(&registered);
    }
    mail_is_sent(shop, &format!("a mail is on its way to {}", registered.email));
    shop.out.next("shopctl confirm CODE");
    Ok(())
}

/// Says that a mail was sent, and where it can be found.
pub(super) fn mail_is_sent(shop: &Shop, what: &str) {
    let mark = shop.out.paint_note(Tone::Good, "✓");
    shop.out.say(format!("{mark} {what}"));
    let here =
        shop.folder().ok().filter(|folder| !shop.names_broker() && folder.broker_of_what_runs().is_some());
    if let Some(folder) = here {
        let mails = folder.root().join("mail").join("new");
        shop.out.say(format!("  a shop without SHOP_SMTP_URL keeps its mails in {}", mails.display()));
    }
}
