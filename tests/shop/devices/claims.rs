//! A device that offers itself over MQTT, and the customer who claims it.

use contracts::device::{ClaimDevice, GetDevice, PutProfile, wire};
use kit::testing::eventually;
use kit::{Example, Role};
use serde_json::json;
use tests::devices::PROFILE;

use super::doors::open;
use super::mqtt::Device;

#[tokio::test(flavor = "multi_thread")]
async fn a_device_offers_itself_by_a_code_and_becomes_the_one_of_who_types_it() {
    let (shop, counter) = open().await;
    let credential = counter.registers_device().await;
    let topic = |pattern: &str| wire::of(pattern, credential.device).replace('.', "/");
    let device = Device::with(&shop, &credential).await.unwrap();
    for pattern in [wire::CLAIM_ACCEPTED, wire::CLAIM_REJECTED] {
        assert!(device.listens(&topic(pattern)).await, "{pattern}");
    }
    let offer = json!({"code": "on-the-label-7", "window_s": 600, "token": "t1"}).to_string();
    counter
        .client()
        .ask(&PutProfile { name: PROFILE.to_owned(), offers: false, ..PutProfile::example() })
        .await
        .unwrap();
    device.says(&topic(wire::CLAIM_OFFER), &offer).await;
    let rejected = device.hears(&topic(wire::CLAIM_REJECTED)).await;
    assert_eq!((&rejected["reason"], &rejected["token"]), (&json!("offer_refused"), &json!("t1")));
    counter
        .client()
        .ask(&PutProfile { name: PROFILE.to_owned(), offers: true, ..PutProfile::example() })
        .await
        .unwrap();
    device.says(&topic(wire::CLAIM_OFFER), &offer).await;
    let accepted = device.hears(&topic(wire::CLAIM_ACCEPTED)).await;
    assert_eq!((&accepted["token"], accepted.get("code")), (&json!("t1"), None));

    let asked = GetDevice { device: credential.device };
    let mut people = Vec::new();
    for name in ["ann", "bob"] {
        let pair = counter.signs_up(shop.lent_broker(), &format!("{name}@example.org"), Role::Customer).await;
        let own = counter.for_holder_of(&pair);
        eventually("the service of devices knows the key of sign-in", || async {
            let refused = own.client().ask(&asked).await.unwrap_err();
            (refused.reason == "unknown_device").then_some(())
        })
        .await;
        people.push(own);
    }
    let [ann, bob] = &people[..] else { panic!("two people") };
    let claim = |code: &str| ClaimDevice { device: credential.device, code: code.to_owned() };
    assert_eq!(ann.client().ask(&claim("on-the-label-8")).await.unwrap_err().reason, "claim_refused");
    let claimed = ann.client().ask(&claim("on-the-label-7")).await.unwrap();
    assert!(claimed.online && claimed.owner.is_some(), "{claimed:?}");
    assert_eq!(bob.client().ask(&claim("on-the-label-7")).await.unwrap_err().reason, "claim_refused");
    assert_eq!(ann.client().ask(&asked).await.unwrap().owner, claimed.owner);
    assert_eq!(bob.client().ask(&asked).await.unwrap_err().reason, "unknown_device");
    assert!(!device.is_cut_off());
    shop.close().await;
}
