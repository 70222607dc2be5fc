//! The service that lets devices in may be away: then nobody is let in, and the shop goes on.

use contracts::inventory::GetStock;
use tests::sku_of;

use super::doors::open;
use super::mqtt::Device;

#[tokio::test(flavor = "multi_thread")]
async fn without_the_service_of_devices_nobody_is_let_in_and_the_shop_goes_on() {
    let (mut shop, counter) = open().await;
    let credential = counter.registers_device().await;
    let there = Device::with(&shop, &credential).await.unwrap();
    shop.stop("device").await;
    assert!(Device::with(&shop, &credential).await.is_err());
    assert!(Device::connect(&shop, "anybody", "").await.is_err());
    assert!(!there.is_cut_off());
    counter.sells("mug", 900, 5).await;
    let stock = counter.client().ask(&GetStock { sku: sku_of("mug") }).await.unwrap();
    assert_eq!(stock.available, 5);
    // Whoever stands in the broker's configuration is let in without anybody being asked.
    assert!(shop.lent_broker().try_client_of("operator").await.is_ok());
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_of_devices_gets_another_key_while_the_broker_runs() {
    let (mut shop, counter) = open().await;
    let credential = counter.registers_device().await;
    shop.broker().keys().renew("device");
    // The broker refuses to read its users again if what it is told of the callout has changed.
    shop.broker().reload();
    shop.stop("device").await;
    shop.start_devices();
    counter.until_devices().await;
    assert!(Device::with(&shop, &credential).await.is_ok());
    shop.close().await;
}
