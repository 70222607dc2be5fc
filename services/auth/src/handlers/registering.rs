//! Making an account, and confirming its address.

use contracts::auth::{AccountView, Confirm, CustomerRegistered, MailPurpose, Register, Registered};
use kit::{Ctx, Result, Role, Timestamp, Tx};

use super::mailing;
use crate::account::{Account, address_of};
use crate::hasher::Hasher;
use crate::password::{self, Hash, Recipe};
use crate::refusal::Refusal;
use crate::store;
use crate::ticket::{Code, Standing};

/// Makes an account, and lets its owner be written to. There is one answer, and one hashing, whether
/// there was an account or not.
pub async fn register(ctx: Ctx, asked: Register, hasher: Hasher) -> Result<Registered> {
    let address = address_of(&asked.email);
    password::check(&asked.password, &address)?;
    let salted = address.clone();
    let salt = ctx.read(move |sql| Ok(store::get_secret(sql)?.salt_of(&salted))).await?;
    let password = hasher.hash(asked.password, Recipe::of_today(salt)).await?;
    ctx.write(move |tx| {
        let account = match store::find_account_at(tx, &address)? {
            Some(account) => account,
            None => {
                let account = Account {
                    id: tx.new_id(),
                    email: asked.email.clone(),
                    role: Role::Customer,
                    confirmed: false,
                    disabled: false,
                    password: None,
                    password_set_at: Timestamp::UNIX_EPOCH,
                    created_at: tx.now(),
                };
                store::insert_account(tx, &account)?;
                account
            }
        };
        let purpose =
            if account.confirmed { MailPurpose::AlreadyRegistered } else { MailPurpose::ConfirmAddress };
        mailing::write(tx, &account, purpose, Some(password))?;
        Ok(Registered { email: asked.email })
    })
    .await
}

/// Confirms an address: the password of that registration becomes the account's.
pub async fn confirm(ctx: Ctx, asked: Confirm) -> Result<AccountView> {
    let code = Code::read(asked.code.expose()).ok_or(Refusal::InvalidCode)?;
    ctx.write(move |tx| {
        let ticket = mailing::find_proved(tx, &code, MailPurpose::ConfirmAddress)?;
        let mut account = store::get_account(tx, ticket.account)?;
        tx.about(account.id);
        if account.disabled {
            return Err(Refusal::Disabled.into());
        }
        match (ticket.standing(tx.now()), ticket.password) {
            (Standing::Good, Some(password)) => {
                store::mark_used(tx, ticket.id)?;
                set_first_password(tx, &mut account, &password)?;
            }
            (Standing::SentTwice, _) => {}
            _ => return Err(Refusal::InvalidCode.into()),
        }
        Ok(account.view())
    })
    .await
}

/// Sets a password whose owner has proved that the address is theirs. All other codes are worthless
/// then; whoever had an unconfirmed address has become a customer.
pub(super) fn set_first_password(tx: &mut Tx<'_>, account: &mut Account, password: &Hash) -> Result<()> {
    store::close_tickets(tx, account.id)?;
    store::set_password(tx, account.id, password)?;
    account.password = Some(password.clone());
    if !std::mem::replace(&mut account.confirmed, true) {
        tx.emit(&CustomerRegistered { customer: account.id, email: account.email.clone() })?;
        tracing::info!(customer.id = %account.id, "Customer {} has registered", account.id);
    }
    Ok(())
}
