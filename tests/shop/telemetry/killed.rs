//! Alert and device are killed in the middle of a flood: an alarm that was half-way is raised once, with the time since
//! which its rule holds, and it is known who is there.

use std::time::Duration;

use contracts::alert::{AlarmView, Beyond, Condition, ListAlarms, PutRule, Rule, Scope, Severity};
use contracts::device::{Credential, DeviceView, GetDevice};
use contracts::ingest::GetLatest;
use kit::testing::eventually;
use kit::{Client, Timestamp};
use tests::processes::ProcessShop;

use super::house::House;
use super::speaker::{ByMqtt, Speaker, Way};

const SERVICES: [&str; 4] = ["device", "ingest", "telemetry", "alert"];

/// For how many seconds it must be warm, by the device's clock.
const WARM_SECONDS: i64 = 60;

async fn alarms(house: &House) -> Option<Vec<AlarmView>> {
    let asked = ListAlarms { all: true, ..ListAlarms::default() };
    house.counter.client().ask(&asked).await.ok().map(|page| page.items)
}

async fn device(house: &House, credential: &Credential) -> Option<DeviceView> {
    house.counter.client().ask(&GetDevice { device: credential.device }).await.ok()
}

async fn until_there(house: &House, credential: &Credential, online: bool) -> DeviceView {
    eventually("it is known whether a device is there", || async {
        device(house, credential).await.filter(|shown| shown.online == online)
    })
    .await
}

fn warm() -> Rule {
    Rule {
        name: "warm".parse().unwrap(),
        of: Scope::All,
        when: Condition::Threshold {
            metric: "inside".parse().unwrap(),
            beyond: Beyond::Above,
            limit: 8.0,
            clear: Some(6.0),
            seconds: u32::try_from(WARM_SECONDS).unwrap(),
            clear_seconds: 0,
        },
        severity: Severity::Critical,
        schedule: None,
        escalate_after: 0,
        action: None,
        enabled: true,
    }
}

/// A device says that it is warm, a reading a second by its clock.
async fn is_warm(cold_store: &mut ByMqtt, since: i64, seconds: std::ops::Range<i64>) {
    for second in seconds {
        cold_store.says(&format!(r#"{{"ts":{},"values":{{"inside":9.5}}}}"#, since + second * 1000)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alarm_half_way_and_who_is_there_survive_the_killing_of_their_services_in_a_flood() {
    let mut house = House::open_on(ProcessShop::closed_with_mqtt("shopd"), 0, &SERVICES).await;
    house.counter.client().ask(&PutRule { rule: warm() }).await.unwrap();
    let began = (Client::now() - Duration::from_secs(10 * 86_400)).as_second() * 1000;
    let mut flood = Vec::new();
    for _ in 0..2 {
        let credential = house.counter.registers_device().await;
        let way = Way::Mqtt(ByMqtt::with(&house, credential.clone()));
        flood.push((Speaker::start(credential.device, way, began), credential));
    }
    let (store, leaving) = (house.counter.registers_device().await, house.counter.registers_device().await);
    let mut cold_store = ByMqtt::with(&house, store.clone());
    let mut leaves = ByMqtt::with(&house, leaving.clone());
    leaves.says("7").await;
    until_there(&house, &leaving, true).await;

    // Two minutes ago by its clock, which is still live.
    let since = (Client::now() - Duration::from_secs(120)).as_second() * 1000;
    is_warm(&mut cold_store, since, 0..WARM_SECONDS / 2).await;
    eventually("the cold store is heard", || async {
        device(&house, &store).await.filter(|shown| shown.online && shown.last_seen.is_some())
    })
    .await;
    drop(leaves);
    for service in ["alert", "device"] {
        house.shop.kill_and_restart(service);
    }
    house.until_open().await;
    assert_eq!(alarms(&house).await.unwrap(), [], "it was warm for half of the time only");

    is_warm(&mut cold_store, since, WARM_SECONDS / 2..WARM_SECONDS + 5).await;
    let alarm = eventually("an alarm", || async { alarms(&house).await?.pop() }).await;
    assert_eq!((alarm.device, alarm.since), (store.device, Timestamp::from_millisecond(since).unwrap()));
    let gone = until_there(&house, &leaving, false).await;
    assert!(gone.online_since > gone.last_seen, "{gone:?}");
    // Once more, with an alarm that is open.
    for service in ["alert", "device"] {
        house.shop.kill_and_restart(service);
    }
    house.until_open().await;
    is_warm(&mut cold_store, since, WARM_SECONDS + 5..WARM_SECONDS + 10).await;
    let alarm = eventually("the open alarm counts on", || async {
        let mut all = alarms(&house).await?;
        assert_eq!(all.len(), 1, "{all:?}");
        all.pop().filter(|alarm| alarm.last_at.as_millisecond() == since + (WARM_SECONDS + 9) * 1000)
    })
    .await;
    assert_eq!(alarm.count, 10, "each reading from the last of the minute on, once");

    for (speaker, credential) in flood {
        let (device, expected) = speaker.stops().await;
        house.has_exactly(device, &expected).await;
        was_seen_last(&house, &credential).await;
    }
    was_seen_last(&house, &store).await;
}

/// Waits until the service of devices has seen a device when ingest last heard it, and asserts that it is there.
async fn was_seen_last(house: &House, credential: &Credential) {
    let asked = GetLatest { device: credential.device, metric: None };
    let latest = house.counter.client().ask(&asked).await.unwrap();
    let shown = eventually("a device was seen when it spoke last", || async {
        // It is noted to the second.
        let since = latest.received - Duration::from_secs(1);
        device(house, credential).await.filter(|shown| shown.last_seen >= Some(since))
    })
    .await;
    assert!(shown.online, "{shown:?}");
}
