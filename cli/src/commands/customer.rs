//! `shopctl customer`: accounts, for those who run the shop.

use clap::Subcommand;
use contracts::auth::{AccountView, GetAccount, ListAccounts, SetDisabled, SetRole};
use contracts::{CustomerId, Email};
use kit::Role;

use crate::args::Once;
use crate::failure::Failure;
use crate::output::{Cell, Table, Tone};
use crate::pages::{self, Extent};
use crate::shop::Shop;
use crate::{pick, row, show};

/// Accounts: look at them, say what they may do, shut them
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Ls(Ls),
    #[command(visible_alias = "show")]
    Get(Get),
    Role(SetTheRole),
    Disable(Disable),
    Enable(Enable),
}

/// List accounts, the newest first
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl customer ls --role operator
  shopctl customer ls --all -o jsonl | jq -r .email")]
pub(crate) struct Ls {
    /// Only with this role: customer, operator or admin
    #[arg(long, value_name = "ROLE")]
    role: Option<Role>,
    #[command(flatten)]
    extent: Extent,
}

/// Show an account
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl customer get ann@example.org")]
pub(crate) struct Get {
    /// Which account
    #[arg(value_name = "ID|EMAIL", value_parser = account)]
    account: Account,
}

/// Say what somebody may do; their sessions end
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl customer role ann@example.org operator")]
pub(crate) struct SetTheRole {
    /// Which account
    #[arg(value_name = "ID|EMAIL", value_parser = account)]
    account: Account,
    /// What its owner may do: customer, operator or admin
    #[arg(value_name = "ROLE")]
    role: Role,
    #[command(flatten)]
    once: Once,
}

/// Shut an account; its sessions end, and nobody can sign in to it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl customer disable ann@example.org")]
pub(crate) struct Disable {
    #[command(flatten)]
    which: Which,
}

/// Open an account again that was shut
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl customer enable ann@example.org")]
pub(crate) struct Enable {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Which account
    #[arg(value_name = "ID|EMAIL", value_parser = account)]
    account: Account,
    #[command(flatten)]
    once: Once,
}

/// How an account is named.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Account {
    Number(CustomerId),
    Address(Email),
}

pub(crate) async fn run(shop: &Shop, command: Command) -> Result<(), Failure> {
    match command {
        Command::Ls(args) => ls(shop, args).await,
        Command::Get(args) => {
            let account = get(shop, args.account).await?;
            if shop.out.is_table() { view(shop, &account) } else { shop.out.json(&account) }
        }
        Command::Role(args) => {
            let set = SetRole { customer: number(shop, args.account).await?, role: args.role };
            changed(shop, &shop.call_once(&set, &args.once).await?)
        }
        Command::Disable(Disable { which }) => set_disabled(shop, which, true).await,
        Command::Enable(Enable { which }) => set_disabled(shop, which, false).await,
    }
}

async fn ls(shop: &Shop, args: Ls) -> Result<(), Failure> {
    let role = args.role;
    let ask = |after, limit| ListAccounts { role, after, limit };
    pages::show(
        shop,
        args.extent,
        ask,
        |page| (page.items, page.next),
        |accounts| {
            let table = Table::new(&["number", "address", "role", "state", "made"]).whole(&[0, 2, 3, 4]);
            table.rows(
                accounts.iter().map(|one| {
                    row![one.customer, &one.email, one.role, state(one), show::time(one.created_at)]
                }),
            )
        },
    )
    .await
}

async fn set_disabled(shop: &Shop, which: Which, disabled: bool) -> Result<(), Failure> {
    let set = SetDisabled { customer: number(shop, which.account).await?, disabled };
    changed(shop, &shop.call_once(&set, &which.once).await?)
}

async fn get(shop: &Shop, account: Account) -> Result<AccountView, Failure> {
    let request = match account {
        Account::Number(customer) => GetAccount { customer: Some(customer), email: None },
        Account::Address(email) => GetAccount { customer: None, email: Some(email) },
    };
    shop.call(&request).await
}

/// The number of an account, which changes are asked for by.
async fn number(shop: &Shop, account: Account) -> Result<CustomerId, Failure> {
    match account {
        Account::Number(customer) => Ok(customer),
        address => Ok(get(shop, address).await?.customer),
    }
}

/// Says how an account is now: its number for programs, the rest for people.
fn changed(shop: &Shop, account: &AccountView) -> Result<(), Failure> {
    if !shop.out.is_table() {
        return shop.out.json(account);
    }
    let mark = shop.out.paint_note(Tone::Good, "✓");
    let shut = if account.disabled { ", shut" } else { "" };
    shop.out.say(format!("{mark} {}: {}{shut}", account.email, account.role));
    shop.out.line(account.customer.to_string())
}

fn view(shop: &Shop, account: &AccountView) -> Result<(), Failure> {
    let state = match (account.disabled, account.confirmed) {
        (true, _) => "shut: nobody can sign in",
        (false, true) => "open",
        (false, false) => "its address was not confirmed yet",
    };
    shop.out.line(show::facts(&[
        ("number", account.customer.to_string()),
        ("address", account.email.to_string()),
        ("role", account.role.to_string()),
        ("state", state.to_owned()),
        ("made", show::time(account.created_at)),
    ]))
}

fn state(account: &AccountView) -> Cell {
    match (account.disabled, account.confirmed) {
        (true, _) => Cell::toned("shut", Tone::Bad),
        (false, true) => Cell::from("open"),
        (false, false) => Cell::toned("unconfirmed", Tone::Warn),
    }
}

/// Reads the number of an account, or its address.
fn account(text: &str) -> Result<Account, String> {
    if text.contains('@') {
        return text.parse().map(Account::Address).map_err(|error| format!("{error}"));
    }
    pick::id(text).map(Account::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_named_by_its_number_or_its_address() {
        assert!(matches!(account("ann@example.org"), Ok(Account::Address(_))));
        assert!(matches!(account("cus_01h2e8kqvbfwea724h75qc655w"), Ok(Account::Number(_))));
        for wrong in ["", "ann", "ann@", "ord_01h2e8kqvbfwea724h75qc655w", "a b@example.org"] {
            assert!(account(wrong).is_err(), "{wrong:?}");
        }
    }
}
