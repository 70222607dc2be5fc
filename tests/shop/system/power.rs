//! The power is cut under load: whatever was not synced is gone, of all databases and of the broker.

use contracts::OrderId;
use kit::testing::eventually;
use tests::NAMES;
use tests::customer::order_of;
use tests::power::Synced;
use tests::processes::ProcessShop;

/// Orders that are accepted between two cuts, at the least.
const ORDERS: usize = 60;

#[tokio::test(flavor = "multi_thread")]
async fn a_power_cut_under_load_takes_nothing_that_was_answered() {
    let Some(synced) = Synced::new() else { return };
    let (mut processes, shop) = ProcessShop::open_with("shopd", &synced.variables()).await;
    shop.sells("dark-mug", 1000, 10_000).await;
    let (told, accepted) = tokio::sync::watch::channel(Vec::<OrderId>::new());
    let buyers: Vec<_> = (0..4)
        .map(|buyer| {
            let (shop, told) = (shop.clone(), told.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    let key = format!("dark-{buyer}-{number}");
                    let order = shop.insists_on(&order_of(&[("dark-mug", 1)]), &key).await.expect("an order");
                    told.send_modify(|all| all.push(order.order));
                }
            })
        })
        .collect();
    // The broker keeps all that it has, so that an older database would be found out; and then it has nothing.
    for loses_the_streams in [false, true] {
        let wanted = accepted.borrow().len() + ORDERS;
        eventually("orders flow", || async { (accepted.borrow().len() >= wanted).then_some(()) }).await;
        for name in NAMES {
            processes.kill(name);
        }
        processes.broker().kill();
        synced.cut(processes.data());
        if loses_the_streams {
            std::fs::remove_dir_all(processes.broker().store()).unwrap();
        }
        processes.broker().restart();
        for name in NAMES {
            processes.start_with(name, &synced.variables());
        }
    }
    let wanted = accepted.borrow().len() + ORDERS;
    eventually("orders flow again", || async { (accepted.borrow().len() >= wanted).then_some(()) }).await;
    for buyer in buyers {
        buyer.abort();
        let _ = buyer.await;
    }
    for order in accepted.borrow().clone() {
        shop.settles(order).await;
    }
    shop.until_quiet().await;
    shop.balances(&[("dark-mug", 10_000)]).await;
    assert_eq!(tests::audit::faults_of_files(processes.data()), []);
}
