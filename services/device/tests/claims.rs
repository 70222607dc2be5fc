//! Customers claim devices, by a code, within its time.

use contracts::DeviceId;
use contracts::device::{
    ClaimCode, ClaimDevice, DeviceState, DeviceView, GetDevice, GetState, OfferClaim, SuspendDevice,
};
use kit::testing::customer;
use kit::{Caller, Result};

use super::{House, seconds};

impl House {
    async fn offers(&self, device: DeviceId) -> ClaimCode {
        self.ask(&OfferClaim { device, window_s: Some(60) }).await.unwrap()
    }

    async fn claims(&self, who: &Caller, code: &ClaimCode) -> Result<DeviceView> {
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
