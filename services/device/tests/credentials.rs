//! Secrets of devices: replaced with an overlap, taken back.

use contracts::device::{DeviceRevoked, RevokeCredentials, RotateCredential};

use super::{House, seconds};

#[tokio::test]
async fn a_replaced_secret_speaks_until_its_time_is_over() {
    let house = House::open().await;
    let old = house.registers(None).await.unwrap();
    let user = old.device.to_string();
    let new = house.rotates(old.device, 60).await;
    assert_eq!(new.before_until, Some(house.now() + seconds(60)));
    for secret in [&old.secret, &new.secret] {
        assert!(house.connects(&user, secret).await.is_ok());
    }
    assert_eq!(house.shows(old.device).await.credentials, 2);
    house.advance(seconds(60)).await;
    assert!(house.connects(&user, &old.secret).await.is_err());
    assert!(house.connects(&user, &new.secret).await.is_ok());
    assert_eq!(house.shows(old.device).await.credentials, 1);
}

#[tokio::test]
async fn a_second_rotation_does_not_lengthen_the_first() {
    let house = House::open().await;
    let first = house.registers(None).await.unwrap();
    let user = first.device.to_string();
    house.rotates(first.device, 60).await;
    house.rotates(first.device, 600).await;
    house.advance(seconds(61)).await;
    assert!(house.connects(&user, &first.secret).await.is_err());
}

#[tokio::test]
async fn who_was_let_in_by_a_replaced_secret_is_disconnected_when_its_time_is_over() {
    let house = House::open().await;
    let old = house.registers(None).await.unwrap();
    house.comes(&old).await;
    let new = house.rotates(old.device, 60).await;
    house.comes(&new).await;
    house.rotates(old.device, 600).await;
    assert_eq!((house.work().await, house.connections(old.device).len()), (0, 2));
    house.advance(seconds(60)).await;
    assert_eq!((house.work().await, house.connections(old.device).len()), (1, 1));
    assert!(house.shows(old.device).await.online);
    house.advance(seconds(540)).await;
    assert_eq!((house.work().await, house.connections(old.device).len()), (1, 0));
}

#[tokio::test]
async fn without_an_overlap_the_device_is_disconnected() {
    let house = House::open().await;
    let old = house.registers(None).await.unwrap();
    house.comes(&old).await;
    let new = house.rotates(old.device, 0).await;
    assert_eq!(new.before_until, None);
    assert_eq!(house.work().await, 1);
    assert!(house.connections(old.device).is_empty());
    assert!(house.connects(&old.device.to_string(), &old.secret).await.is_err());
}

#[tokio::test]
async fn revoking_takes_all_secrets_and_ends_every_connection() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    let device = credential.device;
    house.comes(&credential).await;
    house.comes(&credential).await;
    assert_eq!(house.ask(&RevokeCredentials { device }).await.unwrap().credentials, 0);
    assert_eq!(house.scratch.told_of::<DeviceRevoked>().len(), 1);
    let connections = house.connections(device);
    house.work().await;
    let told = house.told_outside();
    assert_eq!(told.len(), connections.len());
    for (server, number) in connections {
        let kick = (format!("$SYS.REQ.SERVER.{server}.KICK"), format!("{{\"cid\":{number}}}").into());
        assert!(told.contains(&kick), "{told:?}");
    }
    assert!(house.connects(&device.to_string(), &credential.secret).await.is_err());
    // Another secret opens again.
    let new = house.rotates(device, 0).await;
    assert!(house.connects(&device.to_string(), &new.secret).await.is_ok());
}

#[tokio::test]
async fn who_was_let_in_and_shut_out_before_being_connected_is_sent_away() {
    let house = House::open().await;
    let credential = house.registers(None).await.unwrap();
    house.connects(&credential.device.to_string(), &credential.secret).await.unwrap();
    let (server, number) = house.connections(credential.device)[0].clone();
    house.ask(&RevokeCredentials { device: credential.device }).await.unwrap();
    house.work().await;
    house.told_outside();
    let told = house.told_of("$SYS.ACCOUNT.DEVICES.CONNECT", credential.device, &server, number).await;
    assert_eq!(told[0].0, format!("$SYS.REQ.SERVER.{server}.KICK"));
}

#[tokio::test]
async fn an_overlap_is_no_longer_than_a_week() {
    let house = House::open().await;
    let device = house.registers(None).await.unwrap().device;
    let asked = RotateCredential { device, overlap_s: Some(7 * 24 * 3600 + 1) };
    assert_eq!(house.ask(&asked).await.unwrap_err().reason, "invalid_time");
}
