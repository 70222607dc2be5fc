//! Figures from the command line: drawn, as CSV and as JSON, empty and full, and made anew.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::shopping::stocked;
use crate::stack::Shop;

/// The funnel, once so many orders have come to their end in it.
fn funnel_of(shop: &Shop, orders: u64) -> Value {
    let limit = Instant::now() + Duration::from_secs(20);
    loop {
        let (code, told) = shop.bench.json("report funnel");
        assert_eq!(code, 0, "{told}");
        let of = |step: &str| told["orders"][step].as_u64().expect("a number");
        if of("confirmed") + of("lost") == orders {
            return told;
        }
        assert!(Instant::now() < limit, "{told:#}");
    }
}

#[test]
fn an_empty_shop_has_figures_in_words() {
    let shop = Shop::open("");
    for (report, words) in [
        ("sales", "nothing was ordered, paid or given back"),
        ("products", "nothing was sold"),
        ("funnel", "nothing was put into a cart or ordered"),
    ] {
        let ran = shop.run(&format!("report {report} --width 60"));
        assert!(ran.code == 0 && ran.out.starts_with(words), "{ran:?}");
    }
    let piped = shop.run("report sales");
    assert_eq!(piped.out, "at,currency,placed,orders,ordered,average_basket,captured,refunded,revenue\n");
    let (code, told) = shop.bench.json("report sales");
    assert_eq!((code, &told["currencies"]), (0, &serde_json::json!([])));
}

#[test]
fn a_day_in_the_shop_in_figures() {
    let shop = stocked();
    // A name that a spreadsheet would run.
    let put = ["product", "put", "mug-sand", "--name", "=1+1", "--category", "mugs", "--price", "11.50"];
    assert!(shop.bench.command(&put).status().unwrap().success());
    for order in ["mug-blue:2", "tee-m:1", "mug-sand:1", "mug-sand:9"] {
        shop.run(&format!("order place --item {order} --wait"));
    }
    let funnel = funnel_of(&shop, 4);
    assert_eq!(funnel["orders"]["reasons"][0]["reason"], "out_of_stock");

    let (_, sales) = shop.bench.json("report sales --since 1h");
    let total = &sales["currencies"][0]["total"];
    assert_eq!((total["placed"].as_u64(), total["orders"].as_u64()), (Some(4), Some(3)), "{sales:#}");
    assert_eq!((total["revenue"].as_i64(), total["average_basket"].as_i64()), (Some(6130), Some(2043)));
    assert_eq!(sales["by"], "hour");

    let drawn = shop.run("report sales --width 40 --ascii --since 2h");
    assert!(
        drawn.out.contains("REVENUE") && drawn.out.lines().last().unwrap().starts_with("total"),
        "{drawn:?}"
    );
    assert!(drawn.out.is_ascii() && drawn.out.lines().all(|line| line.len() <= 40), "{}", drawn.out);
    let table = shop.run("report funnel -o table");
    assert!(table.out.contains("confirmed") && table.out.contains('█'), "{}", table.out);

    let csv = shop.run("report products");
    let lines: Vec<&str> = csv.out.lines().collect();
    assert_eq!(lines[0], "sku,name,currency,orders,pieces,amount");
    assert_eq!(lines[1], "mug-blue,\"Mug, blue\",EUR,1,2,25.80");
    assert_eq!(lines[3], "mug-sand,'=1+1,EUR,1,1,11.50", "{}", csv.out);
    let limited = shop.run("report products --limit 1 -o jsonl");
    assert_eq!(limited.out.lines().count(), 1, "{}", limited.out);
    let other = shop.run("report sales --currency usd --width 60");
    assert!(other.out.starts_with("nothing was"), "{other:?}");

    let rebuilt = shop.run("analytics rebuild --wait");
    assert_eq!((rebuilt.code, rebuilt.out.as_str()), (0, "the figures are those of generation 2 now\n"));
    assert_eq!(funnel_of(&shop, 4)["orders"], funnel["orders"]);
    let shown = shop.run("analytics show");
    assert!(shown.out.contains("generation  2\n") && shown.out.contains("none runs"), "{}", shown.out);
}

#[test]
fn what_cannot_be_shown_is_said_with_a_way_out() {
    let shop = Shop::open("");
    for (line, code) in [
        ("report sales --since yesterday", "invalid_time"),
        ("report sales --since 1h --until 2h", "invalid_span"),
        ("report sales --since 60d --by hour", "span_too_long"),
        ("report funnel --since 500d", "span_too_long"),
        ("report products --limit 101", "usage"),
        ("report sales --currency XXX", "usage"),
        ("report sales --by week", "usage"),
    ] {
        let (exit, said) = shop.bench.json(line);
        assert_eq!((exit, said["error"]["code"].as_str()), (2, Some(code)), "{line}: {said:#}");
    }
}
