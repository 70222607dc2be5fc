//! A log that cannot be written is no reason to stop selling.

use contracts::order::Stage;
use tests::customer::order_of;
use tests::processes::ProcessShop;
use tests::{Counter, NAMES};

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_whose_logs_cannot_be_written_goes_on_selling() {
    let mut processes = ProcessShop::closed();
    for name in NAMES {
        // Whoever writes there is told that the disk is full.
        std::os::unix::fs::symlink("/dev/full", processes.log_of(name)).unwrap();
        processes.start(name);
    }
    let shop = Counter::on(processes.broker().client().await);
    shop.until_open().await;
    shop.sells("unlogged-mug", 1000, 10).await;
    let order = shop.places(&order_of(&[("unlogged-mug", 1)])).await.unwrap().order;
    assert_eq!(shop.settles(order).await.stage, Stage::Confirmed);
    for name in NAMES {
        assert!(processes.is_running(name), "{name} goes on");
    }
}
