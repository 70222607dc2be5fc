//! Article numbers, quantities and addresses: a value that exists is valid.

use std::fmt;
use std::str::FromStr;

use kit::Example;
use serde::{Deserialize, Serialize};

use crate::{OrderId, card};

/// The most pieces of one article in one line.
pub const QUANTITY_MAX: u32 = 10_000;

/// The most lines of a cart or an order.
pub const LINES_MAX: usize = 100;

/// Length of an article number in characters.
pub const SKU_CHARS_MAX: usize = 64;

/// Length of an address in characters (RFC 5321).
pub const EMAIL_CHARS_MAX: usize = 254;

/// The most orders about which a list is asked at once.
pub const ORDERS_ASKED_MAX: usize = 200;

/// Checks about how many orders a list is asked.
///
/// # Errors
/// `too_many_orders` if there are more than [`ORDERS_ASKED_MAX`].
pub fn check_orders_asked(orders: &[OrderId]) -> kit::Result<()> {
    if orders.len() <= ORDERS_ASKED_MAX {
        return Ok(());
    }
    let message = format!("a list can be asked for {ORDERS_ASKED_MAX} orders at once, not {}", orders.len());
    Err(kit::Error::invalid("too_many_orders", message))
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidValue {
    /// Not an article number.
    #[error("a sku must be 1 to {SKU_CHARS_MAX} letters, digits, - or _, and begin with a letter or digit")]
    Sku,
    /// Not a quantity.
    #[error("a quantity must be a whole number from 1 to {QUANTITY_MAX}")]
    Quantity,
    /// Not an address.
    #[error(
        "an e-mail address must have the form name@example.org, with at most {EMAIL_CHARS_MAX} characters"
    )]
    Email,
}

impl From<InvalidValue> for kit::Error {
    fn from(error: InvalidValue) -> Self {
        let reason = match error {
            InvalidValue::Sku => "invalid_sku",
            InvalidValue::Quantity => "invalid_quantity",
            InvalidValue::Email => "invalid_email",
        };
        Self::invalid(reason, error.to_string())
    }
}

/// The number of an article, safe as a key and on a command line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Sku(String);

impl Sku {
    /// The number as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        // An article is numbered in 8 to 14 digits (GS1); one that looks like a card is most likely one.
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        let letters = text.bytes().any(|byte| byte.is_ascii_alphabetic());
        let card = (15..=16).contains(&digits) && !letters && card::stands_in(text);
        let begins_well = text.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if plain && begins_well && !card && text.len() <= SKU_CHARS_MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue::Sku)
        }
    }
}

impl TryFrom<String> for Sku {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

impl From<Sku> for String {
    fn from(sku: Sku) -> Self {
        sku.0
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Example for Sku {
    fn example() -> Self {
        Self("mug-blue".to_owned())
    }
}

/// How many pieces: at least one, at most [`QUANTITY_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "u32")]
pub struct Quantity(u32);

impl Quantity {
    /// The number of pieces.
    pub fn get(self) -> u32 {
        self.0
    }
}

impl TryFrom<i64> for Quantity {
    type Error = InvalidValue;

    fn try_from(pieces: i64) -> Result<Self, InvalidValue> {
        match u32::try_from(pieces) {
            Ok(pieces @ 1..=QUANTITY_MAX) => Ok(Self(pieces)),
            _ => Err(InvalidValue::Quantity),
        }
    }
}

impl FromStr for Quantity {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        text.parse::<i64>().map_err(|_| InvalidValue::Quantity)?.try_into()
    }
}

impl From<Quantity> for u32 {
    fn from(quantity: Quantity) -> Self {
        quantity.0
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Example for Quantity {
    fn example() -> Self {
        Self(2)
    }
}

/// An address for mail. Only its form is checked; whether it exists, the mail will tell.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The address as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The address with most of the name hidden, for logs and screens: `a***@example.org`.
    pub fn masked(&self) -> String {
        match self.0.split_once('@') {
            Some((name, domain)) => format!("{}***@{domain}", name.chars().next().unwrap_or('*')),
            None => "***".to_owned(),
        }
    }
}

impl FromStr for Email {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let legal = |c: char| {
            c.is_ascii_alphanumeric()
                || "!#$%&'*+-/=?^_`{|}~.@".contains(c)
                || (!c.is_ascii() && !c.is_control() && !c.is_whitespace())
        };
        let dotted = |part: &str| !part.is_empty() && part.split('.').all(|label| !label.is_empty());
        let form = match text.rsplit_once('@') {
            Some((name, domain)) => {
                dotted(name) && dotted(domain) && domain.contains('.') && !name.contains('@')
            }
            None => false,
        };
        if form
            && text.chars().all(legal)
            && text.chars().count() <= EMAIL_CHARS_MAX
            && !text.chars().any(kit::text::is_unprintable)
        {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidValue::Email)
        }
    }
}

impl TryFrom<String> for Email {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, InvalidValue> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Example for Email {
    fn example() -> Self {
        Self("ann@example.org".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sku_is_safe_wherever_it_goes() {
        for good in ["mug-blue", "A1", "7", "tee_black-M"] {
            assert!(good.parse::<Sku>().is_ok(), "{good:?}");
        }
        let long = "a".repeat(SKU_CHARS_MAX + 1);
        for bad in ["", "a.b", "*", ">", "a b", "a\nb", "a\tb", "-a", "_a", "é", "a>", "$JS.API", &long] {
            assert_eq!(bad.parse::<Sku>(), Err(InvalidValue::Sku), "{bad:?}");
        }
    }

    #[test]
    fn a_quantity_is_at_least_one_and_not_huge() {
        assert_eq!(Quantity::try_from(1).unwrap().get(), 1);
        for bad in [0, -1, i64::MIN, i64::MAX, i64::from(QUANTITY_MAX) + 1] {
            assert_eq!(Quantity::try_from(bad), Err(InvalidValue::Quantity), "{bad}");
        }
        assert!(serde_json::from_str::<Quantity>("1.5").is_err());
        assert!(serde_json::from_str::<Quantity>("\"2\"").is_err());
    }

    #[test]
    fn an_address_has_a_name_and_a_domain() {
        for good in ["ann@example.org", "a.b+c@sub.example.org", "zoë@exämple.org"] {
            assert!(good.parse::<Email>().is_ok(), "{good:?}");
        }
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@local",
            "a b@example.org",
            "a\n@example.org",
            "a@b@example.org",
            "a@example..org",
            "a@b.c\r\nBcc: x@y.z",
        ] {
            assert_eq!(bad.parse::<Email>(), Err(InvalidValue::Email), "{bad:?}");
        }
        assert_eq!("ann@example.org".parse::<Email>().unwrap().masked(), "a***@example.org");
    }
}
