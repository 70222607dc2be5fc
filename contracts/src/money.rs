//! Money: a whole number of minor units, and the currency they are of. Never a fraction.

use std::fmt;
use std::str::FromStr;

use kit::Example;
use serde::{Deserialize, Serialize};

/// The largest amount in minor units. Sums that pass it are refused, so that nothing overflows.
pub const AMOUNT_MAX: i64 = 99_999_999_999;

/// Digits behind the point, by currency, where it is not two (ISO 4217).
const EXPONENTS: &[(&str, u32)] = &[
    ("BHD", 3),
    ("BIF", 0),
    ("CLP", 0),
    ("DJF", 0),
    ("GNF", 0),
    ("IQD", 3),
    ("ISK", 0),
    ("JOD", 3),
    ("JPY", 0),
    ("KMF", 0),
    ("KRW", 0),
    ("KWD", 3),
    ("LYD", 3),
    ("OMR", 3),
    ("PYG", 0),
    ("RWF", 0),
    ("TND", 3),
    ("UGX", 0),
    ("VND", 0),
    ("VUV", 0),
    ("XAF", 0),
    ("XOF", 0),
    ("XPF", 0),
];

/// Currencies with two digits behind the point that the shop accepts.
const TWO_DIGITS: &[&str] = &[
    "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CNY", "COP", "CZK", "DKK", "EGP", "EUR", "GBP", "GEL",
    "HKD", "HUF", "IDR", "ILS", "INR", "KES", "MAD", "MXN", "MYR", "NGN", "NOK", "NZD", "PEN", "PHP", "PLN",
    "QAR", "RON", "RSD", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH", "USD", "UYU", "ZAR",
];

/// A currency: three capital letters of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The euro.
    pub const EUR: Self = Self(*b"EUR");

    /// The three letters.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many digits stand behind the point.
    pub fn digits(&self) -> u32 {
        EXPONENTS.iter().find(|(code, _)| *code == self.code()).map_or(2, |(_, digits)| *digits)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let known = EXPONENTS.iter().any(|(code, _)| *code == text) || TWO_DIGITS.contains(&text);
        match <[u8; 3]>::try_from(text.as_bytes()) {
            Ok(bytes) if known => Ok(Self(bytes)),
            _ => Err(MoneyError::UnknownCurrency),
        }
    }
}

impl TryFrom<String> for Currency {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code().to_owned()
    }
}

/// An amount of a currency. Never negative, never above [`AMOUNT_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "Wire")]
pub struct Money {
    amount: i64,
    currency: Currency,
}

/// How it stands in JSON: `{"amount": 1290, "currency": "EUR"}`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    amount: i64,
    currency: Currency,
}

impl TryFrom<Wire> for Money {
    type Error = MoneyError;

    fn try_from(wire: Wire) -> Result<Self, MoneyError> {
        Self::new(wire.amount, wire.currency)
    }
}

/// Why an amount cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Below zero or above [`AMOUNT_MAX`].
    #[error("an amount must be 0 to {AMOUNT_MAX} minor units")]
    OutOfRange,
    /// Not a currency the shop knows.
    #[error("a currency must be three capital letters that ISO 4217 lists, such as EUR")]
    UnknownCurrency,
    /// Two currencies in one sum.
    #[error("{0} and {1} cannot be added")]
    MixedCurrencies(Currency, Currency),
    /// Not a decimal number with the digits of its currency.
    #[error("an amount must be a decimal number with at most {digits} digits behind the point")]
    NotANumber {
        /// The digits its currency has.
        digits: u32,
    },
}

impl From<MoneyError> for kit::Error {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::MixedCurrencies(..) => Self::refused("mixed_currencies", error.to_string()),
            MoneyError::UnknownCurrency => Self::invalid("unknown_currency", error.to_string()),
            MoneyError::OutOfRange | MoneyError::NotANumber { .. } => {
                Self::invalid("invalid_amount", error.to_string())
            }
        }
    }
}

impl Money {
    /// An amount in minor units.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`].
    pub fn new(amount: i64, currency: Currency) -> Result<Self, MoneyError> {
        if (0..=AMOUNT_MAX).contains(&amount) {
            Ok(Self { amount, currency })
        } else {
            Err(MoneyError::OutOfRange)
        }
    }

    /// Nothing, of a currency.
    pub fn zero(currency: Currency) -> Self {
        Self { amount: 0, currency }
    }

    /// Minor units.
    pub fn amount(&self) -> i64 {
        self.amount
    }

    /// The currency.
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// Whether it is nothing.
    pub fn is_zero(&self) -> bool {
        self.amount == 0
    }

    /// The sum of both.
    ///
    /// # Errors
    /// If the currencies differ or the sum is out of range.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::new(self.amount + other.amount, self.currency)
    }

    /// What remains.
    ///
    /// # Errors
    /// If the currencies differ or less than nothing would remain.
    pub fn minus(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(other)?;
        Self::new(self.amount - other.amount, self.currency)
    }

    /// So many of it.
    ///
    /// # Errors
    /// If the product is out of range.
    pub fn times(self, quantity: u32) -> Result<Self, MoneyError> {
        let amount = self.amount.checked_mul(i64::from(quantity)).ok_or(MoneyError::OutOfRange)?;
        Self::new(amount, self.currency)
    }

    /// Reads a decimal number in major units, such as `12.90`.
    ///
    /// # Errors
    /// If it is no plain decimal number, has more digits than the currency, or is out of range.
    pub fn parse_major(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let digits = currency.digits();
        let wrong = MoneyError::NotANumber { digits };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let fits = usize::try_from(digits).is_ok_and(|digits| fraction.len() <= digits);
        if whole.is_empty()
            || whole.len() > 12
            || !plain(whole)
            || !plain(fraction)
            || !fits
            || text.ends_with('.')
        {
            return Err(wrong);
        }
        let padded = format!("{whole}{fraction:0<width$}", width = digits as usize);
        Self::new(padded.parse().map_err(|_| wrong)?, currency)
    }

    fn same_currency(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::MixedCurrencies(self.currency, other.currency))
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.digits();
        let unit = 10_i64.pow(digits);
        let (whole, rest) = (self.amount / unit, self.amount % unit);
        match digits {
            0 => write!(f, "{whole} {}", self.currency),
            digits => write!(f, "{whole}.{rest:0width$} {}", self.currency, width = digits as usize),
        }
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Example for Money {
    fn example() -> Self {
        Self { amount: 1290, currency: Currency::EUR }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(amount: i64, code: &str) -> Money {
        Money::new(amount, code.parse().unwrap()).unwrap()
    }

    #[test]
    fn an_amount_is_shown_with_the_digits_of_its_currency() {
        assert_eq!(money(1290, "EUR").to_string(), "12.90 EUR");
        assert_eq!(money(5, "EUR").to_string(), "0.05 EUR");
        assert_eq!(money(1290, "JPY").to_string(), "1290 JPY");
        assert_eq!(money(1290, "KWD").to_string(), "1.290 KWD");
    }

    #[test]
    fn a_price_a_person_wrote_is_read_exactly() {
        let read = |text, code: &str| Money::parse_major(text, code.parse().unwrap());
        assert_eq!(read("12.90", "EUR"), Ok(money(1290, "EUR")));
        assert_eq!(read("12.9", "EUR"), Ok(money(1290, "EUR")));
        assert_eq!(read("12", "EUR"), Ok(money(1200, "EUR")));
        assert_eq!(read("12", "JPY"), Ok(money(12, "JPY")));
        for wrong in ["", "12.", ".5", "12.905", "-1", "+1", "1e3", "12,90", " 12", "９", "9999999999999"] {
            assert!(read(wrong, "EUR").is_err(), "{wrong:?}");
        }
        assert!(read("1.5", "JPY").is_err());
    }

    #[test]
    fn currencies_are_never_mixed() {
        assert!(matches!(money(1, "EUR").plus(money(1, "USD")), Err(MoneyError::MixedCurrencies(..))));
        assert!("EURO".parse::<Currency>().is_err());
        assert!("eur".parse::<Currency>().is_err());
        assert!("XXX".parse::<Currency>().is_err());
    }

    #[test]
    fn amounts_stay_in_range() {
        assert_eq!(money(AMOUNT_MAX, "EUR").plus(money(1, "EUR")), Err(MoneyError::OutOfRange));
        assert_eq!(money(1, "EUR").minus(money(2, "EUR")), Err(MoneyError::OutOfRange));
        assert_eq!(money(AMOUNT_MAX, "EUR").times(u32::MAX), Err(MoneyError::OutOfRange));
        assert!(serde_json::from_str::<Money>(r#"{"amount":-1,"currency":"EUR"}"#).is_err());
        assert!(serde_json::from_str::<Money>(r#"{"amount":1.5,"currency":"EUR"}"#).is_err());
    }
}
