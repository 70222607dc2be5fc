//! What sign-in tells.

use serde::{Deserialize, Serialize};

use crate::{CustomerId, Email, TicketId};

/// Why somebody must be written to about their account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailPurpose {
    /// Their address is to be confirmed; there is a code.
    ConfirmAddress,
    /// Somebody tried to register with an address that has an account; there is no code.
    AlreadyRegistered,
    /// The password can be set anew; there is a code.
    ResetPassword,
    /// The password was changed; there is no code.
    PasswordChanged,
}

impl MailPurpose {
    /// Whether the mail carries a code.
    pub fn has_code(self) -> bool {
        matches!(self, Self::ConfirmAddress | Self::ResetPassword)
    }

    /// The word on the wire and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::ConfirmAddress => "confirm_address",
            Self::AlreadyRegistered => "already_registered",
            Self::ResetPassword => "reset_password",
            Self::PasswordChanged => "password_changed",
        }
    }
}

/// There is a new customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerRegistered {
    /// Their number.
    pub customer: CustomerId,
    /// Their address.
    pub email: Email,
}

/// Somebody must be written to about their account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailDue {
    /// What it is good for; also the number of the mail.
    pub ticket: TicketId,
    /// To whom.
    pub email: Email,
    /// Why.
    pub purpose: MailPurpose,
}
