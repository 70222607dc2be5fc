//! `shopctl bench` at a shop whose books somebody has broken: figures of such a shop are worth nothing.

use tests::commands::shopctl;
use tests::processes::ProcessShop;

use super::audit::tamper;

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_fails_if_the_books_do_not_agree_afterwards() {
    let (mut processes, shop) = ProcessShop::open().await;
    shop.sells("broken-mug", 1000, 100).await;
    shop.until_quiet().await;
    let data = processes.data().to_path_buf();
    let few =
        &["bench", "orders", "-n", "3", "--warm-up", "0s", "--products", "2", "--yes", "--timeout", "30s"];
    let (code, report) = shopctl(processes.broker(), &data.join("none"), few).await;
    assert_eq!((code, &report["audit"]["sound"]), (0, &true.into()), "{report:#}");
    assert_eq!(report["machine"]["here"], false, "nobody started it with shopctl up");
    assert_eq!(report["limited_by"]["what"], "unknown", "{report:#}");

    assert!(processes.stop("inventory").success());
    let more = "UPDATE stock SET on_hand = on_hand + 5 WHERE sku = 'broken-mug'";
    tamper(&data.join("inventory.db"), "inventory", more);
    processes.start("inventory");
    shop.until_open().await;
    let (code, report) = shopctl(processes.broker(), &data.join("none"), few).await;
    assert_eq!(
        (code, &report["done"], &report["audit"]["sound"]),
        (12, &3.into(), &false.into()),
        "{report:#}"
    );
    let findings = report["audit"]["findings"].as_array().expect("a list");
    let says = "broken-mug has 105 on hand, but its ledger adds up to 100";
    assert!(findings.iter().any(|finding| finding == says), "{findings:#?}");
}
