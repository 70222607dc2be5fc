//! What reports look like, and what holds for any figures and any width.

use contracts::Currency;
use contracts::analytics::{
    By, CartFunnel, CurrencySales, Funnel, Loss, OrderFunnel, ProductSales, Sales, SalesBucket, SalesFigures,
    TopProducts,
};
use jiff::Timestamp;
use kit::text::is_unprintable;
use proptest::prelude::*;
use unicode_width::UnicodeWidthStr;

use super::text::{major, share};
use super::{Style, WIDTH_MIN, csv, funnel, products, sales, spark};

const PLAIN: Style = Style { ascii: false, colour: false };

fn at(hour: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + hour * 3600).unwrap()
}

fn figures(orders: u64, captured: i64, refunded: i64) -> SalesFigures {
    SalesFigures {
        placed: orders + 1,
        orders,
        ordered: captured,
        captured,
        refunded,
        ..SalesFigures::default()
    }
    .worked_out()
}

fn morning() -> Sales {
    let buckets = vec![
        SalesBucket { at: at(0), figures: figures(3, 3870, 0) },
        SalesBucket { at: at(2), figures: figures(1, 1290, 2580) },
        SalesBucket { at: at(3), figures: figures(9, 11610, 0) },
    ];
    let total = figures(13, 16770, 2580);
    let currencies = vec![CurrencySales { currency: Currency::EUR, total, buckets }];
    Sales { from: at(0), to: at(4), by: By::Hour, currencies }
}

fn way() -> Funnel {
    let reasons = vec![
        Loss { step: "payment_due".into(), reason: "card_declined".into(), orders: 4 },
        Loss { step: "placed".into(), reason: "out_of_stock".into(), orders: 1 },
    ];
    Funnel {
        from: at(0),
        to: at(24),
        carts: CartFunnel { filled: 30, ordered: 20, expired: 6, open: 4 },
        orders: OrderFunnel { placed: 24, payment_due: 22, confirmed: 18, lost: 5, open: 1, reasons },
    }
}

#[test]
fn sales_are_a_line_over_time_and_a_table_with_bars() {
    let wanted = "\
EUR by hour, 2026-01-01 00:00 to 2026-01-01 04:00 UTC
revenue  ▄▁▁█
HOUR              PLACED  ORDERS  BASKET  GIVEN BACK  REVENUE
2026-01-01 00:00       4       3   12.90        0.00    38.70  ██████
2026-01-01 01:00       0       0       -        0.00     0.00
2026-01-01 02:00       2       1   12.90       25.80   -12.90  ░░
2026-01-01 03:00      10       9   12.90        0.00   116.10  ██████████████████
total                 14      13   12.90       25.80   141.90
";
    assert_eq!(sales(&morning(), 81, PLAIN), wanted);
}

#[test]
fn a_narrow_terminal_gives_up_columns_and_keeps_the_bars() {
    let wanted = "\
EUR by hour, 2026-01-01 00:00 to 2026-0~
revenue  -__#
HOUR              ORDERS  REVENUE
2026-01-01 00:00       3    38.70  #
2026-01-01 01:00       0     0.00
2026-01-01 02:00       1   -12.90  -
2026-01-01 03:00       9   116.10  #####
total                 13   141.90
";
    assert_eq!(sales(&morning(), 40, Style { ascii: true, ..PLAIN }), wanted);
}

#[test]
fn the_funnel_says_how_many_of_how_many() {
    let wanted = "\
from cart to confirmed, 2026-01-01 00:00 to 2026-01-02 00:0~
STEP                             NUMBER    SHARE
carts with something in them         30  100.0 %  ##########
  became an order                    20   66.7 %  ######
  expired                             6   20.0 %  ##
  still there                         4   13.3 %  #
orders placed                        24  100.0 %  ########
  payment became due                 22   91.7 %  #######
  confirmed                          18   75.0 %  ######
  still on their way                  1    4.2 %  #
  lost                                5   20.8 %  #
    card_declined                     4   16.7 %  #
    out_of_stock before payment       1    4.2 %  #
";
    assert_eq!(funnel(&way(), 60, Style { ascii: true, ..PLAIN }), wanted);
}

#[test]
fn an_empty_shop_is_said_in_words() {
    let nothing = Sales { currencies: vec![], ..morning() };
    let said = sales(&nothing, 60, PLAIN);
    assert_eq!(
        said,
        "nothing was ordered, paid or given back\nfrom 2026-01-01 00:00 to 2026-01-01 04:00 UTC\n"
    );
    let top = TopProducts { from: at(0), to: at(4), items: vec![] };
    assert!(products(&top, 60, PLAIN).starts_with("nothing was sold\nfrom "));
    let funnel_of_nothing = Funnel { carts: CartFunnel::default(), orders: OrderFunnel::default(), ..way() };
    assert!(funnel(&funnel_of_nothing, 60, PLAIN).starts_with("nothing was put into a cart or ordered\n"));
}

#[test]
fn csv_has_every_hour_and_no_formula() {
    let text = csv::sales(&morning()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "at,currency,placed,orders,ordered,average_basket,captured,refunded,revenue");
    assert_eq!(lines[2], "2026-01-01T01:00:00Z,EUR,0,0,0.00,,0.00,0.00,0.00");
    assert_eq!(lines[3], "2026-01-01T02:00:00Z,EUR,2,1,12.90,12.90,12.90,25.80,-12.90");
    assert_eq!(lines.len(), 5);
    let item = product("=HYPERLINK(\"evil\"),\"x\"", 1290);
    let top = TopProducts { from: at(0), to: at(4), items: vec![item] };
    let text = csv::products(&top).unwrap();
    assert_eq!(text.lines().nth(1), Some("mug,\"'=HYPERLINK(\"\"evil\"\"),\"\"x\"\"\",EUR,2,3,12.90"));
    assert_eq!(csv::funnel(&way()).unwrap().lines().last(), Some("lost,placed,out_of_stock,1"));
}

#[test]
fn colours_change_nothing_but_colours() {
    let mut plain = sales(&morning(), 90, Style { colour: true, ..PLAIN });
    assert_eq!(crate::output::harmless(&plain), plain, "the output lets every colour through");
    while let Some(from) = plain.find('\u{1b}') {
        let to = from + plain[from..].find('m').unwrap();
        plain.replace_range(from..=to, "");
    }
    assert_eq!(plain, sales(&morning(), 90, PLAIN));
}

#[test]
fn amounts_and_shares_are_written_exactly() {
    assert_eq!(major(-5, Currency::EUR), "-0.05");
    assert_eq!(major(i64::MIN, Currency::EUR), "-92233720368547758.08");
    assert_eq!(major(1290, "JPY".parse().unwrap()), "1290");
    assert_eq!(major(1290, "KWD".parse().unwrap()), "1.290");
    assert_eq!(
        (share(1, 3), share(u64::MAX, u64::MAX), share(1, 0)),
        ("33.3 %".into(), "100.0 %".into(), String::new())
    );
}

fn product(name: &str, amount: i64) -> ProductSales {
    let sku = "mug".parse().unwrap();
    ProductSales { sku, name: name.to_owned(), currency: Currency::EUR, orders: 2, pieces: 3, amount }
}

#[track_caller]
fn fits(drawn: &str, width: usize, style: Style) -> Result<(), TestCaseError> {
    for line in drawn.lines() {
        let cells = line.width();
        prop_assert!(cells <= width.max(WIDTH_MIN), "{cells} cells at width {width}: {line:?}");
        prop_assert!(!line.chars().any(is_unprintable), "{line:?}");
        prop_assert!(!style.ascii || line.is_ascii(), "{line:?}");
        prop_assert_eq!(line.trim_end(), line);
    }
    prop_assert!(drawn.ends_with('\n'));
    Ok(())
}

/// Names nobody should have: wide, combined, hidden, commands to a terminal, or anything at all.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,80}",
        "[a漢字❤\u{fe0f}\u{200d}👩é\u{301}\u{1b}\u{202e}\\n= ]{0,60}",
        Just("\u{1b}[2J\u{1b}]0;title\u{7}".repeat(5)),
    ]
}

fn some_figures() -> impl Strategy<Value = SalesFigures> {
    (any::<u64>(), any::<u64>(), 0..=i64::MAX, 0..=i64::MAX, 0..=i64::MAX).prop_map(
        |(placed, orders, ordered, captured, refunded)| {
            SalesFigures { placed, orders, ordered, captured, refunded, ..SalesFigures::default() }
                .worked_out()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn no_report_is_wider_than_asked(
        width in 0..200_usize,
        ascii in any::<bool>(),
        hours in prop::collection::vec(some_figures(), 0..60),
        items in prop::collection::vec((name(), any::<i64>()), 0..12),
        reasons in prop::collection::vec((name(), any::<u64>()), 0..8),
        counts in prop::array::uniform9(any::<u64>()),
    ) {
        let style = Style { ascii, ..PLAIN };
        let bucket = |(hour, figures): (usize, &SalesFigures)| SalesBucket { at: at(2 * hour as i64), figures: *figures };
        let buckets: Vec<SalesBucket> = hours.iter().enumerate().map(bucket).collect();
        let total = hours.first().copied().unwrap_or_default();
        let one = |currency: &str| CurrencySales { currency: currency.parse().unwrap(), total, buckets: buckets.clone() };
        let told = Sales { currencies: vec![one("EUR"), one("JPY")], to: at(130), ..morning() };
        fits(&sales(&told, width, style), width, style)?;
        csv::sales(&told).unwrap();

        let items = items.iter().map(|(name, amount)| product(name, *amount)).collect();
        let top = TopProducts { from: at(0), to: at(4), items };
        fits(&products(&top, width, style), width, style)?;
        let text = csv::products(&top).unwrap();
        for record in ::csv::Reader::from_reader(text.as_bytes()).records() {
            let name = record.unwrap()[1].to_owned();
            prop_assert!(!name.starts_with(['=', '+', '-', '@']), "{name:?}");
        }

        let [filled, ordered, expired, open, placed, payment_due, confirmed, lost, rest] = counts;
        let reasons = reasons.iter().map(|(reason, orders)| Loss { step: "placed".into(), reason: reason.clone(), orders: *orders });
        let way = Funnel {
            carts: CartFunnel { filled, ordered, expired, open },
            orders: OrderFunnel { placed, payment_due, confirmed, lost, open: rest, reasons: reasons.collect() },
            ..way()
        };
        fits(&funnel(&way, width, style), width, style)?;
    }

    #[test]
    fn a_line_over_time_has_at_most_the_width_and_a_block_for_each_value(
        values in prop::collection::vec(any::<i64>(), 0..300),
        width in 0..200_usize,
        ascii in any::<bool>(),
    ) {
        let drawn = spark::spark(&values, width, Style { ascii, ..PLAIN });
        prop_assert!(drawn.chars().count() <= width);
        prop_assert!(values.len() > width || drawn.chars().count() == values.len());
    }
}
