//! Customers claim devices, by a code, within its time.

use contracts::DeviceId;
use contracts::device::wire::{self, Offer, Offered, Rejected};
use contracts::device::{
    CLAIM_S_DEFAULT, CLAIM_S_MAX, CLAIM_TRIES_MAX, ClaimCode, ClaimDevice, DeviceState, DeviceView,
    GetDevice, GetState, OfferClaim, PutProfile, SuspendDevice,
};
use kit::testing::customer;
use kit::{Caller, Example};

use super::{House, PROFILE, seconds};

impl House {
    async fn offers(&self, device: DeviceId) -> ClaimCode {
        self.ask(&OfferClaim { device, window_s: Some(60) }).await.unwrap()
    }

    async fn claims(&self, who: &Caller, code: &ClaimCode) -> kit::Result<DeviceView> {
        self.ask_by(who, &ClaimDevice { device: code.device, code: code.code.clone() }).await
    }
}

#[tokio::test]
async fn a_customer_claims_a_device_once_and_nobody_else_sees_it() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    let code = house.offers(device).await;
    let (ann, bob) = (customer("cus_ann"), customer("cus_bob"));
    let claimed = house.claims(&ann, &code).await.unwrap();
    assert_eq!((claimed.state, claimed.owner.as_deref()), (DeviceState::Claimed, Some("cus_ann")));
    assert_eq!(house.claims(&ann, &code).await.unwrap(), claimed);
    assert_eq!(house.claims(&bob, &code).await.unwrap_err().reason, "claim_refused");
    assert!(house.ask_by(&ann, &GetDevice { device }).await.is_ok());
    assert_eq!(house.ask_by(&bob, &GetDevice { device }).await.unwrap_err().reason, "unknown_device");
    assert_eq!(house.ask_by(&bob, &GetState { device }).await.unwrap_err().reason, "unknown_device");
    let nothing = GetDevice { device: "dev_01h455vb4pex5vsknk084sn02q".parse().unwrap() };
    assert_eq!(house.ask_by(&bob, &nothing).await.unwrap_err().reason, "unknown_device");
}

#[tokio::test]
async fn a_code_is_good_for_its_time_and_until_another_is_made() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    let ann = customer("cus_ann");
    let first = house.offers(device).await;
    let second = house.offers(device).await;
    assert_eq!(house.claims(&ann, &first).await.unwrap_err().reason, "claim_refused");
    house.advance(seconds(60)).await;
    assert_eq!(house.claims(&ann, &second).await.unwrap_err().reason, "claim_refused");
}

#[tokio::test]
async fn a_device_that_works_goes_on_working_when_it_is_claimed() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    house.comes(&credential).await;
    let code = house.offers(credential.device).await;
    let claimed = house.claims(&customer("cus_ann"), &code).await.unwrap();
    assert_eq!((claimed.state, claimed.online), (DeviceState::Active, true));
}

#[tokio::test]
async fn who_is_suspended_cannot_be_claimed() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    house.ask(&SuspendDevice { device }).await.unwrap();
    let refused = house.ask(&OfferClaim { device, window_s: None }).await.unwrap_err();
    assert_eq!(refused.reason, "wrong_device_state");
}

#[tokio::test]
async fn a_wrong_code_may_be_tried_a_few_times_and_then_the_right_one_is_wrong_too() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    let code = house.offers(device).await;
    let (ann, wrong) = (customer("cus_ann"), ClaimCode { code: "guess".to_owned(), ..code.clone() });
    for _ in 1..CLAIM_TRIES_MAX {
        assert_eq!(house.claims(&ann, &wrong).await.unwrap_err().reason, "claim_refused");
    }
    // One short of the last: still good, and counted anew with the next one.
    let again = house.offers(device).await;
    for _ in 0..CLAIM_TRIES_MAX {
        house.claims(&ann, &wrong).await.unwrap_err();
    }
    assert_eq!(house.claims(&ann, &again).await.unwrap_err().reason, "claim_refused");
    let last = house.offers(device).await;
    assert!(house.claims(&ann, &last).await.is_ok());
}

impl House {
    async fn says_offer(&self, device: DeviceId, body: &str) -> Result<Offered, Rejected> {
        let told = self.say(&wire::of(wire::CLAIM_OFFER, device), body.to_owned()).await.unwrap();
        let (subject, body) = &told[0];
        if *subject == wire::of(wire::CLAIM_ACCEPTED, device) {
            return Ok(serde_json::from_slice(body).unwrap());
        }
        assert_eq!(*subject, wire::of(wire::CLAIM_REJECTED, device));
        Err(serde_json::from_slice(body).unwrap())
    }

    async fn says(&self, device: DeviceId, offer: &Offer) -> Result<Offered, Rejected> {
        self.says_offer(device, &serde_json::to_string(offer).unwrap()).await
    }
}

fn chosen(code: &str) -> Offer {
    Offer { code: Some(code.to_owned()), window_s: Some(60), token: Some("t1".to_owned()) }
}

#[tokio::test]
async fn a_device_offers_itself_by_a_code_that_it_chose_within_its_time() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    let offered = house.says(device, &chosen("on-the-label-7")).await.unwrap();
    let until = house.now() + seconds(60);
    assert_eq!(offered, Offered { code: None, until, token: Some("t1".to_owned()) });
    let code = ClaimCode { device, code: "on-the-label-7".to_owned(), until };
    let mine = house.claims(&customer("cus_ann"), &code).await.unwrap();
    assert_eq!(mine.owner.as_deref(), Some("cus_ann"));
    // Once it is somebody's, it does not offer itself to others.
    let refused = house.says(device, &chosen("on-the-label-7")).await.unwrap_err();
    assert_eq!((refused.reason.as_str(), refused.token.as_deref()), ("offer_refused", Some("t1")));

    let other = house.registers(None).await.unwrap().device;
    let until = house.says(other, &chosen("on-the-label-8")).await.unwrap().until;
    house.advance(seconds(60)).await;
    let late = ClaimCode { device: other, code: "on-the-label-8".to_owned(), until };
    assert_eq!(house.claims(&customer("cus_bob"), &late).await.unwrap_err().reason, "claim_refused");
}

#[tokio::test]
async fn a_device_that_chose_no_code_is_told_one_and_the_database_holds_neither() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    let offered = house.says_offer(device, "").await.unwrap();
    let code = offered.code.clone().unwrap();
    assert_eq!((code.len(), offered.until), (26, house.now() + seconds(u64::from(CLAIM_S_DEFAULT))));
    assert!(!format!("{offered:?}").contains(&code));
    let offer = chosen("on-the-label-7");
    assert!(!format!("{offer:?}").contains("label"));
    let other = house.registers(None).await.unwrap().device;
    house.says(other, &offer).await.unwrap();
    for secret in [code.as_bytes(), b"on-the-label-7"] {
        let look = |table: &str, bytes: &[u8]| {
            assert!(!bytes.windows(secret.len()).any(|part| part == secret), "{table} holds the code");
        };
        house.sql(|sql| kit::testing::texts(sql, look)).unwrap();
    }
    let until = offered.until;
    assert!(house.claims(&customer("cus_ann"), &ClaimCode { device, code, until }).await.is_ok());
}

#[tokio::test]
async fn a_device_does_not_offer_itself_if_its_kind_does_not_let_it_or_it_is_out_of_use() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    let kind = PutProfile { name: PROFILE.to_owned(), offers: false, ..PutProfile::example() };
    house.ask(&kind).await.unwrap();
    assert_eq!(house.says(device, &chosen("on-the-label")).await.unwrap_err().reason, "offer_refused");
    house.ask(&PutProfile { offers: true, ..kind }).await.unwrap();
    house.ask(&SuspendDevice { device }).await.unwrap();
    assert_eq!(house.says(device, &chosen("on-the-label")).await.unwrap_err().reason, "offer_refused");
    let nobody = DeviceId::example();
    assert_eq!(house.says(nobody, &chosen("on-the-label")).await.unwrap_err().reason, "unknown_device");
}

#[tokio::test]
async fn an_offer_that_is_none_is_rejected() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    for body in [
        "7",
        "{",
        r#"{"code":"short"}"#,
        r#"{"code":"with blanks"}"#,
        r#"{"code":"with\u0007bell"}"#,
        r#"{"code":"long-enough","owner":"cus_ann"}"#,
        &format!(r#"{{"code":"{}"}}"#, "x".repeat(65)),
        &format!(r#"{{"token":"{}"}}"#, "x".repeat(65)),
    ] {
        assert_eq!(house.says_offer(device, body).await.unwrap_err().reason, "invalid_offer", "{body}");
    }
    for body in [r#"{"window_s":0}"#, &format!(r#"{{"window_s":{}}}"#, CLAIM_S_MAX + 1)] {
        assert_eq!(house.says_offer(device, body).await.unwrap_err().reason, "invalid_time", "{body}");
    }
}
