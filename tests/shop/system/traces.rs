//! Everything that happened to an order stands in the services' own journals.

use kit::Call;
use kit::admin::TraceView;
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
