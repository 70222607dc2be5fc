//! What is said outside the words of the shop: a flood at one place is no silence at another.

use tokio::time::timeout;

use super::*;
use crate::listen::{Return, SAID_AT_ONCE_MAX, Said};

/// How long an answer may take before it is asked again.
const A_MOMENT: Duration = Duration::from_millis(300);

/// Opens a door, and is never done with noise.
fn porter() -> Service {
    Service::new("porter", "1.0.0").listens("noise.*", noise).listens("door", door).tells(&["opened"])
}

async fn noise(_: Ctx, _: Said) -> Result<Return> {
    std::future::pending().await
}

async fn door(_: Ctx, said: Said) -> Result<Return> {
    Ok(vec![("opened".to_owned(), said.body)])
}

fn caller() -> Peer {
    Peer {
        name: "caller".to_owned(),
        listens: ["opened".to_owned()].into(),
        tells: ["noise.*".to_owned(), "door".to_owned()].into(),
        ..Peer::of(&listener())
    }
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::disallowed_methods, reason = "it speaks as one from outside, who has no outbox")]
async fn who_floods_one_place_keeps_nobody_from_being_heard_at_another() {
    let mut shop = shop();
    shop.peers.extend([Peer::of(&porter()), caller()]);
    let world = World::start_with(shop).await;
    let _porter = world.run(porter());
    let caller = world.broker.client_of("caller").await;
    let opened = caller.nats().queue_subscribe("opened", "caller".to_owned()).await.unwrap();
    let opened = tokio::sync::Mutex::new(opened);
    let opens = || async {
        caller.nats().publish("door", "please".into()).await.unwrap();
        timeout(A_MOMENT, opened.lock().await.next()).await.ok().flatten()
    };
    eventually("the door is opened", opens).await;
    for _ in 0..SAID_AT_ONCE_MAX + 50 {
        caller.nats().publish("noise.loud", "!".into()).await.unwrap();
    }
    caller.round_trip().await.unwrap();
    eventually("the door is opened in the noise", opens).await;
}
