//! A flow that is stuck: what stands in its trace when a service cannot act on an event.
//!
//! Two services stand in for those of the shop: `order` tells of orders, and `cart` can act on none.

use contracts::OrderId;
use contracts::order::{OrderPlaced, OrderView, PlaceOrder};
use kit::id::Id;
use kit::runtime::run;
use kit::testing::{Broker, eventually};
use kit::{Call, Ctx, Error, Example, Service, Tx};
use tokio_util::sync::CancellationToken;

use crate::{Bench, Ran};

fn order() -> Service {
    Service::new("order", "1.0.0").migrations_from(&[""]).answers(place)
}

/// Tells of an order whose number stands where the card would.
async fn place(ctx: Ctx, asked: PlaceOrder) -> kit::Result<OrderView> {
    ctx.asker();
    ctx.write(move |tx| {
        let order: OrderId = asked.payment_method.parse().expect("an order");
        tx.emit(&OrderPlaced { order, cart: None, ..OrderPlaced::example() })?;
        Ok(OrderView::example())
    })
    .await
}

fn cart() -> Service {
    Service::new("cart", "1.0.0").migrations_from(&[""]).hears(|_: &mut Tx<'_>, _: OrderPlaced| {
        Err(Error::invalid("poisonous", "that \u{1b}[2J order is poison"))
    })
}

async fn shopctl(broker: &Broker, bench: &Bench, line: &str) -> Ran {
    let seed = broker.folder().join("keys/operator.seed");
    let line = format!("--nats {} --seed {} {line}", broker.url(), seed.display());
    let words: Vec<&str> = line.split_whitespace().collect();
    let mut command = bench.command(&words);
    // The services live in this process: waiting must not hold them up.
    tokio::task::spawn_blocking(move || command.output().expect("shopctl starts"))
        .await
        .expect("it ran")
        .into()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_stands_in_the_trace_with_what_waits_behind_it_and_what_mends_it() {
    let broker = Broker::start(contracts::shop());
    let keeper = kit::streams::service(broker.link_of(kit::streams::NAME), contracts::shop().peers);
    for service in [keeper, order(), cart()] {
        // They end with the runtime of the test.
        let _ = run(service, broker.options(broker.folder().join("data")), CancellationToken::new());
    }
    let (client, bench) = (broker.client().await, Bench::new());
    let order = OrderId::from_bits(7).to_string();
    let mut traces = Vec::new();
    for key in ["first", "second"] {
        let request = PlaceOrder { payment_method: order.clone(), ..PlaceOrder::example() };
        let trace = kit::Client::new_trace();
        eventually("an order is told of", || async {
            let call = Call { key: Some(key.to_owned()), trace: Some(trace), ..Call::default() };
            client.call(&request, call).await.ok()
        })
        .await;
        traces.push(format!("{:032x}", trace.id));
    }
    let drawn = eventually("both events are kept as letters", || async {
        let ran = shopctl(&broker, &bench, &format!("trace {order} --width 120 --timeout 1s")).await;
        ran.out.contains("waits as letter 2").then_some(ran)
    })
    .await;
    assert_eq!(drawn.code, 0, "{drawn:?}");
    for said in [
        "✗ dead letter 1: that \\u{1b}[2J order is poison (poisonous), tried once; 1 waits behind it",
        "✗ waits as letter 2 behind dead letter 1 of the same key",
        "shopctl dlq show cart/1",
        "1 dead letter",
        "payment       ✗ no answer",
    ] {
        assert!(drawn.out.contains(said), "{said}: {}", drawn.out);
    }
    for (line, says) in [
        (format!("trace {} --width 120", traces[1]), "waits as letter 2 behind dead letter 1"),
        ("trace find --service cart --failed".to_owned(), "dead letter poisonous"),
        (format!("trace {} -o otlp", traces[0]), "\"exception.type\""),
    ] {
        // Most services of the shop do not run here and are waited for; on a busy machine one that runs may
        // be too late for that as well.
        let ran = eventually(says, || async {
            let ran = shopctl(&broker, &bench, &format!("{line} --timeout 1s")).await;
            ran.out.contains(says).then_some(ran)
        })
        .await;
        assert!(!ran.out.contains('\u{1b}'), "{ran:?}");
    }
}
