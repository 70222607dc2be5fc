//! Accounts, for those who run the shop: looking, and saying who may do what.

use contracts::CustomerId;
use contracts::auth::{AccountPage, AccountView, GetAccount, ListAccounts, SetDisabled, SetRole};
use kit::error::reason;
use kit::{Ctx, Error, Result, Role, page};

use super::asking::{expect_current, own_account};
use crate::account::{Account, address_of};
use crate::refusal::Refusal;
use crate::{store, tokens};

/// Shows an account, by its number or its address.
pub async fn get_account(ctx: Ctx, asked: GetAccount) -> Result<AccountView> {
    ctx.read(move |sql| {
        let account = match (asked.customer, asked.email) {
            (Some(id), None) => store::get_account(sql, id)?,
            (None, Some(email)) => {
                store::find_account_at(sql, &address_of(&email))?.ok_or(Refusal::UnknownAddress(email))?
            }
            _ => {
                return Err(Error::invalid(
                    reason::INVALID_BODY,
                    "an account is named by its number or by its address: either customer or email",
                ));
            }
        };
        Ok(account.view())
    })
    .await
}

/// Lists accounts, the newest first.
pub async fn list_accounts(ctx: Ctx, asked: ListAccounts) -> Result<AccountPage> {
    let limit = page::limit(asked.limit)?;
    let before: Option<CustomerId> = page::after(asked.after.as_deref())?;
    ctx.read(move |sql| {
        let found = store::list_accounts(sql, asked.role, before, limit + 1)?;
        let (items, next) = page::cut(found.iter().map(Account::view), limit, |last| last.customer);
        Ok(AccountPage { items, next })
    })
    .await
}

/// Says what somebody may do. Their sessions end, because tokens say what their holder may do.
pub async fn set_role(ctx: Ctx, asked: SetRole) -> Result<AccountView> {
    let caller = ctx.caller().clone();
    ctx.write(move |tx| {
        expect_current(tx, &caller, tx.now())?;
        let mut account = store::get_account(tx, asked.customer)?;
        tx.about(account.id);
        if account.role == asked.role {
            return Ok(account.view());
        }
        if own_account(&caller) == Some(account.id) && account.role == Role::Admin {
            return Err(Refusal::OwnRole.into());
        }
        if !account.confirmed {
            return Err(Refusal::UnconfirmedStaff(account.id).into());
        }
        store::set_role(tx, account.id, asked.role)?;
        account.role = asked.role;
        tokens::end_all(tx, account.id, None)?;
        tracing::info!(customer.id = %account.id, by = %caller, "{} is {} now", account.id, account.role);
        Ok(account.view())
    })
    .await
}

/// Shuts an account and ends its sessions, or opens it again.
pub async fn set_disabled(ctx: Ctx, asked: SetDisabled) -> Result<AccountView> {
    let caller = ctx.caller().clone();
    ctx.write(move |tx| {
        expect_current(tx, &caller, tx.now())?;
        let mut account = store::get_account(tx, asked.customer)?;
        tx.about(account.id);
        if asked.disabled && own_account(&caller) == Some(account.id) {
            return Err(Refusal::OwnRole.into());
        }
        store::set_disabled(tx, account.id, asked.disabled)?;
        account.disabled = asked.disabled;
        if asked.disabled {
            store::close_tickets(tx, account.id)?;
            tokens::end_all(tx, account.id, None)?;
        }
        let what = if asked.disabled { "shut" } else { "open" };
        tracing::info!(customer.id = %account.id, by = %caller, "Account {} is {what} now", account.id);
        Ok(account.view())
    })
    .await
}
