//! What cannot be asked, and what may not be kept.

use contracts::analytics::{By, GetSales, GetTopProducts, reason};
use kit::Timestamp;
use kit::testing::{customer, guest};

use crate::shop::{Shop, cancelled, placed};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn more_than_is_told_at_once_is_refused() {
    let shop = Shop::open();
    let (from, to) = (at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:01Z"));
    let sales = GetSales { from, to, by: By::Hour, currency: None };
    assert_eq!(shop.0.ask(&sales).await.unwrap_err().reason, reason::SPAN_TOO_LONG);
    assert!(shop.0.ask(&GetSales { by: By::Day, ..sales.clone() }).await.is_ok());
    let backwards = GetSales { from: to, to: from, ..sales };
    assert_eq!(shop.0.ask(&backwards).await.unwrap_err().reason, reason::INVALID_SPAN);
    for limit in [0, 101, u32::MAX] {
        let products = GetTopProducts { from, to, limit: Some(limit), currency: None };
        assert_eq!(shop.0.ask(&products).await.unwrap_err().reason, "invalid_limit");
    }
}

#[tokio::test]
async fn only_who_runs_the_shop_may_see_figures() {
    let shop = Shop::open();
    for who in [customer(1), guest("eve")] {
        for subject in ["analytics.sales", "analytics.funnel", "analytics.rebuild", "analytics.state"] {
            let refused = shop.0.ask_raw_by(&who, subject, Some("key"), "{}").await.unwrap_err();
            assert_eq!(refused.reason, "forbidden", "{subject}");
        }
    }
}

#[tokio::test]
async fn a_reason_is_kept_short_and_nothing_of_people_is_kept() {
    let shop = Shop::open();
    shop.hears(Shop::minute(1), &placed(1, None, &[("mug", 1, 1000)]));
    shop.hears(Shop::minute(1), &cancelled(1, &format!("\u{1b}{}", "x".repeat(500))));
    let reasons = shop.funnel().await.orders.reasons;
    assert!(reasons[0].reason.starts_with("\\u{1b}xxx") && reasons[0].reason.len() == 64);
    let kept = "SELECT group_concat(about || kind || item || currency) FROM facts";
    let kept: String = shop.0.sql(|sql| sql.get(kept, [], |row| row.get(0))).unwrap();
    assert!(!kept.contains('@'), "{kept}");
}
