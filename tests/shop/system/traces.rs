//! Everything that happened to an order stands in the services' own journals.

use contracts::order::PlaceOrder;
use kit::Call;
use kit::admin::{Found, TraceView, WorkFound};
use kit::testing::eventually;
use tests::customer::order_of;
use tests::{Counter, NAMES, shared};

async fn ask_all(shop: &Counter, asked: &serde_json::Value) -> Vec<TraceView> {
    let mut views = Vec::new();
    for name in NAMES {
        views.push(shop.client().call_as(&format!("{name}.trace"), asked, Call::default()).await.unwrap());
    }
    views
}

fn view_of<'a>(service: &str, views: &'a [TraceView]) -> &'a TraceView {
    let place = NAMES.iter().position(|name| *name == service).unwrap();
    &views[place]
}

#[tokio::test]
async fn one_trace_leads_through_every_service_an_order_went_through() {
    let shop = shared().counter().await;
    shop.sells("traced-mug", 1000, 10).await;
    let request = order_of(&[("traced-mug", 1)]);
    let trace = kit::Client::new_trace();
    let placed = shop.client().call(&request, Call { trace: Some(trace), ..Call::default() }).await.unwrap();
    assert_eq!(placed.trace, format!("{:032x}", trace.id));
    shop.settles(placed.order).await;

    let by_key = ask_all(&shop, &serde_json::json!({"key": placed.order.to_string()})).await;
    assert!(by_key.iter().any(|view| view.traces == [placed.trace.clone()]), "the order leads to its trace");

    let by_trace = serde_json::json!({"traces": [placed.trace]});
    let views = eventually("the message is sent, and the cart has heard of the order", || async {
        let views = ask_all(&shop, &by_trace).await;
        let notified = view_of("notification", &views)
            .emitted
            .iter()
            .any(|event| event.subject == "events.notification.sent");
        (notified && !view_of("cart", &views).entries.is_empty()).then_some(views)
    })
    .await;
    let emitted: Vec<_> = views.iter().flat_map(|view| &view.emitted).collect();
    for subject in
        ["order.placed", "inventory.reserved", "order.payment_due", "payment.captured", "order.confirmed"]
    {
        let event = emitted.iter().find(|event| event.subject == format!("events.{subject}"));
        assert!(event.is_some_and(|event| event.key == placed.order.to_string()), "{subject}");
    }
    let entries: Vec<_> = views.iter().flat_map(|view| &view.entries).collect();
    let spans: Vec<&str> = entries.iter().map(|entry| &*entry.span).collect();
    let root = format!("{:016x}", trace.span);
    for entry in &entries {
        assert!(
            entry.parent == root || spans.contains(&&*entry.parent),
            "every piece of work has a cause: {entry:?}"
        );
        assert!(entry.received_us <= entry.finished_us, "{entry:?}");
        let heard_in_stream = entry.kind != "event" || (entry.sequence > 0 && !entry.source.is_empty());
        assert!(heard_in_stream, "{entry:?}");
    }
    assert!(
        entries.iter().any(|entry| entry.subject == "catalog.quote"),
        "reads that a flow caused are in it too"
    );
    assert!(entries.iter().any(|entry| entry.kind == "effect"), "and work on the outside world");
}

#[tokio::test]
async fn the_end_of_an_orders_number_and_the_key_of_its_request_lead_to_its_flow() {
    let shop = shared().counter().await;
    shop.sells("found-mug", 1000, 10).await;
    let call = Call { key: Some("found-once-4711".into()), ..Call::default() };
    let placed = shop.client().call(&order_of(&[("found-mug", 1)]), call).await.unwrap();
    shop.settles(placed.order).await;

    let number = placed.order.to_string();
    let look_up = async |service: &str, text: &str| -> Found {
        let asked = serde_json::json!({"text": text});
        shop.client().call_as(&format!("{service}.lookup"), &asked, Call::default()).await.unwrap()
    };
    for service in ["order", "inventory", "payment"] {
        let found = look_up(service, &number[number.len() - 8..]).await;
        assert!(found.complete, "{service}");
        let known = found.items.iter().find(|item| item.kind == "key");
        assert_eq!(known.map(|item| item.id.as_str()), Some(number.as_str()), "{service}: {found:?}");
    }
    let found = look_up("order", "once-4711").await;
    let request = found.items.iter().find(|item| item.kind == "request").expect("the request");
    assert_eq!((request.id.as_str(), &request.trace), ("found-once-4711", &placed.trace));
}

#[tokio::test]
async fn a_payment_without_an_answer_is_work_that_is_due_and_work_that_failed() {
    let shop = shared().counter().await;
    shop.sells("waiting-mug", 1000, 10).await;
    let method = "pm_test_timeoutAlways".into();
    let request = PlaceOrder { payment_method: method, ..order_of(&[("waiting-mug", 1)]) };
    let placed = shop.places(&request).await.unwrap();
    let by_trace = serde_json::json!({"traces": [placed.trace]});
    let view = eventually("a try has failed", || async {
        let view: TraceView =
            shop.client().call_as("payment.trace", &by_trace, Call::default()).await.unwrap();
        view.entries.iter().any(|entry| entry.outcome == "outcome_unknown").then_some(view)
    })
    .await;
    let due = &view.effects[0];
    assert_eq!((due.name.as_str(), due.state.as_str(), due.maybe_done), ("charge_card", "due", true));
    assert!(due.reason.contains("no answer"), "{due:?}");
    let asker = view.entries.iter().find(|entry| entry.span == due.span).expect("who asked for it");
    assert_eq!(asker.subject, "events.order.payment_due");

    let asked = serde_json::json!({"failed": true, "outcome": "outcome_unknown", "took_us_min": 1_000_000});
    let found: WorkFound = shop.client().call_as("payment.work", &asked, Call::default()).await.unwrap();
    assert!(found.items.iter().any(|entry| entry.trace == placed.trace), "{found:?}");
}
