//! The audit as a person and as a program meet it. What it finds in broken books is shown in
//! `tests/shop/system/audit.rs`, where books can be broken.

use std::time::{Duration, Instant};

use crate::shopping::stocked;
use crate::{Bench, Ran};

#[test]
fn the_books_of_a_day_agree() {
    let shop = stocked();
    let place = |how: &str| -> Ran { shop.run(&format!("order place --item mug-blue:1 --wait {how}")) };
    let paid = place("").out.lines().next().expect("a number").to_owned();
    assert_eq!(place("--pay pm_card_visa_chargeDeclined").code, 9);
    assert_eq!(shop.run(&format!("order refund {paid} --amount 1 --wait")).code, 0);
    let (code, report) = shop.bench.json("audit");
    assert_eq!((code, &report["sound"]), (0, &true.into()), "{report:#}");
    let looked = &report["looked_at"];
    assert_eq!(
        (&looked["orders"], &looked["payments"], &looked["streams"]),
        (&2.into(), &2.into(), &13.into())
    );

    let ran = shop.run("audit");
    assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("✓ ")).count(), 8, "{}", ran.out);
    assert!(ran.out.contains("\n✓ money: charged less given back is what 2 orders say\n"), "{}", ran.out);

    let (code, report) = shop.bench.json("audit --since 2100-01-01T00:00:00Z");
    assert_eq!((code, &report["looked_at"]["orders"]), (0, &0.into()), "{report:#}");
    assert_eq!(shop.run("audit --since yesterday").code, 2);
}

#[test]
fn a_service_that_does_not_answer_is_said_and_the_rest_is_judged() {
    let shop = stocked();
    shop.run("order place --item mug-blue:1 --wait");
    shop.kill("inventory");
    let began = Instant::now();
    let ran = shop.run("audit --timeout 2s");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    assert_eq!(ran.code, 10, "{}", ran.out);
    assert!(ran.out.contains("\n! inventory did not answer"), "{}", ran.out);
    assert!(!ran.out.contains("✓ stock") && !ran.out.contains("✓ holds"), "{}", ran.out);
    assert!(ran.out.contains("→ shopctl doctor"), "{}", ran.out);
}

#[test]
fn without_a_broker_nobody_can_be_asked() {
    let ran = Bench::new().run("audit --nats nats://127.0.0.1:1");
    assert_eq!((ran.code, ran.out.as_str()), (11, ""), "{}", ran.err);
}
