//! The loop to the shop: a warm cold store raises an alarm, and its goods cannot be sold.

use contracts::alert::{Action, AlarmView, Beyond, Condition, ListAlarms, PutRule, Rule, Scope, Severity};
use contracts::inventory::{GetLedger, ReleaseStock};
use contracts::notification::ListNotifications;
use kit::testing::eventually;
use tests::{Counter, sku_of};

use super::doors::open;
use super::mqtt::Device;

async fn alarms(counter: &Counter, all: bool) -> Vec<AlarmView> {
    counter.client().ask(&ListAlarms { all, ..ListAlarms::default() }).await.unwrap().items
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warm_cold_store_puts_its_goods_aside_until_somebody_releases_them() {
    let (shop, counter) = open().await;
    counter.receives("milk", 7).await;
    let rule = Rule {
        name: "warm".parse().unwrap(),
        of: Scope::All,
        when: Condition::Threshold {
            metric: "temperature".parse().unwrap(),
            beyond: Beyond::Above,
            limit: 8.0,
            clear: Some(6.0),
            seconds: 0,
            clear_seconds: 0,
        },
        severity: Severity::Critical,
        schedule: None,
        escalate_after: 0,
        action: Some(Action::HoldLot { sku: sku_of("milk") }),
        enabled: true,
    };
    counter.client().ask(&PutRule { rule }).await.unwrap();

    let credential = counter.registers_device().await;
    let device = Device::with(&shop, &credential).await.unwrap();
    let topic = format!("telemetry/{}/{}", credential.site, credential.device);
    device.says(&topic, r#"{"temperature":9.5}"#).await;
    let alarm = eventually("an alarm", || async { alarms(&counter, false).await.pop() }).await;
    assert_eq!((alarm.device, alarm.last_value), (credential.device, Some(9.5)));
    eventually("the milk cannot be sold", || async {
        let stock = counter.stock_of("milk").await;
        (stock.quarantined && stock.available == 0).then_some(())
    })
    .await;
    let ledger = GetLedger { sku: sku_of("milk"), after: None, limit: None };
    let entry = counter.client().ask(&ledger).await.unwrap().items.remove(0);
    assert!(entry.cause == "quarantined" && entry.reason.contains(&alarm.alarm.to_string()), "{entry:?}");
    eventually("a mail about it", || async {
        let mails = counter.client().ask(&ListNotifications::default()).await.unwrap().items;
        mails.into_iter().find(|mail| mail.about == alarm.alarm.to_string())
    })
    .await;

    device.says(&topic, r#"{"temperature":5}"#).await;
    eventually("it is cold again", || async {
        alarms(&counter, true).await.pop().filter(|alarm| alarm.cleared_by == "calm")
    })
    .await;
    let release = ReleaseStock { sku: sku_of("milk"), reason: "it was the door".into() };
    assert_eq!(counter.client().ask(&release).await.unwrap().available, 7);
    shop.close().await;
}
