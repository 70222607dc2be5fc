//! Reading what a person typed, with messages that say what was meant to stand there.

use std::time::Duration;

use contracts::basics::{Quantity, Sku};
use contracts::{Currency, Money};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use kit::id::Id;
use kit::limits::{IDEMPOTENCY_KEY_CHARS_MAX, REQUEST_TIME_MAX};
use kit::text::printable;

use crate::show::quoted;

/// The currency of a price that names none.
pub(crate) const CURRENCY_DEFAULT: Currency = Currency::EUR;

/// One thing to buy: `SKU:QTY[@PRICE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Item {
    /// Which product.
    pub(crate) sku: Sku,
    /// How many pieces.
    pub(crate) quantity: Quantity,
    /// What one piece is expected to cost.
    pub(crate) unit_price: Option<Money>,
}

/// Reads `SKU:QTY[@PRICE]`; one piece if no quantity stands there.
pub(crate) fn item(text: &str) -> Result<Item, String> {
    let (goods, unit_price) = match text.split_once('@') {
        Some((goods, written)) => (goods, Some(price(written)?)),
        None => (text, None),
    };
    let (name, pieces) = goods.split_once(':').unwrap_or((goods, "1"));
    Ok(Item { sku: sku(name)?, quantity: quantity(pieces)?, unit_price })
}

/// Reads an article number.
pub(crate) fn sku(text: &str) -> Result<Sku, String> {
    text.parse().map_err(|error| format!("{error}, not {}", quoted(text)))
}

/// Reads a number of pieces.
pub(crate) fn quantity(text: &str) -> Result<Quantity, String> {
    text.parse().map_err(|error| format!("{error}, not {}", quoted(text)))
}

/// Reads an amount: `12.90` or `12.90USD`.
pub(crate) fn price(text: &str) -> Result<Money, String> {
    let digits =
        text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (amount, letters) = text.split_at(digits);
    let letters = letters.trim();
    let currency = if letters.is_empty() {
        CURRENCY_DEFAULT
    } else {
        letters
            .to_uppercase()
            .parse::<Currency>()
            .map_err(|error| format!("{error}, not {}", quoted(letters)))?
    };
    Money::parse_major(amount, currency).map_err(|error| format!("{error}, not {}", quoted(text)))
}

/// Reads the subject of a request.
pub(crate) fn subject(text: &str) -> Result<String, String> {
    let plain = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.');
    if plain && text.contains('.') {
        Ok(text.to_owned())
    } else {
        Err("wanted is the subject of a request, such as order.place".to_owned())
    }
}

/// Reads an identifier of one kind, such as of an order.
pub(crate) fn id<I: Id>(text: &str) -> Result<I, String> {
    text.parse().map_err(|_| {
        let form = format!("{}_ followed by {} small letters and digits", I::PREFIX, kit::id::SUFFIX_CHARS);
        match text.split_once('_').map(|(prefix, _)| prefix) {
            Some(other) if other != I::PREFIX && known_kind(other).is_some() => {
                let kind = known_kind(other).unwrap_or_default();
                let instead = shown_by(other, text).map(|command| format!("; did you mean: {command}"));
                format!("this is the number of {kind}, wanted is {form}{}", instead.unwrap_or_default())
            }
            _ => format!("wanted is {form}, not {}", quoted(text)),
        }
    })
}

/// Reads a span of time: `500ms`, `30s`, `5m`, `2h`, `7d`, or several of them, such as `1h30m`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("wanted is a time such as 500ms, 30s, 5m, 2h or 7d, not {}", quoted(text));
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, unit) = rest.split_at(digits);
        let letters = unit.find(|character: char| !character.is_ascii_lowercase()).unwrap_or(unit.len());
        let millis = match &unit[..letters] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let part = number.checked_mul(millis).map(Duration::from_millis).ok_or_else(wrong)?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = &unit[letters..];
    }
    if text.is_empty() { Err(wrong()) } else { Ok(total) }
}

/// Reads how long an answer may take: as [`duration`], more than nothing and at most what services
/// accept.
pub(crate) fn timeout(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        time if time.is_zero() || time > REQUEST_TIME_MAX => {
            Err(format!("an answer may take 1ms to {}s", REQUEST_TIME_MAX.as_secs()))
        }
        time => Ok(time),
    }
}

/// How a day is written.
const DAY: &str = "2026-02-01";

/// Reads a moment: how long ago as [`duration`] reads it, the beginning of a day of UTC, or a time such
/// as 2026-02-01T09:30:00Z.
pub(crate) fn moment(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let wrong = || {
        format!(
            "wanted is how long ago, such as 2h, a day of UTC such as {DAY}, or a time such as {DAY}T09:30:00Z, not {}",
            quoted(text)
        )
    };
    if let Ok(ago) = duration(text) {
        return now.checked_sub(ago).map_err(|_| wrong());
    }
    // Of a longer text, a date may be only the part that is understood.
    let day = text.parse::<Date>().ok().filter(|_| text.len() == DAY.len());
    match day.and_then(|day| day.to_zoned_datetime(TimeZone::UTC).ok()) {
        Some(midnight) => Ok(midnight.timestamp()),
        None => text.parse().map_err(|_| wrong()),
    }
}

/// Reads an idempotency key.
pub(crate) fn idempotency_key(text: &str) -> Result<String, String> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    if text.is_empty() || text.len() > IDEMPOTENCY_KEY_CHARS_MAX || !plain {
        return Err(format!(
            "a key is 1 to {IDEMPOTENCY_KEY_CHARS_MAX} printable ASCII characters without spaces"
        ));
    }
    Ok(text.to_owned())
}

/// The command that shows what has this number.
fn shown_by(prefix: &str, number: &str) -> Option<String> {
    let command = match prefix {
        "cart" => "cart show",
        "cus" => "customer get",
        "ord" => "order get",
        "pay" | "evt" | "hold" | "rfd" => "trace",
        "ntf" => "notification show",
        "dev" => "device get",
        "alm" => "alert get",
        _ => return None,
    };
    Some(format!("shopctl {command} {}", printable(number)))
}

fn known_kind(prefix: &str) -> Option<&'static str> {
    Some(match prefix {
        "cart" => "a cart",
        "cus" => "a customer",
        "ord" => "an order",
        "hold" => "a hold",
        "pay" => "a payment",
        "rfd" => "a refund",
        "ntf" => "a notification",
        "dev" => "a device",
        "alm" => "an alarm",
        "evt" => "an event",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::{CartId, OrderId};

    #[test]
    fn an_item_is_a_sku_a_quantity_and_perhaps_a_price() {
        let read = item("mug-blue:2@12.90").unwrap();
        assert_eq!((read.sku.as_str(), read.quantity.get()), ("mug-blue", 2));
        assert_eq!(read.unit_price, Some(Money::new(1290, Currency::EUR).unwrap()));
        assert_eq!(item("tee").unwrap().quantity.get(), 1);
        for wrong in [
            "",
            ":2",
            "mug:0",
            "mug:-1",
            "mug:1.5",
            "mug:99999999999",
            "mug:2@",
            "mug:2@x",
            "a.b:1",
            "mug:1:2",
        ] {
            assert!(item(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_price_may_name_its_currency() {
        assert_eq!(price("5USD").unwrap().to_string(), "5.00 USD");
        assert_eq!(price("5 usd").unwrap().to_string(), "5.00 USD");
        assert_eq!(price("1200JPY").unwrap().to_string(), "1200 JPY");
        assert!(price("1.5JPY").is_err());
        assert!(price("5XYZ").unwrap_err().contains("XYZ"));
    }

    #[test]
    fn a_number_of_another_kind_is_named() {
        let cart = "cart_01h2e8kqvbfwea724h75qc655w";
        assert!(id::<CartId>(cart).is_ok());
        let message = id::<OrderId>(cart).unwrap_err();
        assert_eq!(
            message,
            format!(
                "this is the number of a cart, wanted is ord_ followed by 26 small letters and digits; did you mean: shopctl cart show {cart}"
            )
        );
        for wrong in
            ["", "ord_", "ord_*", "ord_01h2e8kqvbfwea724h75qc65.w", "ord_01h2e8kqvbfwea724h75qc655w\n"]
        {
            assert!(id::<OrderId>(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn times_are_read_as_people_write_them() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("7d"), Ok(Duration::from_secs(7 * 86_400)));
        for wrong in
            ["", "5", "s", "5 s", "-5s", "1.5h", "5x", "99999999999999999999s", "999999999999999999d"]
        {
            assert!(duration(wrong).is_err(), "{wrong:?}");
        }
        assert!(timeout("0s").is_err());
        assert!(timeout("2h").is_err());
    }

    #[test]
    fn a_moment_is_so_long_ago_or_a_day_or_a_time() {
        let now: Timestamp = "2026-02-01T12:00:00Z".parse().unwrap();
        assert_eq!(moment("2h", now).unwrap().to_string(), "2026-02-01T10:00:00Z");
        assert_eq!(moment("2026-01-31", now).unwrap().to_string(), "2026-01-31T00:00:00Z");
        assert!(moment("2026-02-30", now).is_err());
        assert_eq!(moment("2026-01-31T00:00:00Z", now).unwrap().to_string(), "2026-01-31T00:00:00Z");
        assert!(moment("yesterday", now).unwrap_err().contains("a day of UTC such as 2026-02-01"));
        assert!(moment("200000d", now).is_ok());
        assert!(moment("99999999d", now).is_err());
    }

    #[test]
    fn a_key_can_stand_in_a_header() {
        assert!(idempotency_key("2026-02-01/42").is_ok());
        for wrong in ["", "a b", "a\nb", "é", &"k".repeat(129)] {
            assert!(idempotency_key(wrong).is_err(), "{wrong:?}");
        }
    }
}
