//! An account, and which addresses are the same.

use contracts::auth::AccountView;
use contracts::{CustomerId, Email};
use kit::{Role, Timestamp};

use crate::password::Hash;

/// An account, as its row has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: CustomerId,
    /// The address as it was first written. Nothing is ever sent to another spelling.
    pub email: Email,
    /// What its owner may do.
    pub role: Role,
    /// Whether the address was confirmed.
    pub confirmed: bool,
    /// Whether it was shut.
    pub disabled: bool,
    /// The password; none until the address was confirmed.
    pub password: Option<Hash>,
    /// When it was set last; 1970 if there is none.
    pub password_set_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Account {
    /// The account as it is shown.
    pub fn view(&self) -> AccountView {
        AccountView {
            customer: self.id,
            email: self.email.clone(),
            role: self.role,
            confirmed: self.confirmed,
            disabled: self.disabled,
            created_at: self.created_at,
        }
    }
}

/// The form of an address in which it is compared.
///
/// Only the letters of ASCII have their case removed. Unicode has others that become the same ones in
/// lower case, such as the sign for kelvin, and with these somebody could make themselves the owner of
/// an address that only looks like theirs.
pub fn address_of(email: &Email) -> String {
    email.as_str().to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_same_in_upper_and_lower_case_and_in_no_other_way() {
        let address = |text: &str| address_of(&text.parse().unwrap());
        assert_eq!(address("Ann@Example.ORG"), address("ann@example.org"));
        assert_ne!(address("mi\u{212a}e@example.org"), address("mike@example.org"));
        assert_ne!(address("zoë@example.org"), address("zoe@example.org"));
    }
}
