//! Dead letters from the command line: seen, retried, given up.
//!
//! Two services stand in for those of the shop: `order` tells whatever it is asked to, and `cart` cannot
//! act on some of it until there is a cure.

use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use contracts::order::{OrderPlaced, OrderView, PlaceOrder};
use contracts::{Currency, Money, OrderId};
use kit::id::Id;
use kit::runtime::run;
use kit::testing::{Broker, eventually};
use kit::{Call, Client, Ctx, Error, Example, Service, Tx};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::passwords::Terminal;
use crate::{Bench, Ran};

/// The amount that `cart` cannot act on before there is a cure.
const POISON: i64 = 666;

/// The amount that it never can.
const VENOM: i64 = 667;

/// A broker with the two services, and `shopctl` beside it.
struct World {
    broker: Broker,
    client: Client,
    bench: Bench,
    cured: Arc<AtomicBool>,
    /// The amounts that were acted on, in order.
    heard: Arc<Mutex<Vec<(OrderId, i64)>>>,
}

impl World {
    async fn start() -> Self {
        let broker = Broker::start(contracts::shop());
        let (cured, heard) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let keeper = kit::streams::service(broker.link_of(kit::streams::NAME), contracts::shop().peers);
        for service in [keeper, order(), cart(Arc::clone(&cured), Arc::clone(&heard))] {
            // They end with the runtime of the test.
            let _ = run(service, broker.options(broker.folder().join("data")), CancellationToken::new());
        }
        let client = broker.client().await;
        Self { client, broker, bench: Bench::new(), cured, heard }
    }

    /// Tells of an order, which is known by a number, that it was placed for so much.
    async fn tell(&self, order: u128, cents: i64) {
        let payment_method = format!("{} {cents}", OrderId::from_bits(order));
        let request = PlaceOrder { payment_method, ..PlaceOrder::example() };
        eventually("it is told", || async {
            let call = Call { key: Some(format!("tell-{order}-{cents}")), ..Call::default() };
            self.client.call(&request, call).await.ok()
        })
        .await;
    }

    fn seed(&self) -> String {
        self.broker.folder().join("keys/operator.seed").display().to_string()
    }

    fn line(&self, line: &str) -> String {
        format!("--nats {} --seed {} {line}", self.broker.url(), self.seed())
    }

    async fn run(&self, line: &str) -> Ran {
        let words = self.line(line);
        let words: Vec<&str> = words.split_whitespace().collect();
        let mut command = self.bench.command(&words);
        // The services live in this process: waiting must not hold them up.
        tokio::task::spawn_blocking(move || command.output().expect("shopctl starts"))
            .await
            .expect("an end")
            .into()
    }

    async fn json(&self, line: &str) -> (i32, Value) {
        let ran = self.run(&format!("{line} -o json")).await;
        let value = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}"));
        (ran.code, value)
    }

    /// The letters of `cart` as `name state reason`, once there are so many.
    async fn letters(&self, count: usize) -> Vec<String> {
        eventually(&format!("{count} letters"), || async {
            let (_, found) = self.json("dlq ls cart").await;
            let letters = found["letters"].as_array()?.clone();
            let said = letters.iter().map(|letter| {
                let text = |name: &str| letter[name].as_str().unwrap_or_default().to_owned();
                format!("{} {} {}", text("letter"), text("state"), text("reason"))
            });
            (letters.len() == count).then(|| said.collect())
        })
        .await
    }

    async fn until_heard(&self, amounts: &[i64]) {
        eventually(&format!("{amounts:?} are heard"), || async {
            let heard = self.heard.lock().expect("a lock");
            heard.iter().map(|(_, cents)| cents).eq(amounts).then_some(())
        })
        .await;
    }
}

fn order() -> Service {
    Service::new("order", "1.0.0").migrations_from(&[""]).answers(place)
}

async fn place(ctx: Ctx, asked: PlaceOrder) -> kit::Result<OrderView> {
    let _ = ctx.asker();
    ctx.write(move |tx| {
        let (order, cents) = asked.payment_method.split_once(' ').expect("an order and an amount");
        let order: OrderId = order.parse().expect("an order");
        let total = Money::new(cents.parse().expect("cents"), Currency::EUR).expect("money");
        tx.emit(&OrderPlaced { order, total, cart: None, ..OrderPlaced::example() })?;
        Ok(OrderView::example())
    })
    .await
}

fn cart(cured: Arc<AtomicBool>, heard: Arc<Mutex<Vec<(OrderId, i64)>>>) -> Service {
    Service::new("cart", "1.0.0").migrations_from(&[""]).hears(move |_: &mut Tx<'_>, event: OrderPlaced| {
        let cents = event.total.amount();
        if cents == VENOM || cents == POISON && !cured.load(Ordering::SeqCst) {
            return Err(Error::invalid("poisonous", "that \u{1b}[2J amount is poison"));
        }
        let mut heard = heard.lock().expect("a lock");
        // One that stood beside another that failed is taken back and heard again, alone.
        heard.retain(|known| *known != (event.order, cents));
        heard.push((event.order, cents));
        Ok(())
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_is_seen_and_retried_with_all_that_waits_behind_it_in_order() {
    let world = World::start().await;
    for (order, cents) in [(1, 100), (2, POISON), (2, 201), (1, 101), (2, 202)] {
        world.tell(order, cents).await;
    }
    world.until_heard(&[100, 101]).await;
    let letters = world.letters(3).await;
    assert_eq!(letters, ["cart/1 dead poisonous", "cart/2 parked parked", "cart/3 parked parked"]);

    let ls = world.run("dlq ls cart").await;
    assert!(ls.code == 0 && ls.out.contains("cart/1") && !ls.out.contains("cart/2"), "{ls:?}");
    assert!(ls.out.contains("that \\u{1b}[2J amount"), "what drives terminals is written out: {ls:?}");
    assert!(ls.err.contains("next: shopctl dlq show cart/1"), "{ls:?}");
    let show = world.run("dlq show cart/1").await;
    assert!(show.out.contains("reason       poisonous") && show.out.contains("\"amount\""), "{show:?}");
    assert!(show.out.contains("behind it    cart/2  ORDER 3  order.placed\n             cart/3"), "{show:?}");
    assert!(show.err.contains("next: shopctl trace ") && show.err.contains("dlq retry cart/1"), "{show:?}");

    let again = world.run("dlq retry cart/1").await;
    assert!(again.code == 12 && again.out.contains("cart/1 failed again: poisonous: that"), "{again:?}");
    assert_eq!(world.json("dlq show cart/1").await.1["letter"]["attempts"], 2);
    let parked = world.run("dlq retry cart/3").await;
    assert!(parked.code == 6 && parked.err.contains("shopctl dlq retry cart/1"), "{parked:?}");

    world.cured.store(true, Ordering::SeqCst);
    let (one, other) = tokio::join!(world.run("dlq retry cart/1"), world.run("dlq retry cart/1"));
    // Whoever comes second finds it gone, before or after they looked.
    for ran in [&one, &other] {
        assert!([0, 3].contains(&ran.code), "{ran:?}");
    }
    assert!(
        [&one, &other].iter().any(|ran| ran.out.contains("cart/1: 3 events were acted on")),
        "{one:?} {other:?}"
    );
    world.until_heard(&[100, 101, POISON, 201, 202]).await;
    assert_eq!(world.run("dlq show cart/1").await.code, 3);
    let empty = world.run("dlq ls cart").await;
    assert_eq!((empty.code, empty.out.as_str()), (0, ""), "{empty:?}");
    assert!(empty.err.contains("there are no dead letters"), "{empty:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_retried_and_what_fails_again_is_said_with_how_far_it_came() {
    let world = World::start().await;
    for (order, cents) in [(1, POISON), (1, 11), (1, VENOM), (1, 12), (2, POISON), (3, VENOM)] {
        world.tell(order, cents).await;
    }
    world.letters(6).await;
    world.cured.store(true, Ordering::SeqCst);
    let (code, said) = world.json("dlq retry --all --service cart").await;
    assert_eq!(code, 12, "{said:#}");
    let outcomes: Vec<String> = said["retried"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!("{} {} {} {}", one["letter"], one["outcome"], one["done"], one["dead"]).replace('"', "")
        })
        .collect();
    assert_eq!(outcomes, ["cart/1 stopped 2 cart/3", "cart/5 done 1 ", "cart/6 failed_again 0 cart/6"]);
    world.until_heard(&[POISON, 11, POISON]).await;

    // The same key cannot do it twice, and says the same.
    let first = world.json("dlq retry cart/6 --idempotency-key once").await;
    let again = world.json("dlq retry cart/6 --idempotency-key once").await;
    assert_eq!(first, again);
    let attempts = world.json("dlq show cart/6").await.1["letter"]["attempts"].clone();
    assert_eq!(attempts, 3, "once when heard, once with --all, once under the key");
    assert_eq!(world.run("dlq retry cart/99").await.code, 3);
    assert_eq!(world.run("dlq retry").await.code, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_letter_is_dropped_only_if_somebody_says_so() {
    let world = World::start().await;
    for (order, cents) in [(1, VENOM), (1, 11), (2, VENOM)] {
        world.tell(order, cents).await;
    }
    world.letters(3).await;
    let refused = world.run("dlq drop cart/1").await;
    assert_eq!(refused.code, 2, "{refused:?}");
    assert!(refused.err.contains("cart will never have acted on ORDER 1 (order.placed)"), "{refused:?}");
    assert!(refused.err.contains("shopctl dlq drop cart/1 --confirm=cart/1"), "{refused:?}");
    assert_eq!(world.run("dlq drop cart/1 --confirm=cart/3").await.code, 2);
    assert_eq!(world.run("dlq drop cart/2 --confirm=cart/2").await.code, 6, "it waits");
    world.letters(3).await;

    let dropped = world.run("dlq drop cart/1 --confirm=cart/1").await;
    assert_eq!(dropped.code, 0, "{dropped:?}");
    assert!(
        dropped.out.contains("cart/1 is dropped, 1 event that waited behind it was acted on"),
        "{dropped:?}"
    );
    world.until_heard(&[11]).await;

    let typed = |answer: &'static str| {
        let (bench, line) = (Bench::new(), world.line("dlq drop cart/3"));
        tokio::task::spawn_blocking(move || {
            let mut terminal = Terminal::with(&bench, &line);
            terminal.asked("drop cart/3? [y/N] ");
            terminal.types(answer);
            terminal.ending()
        })
    };
    assert_eq!(typed("n").await.unwrap().0, 2);
    assert_eq!(world.letters(1).await, ["cart/3 dead poisonous"]);
    let (code, said) = typed("y").await.unwrap();
    assert!(code == 0 && said.contains("cart/3 is dropped"), "{code}: {said}");
    world.letters(0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn services_that_do_not_answer_are_said_beside_the_letters_of_the_others() {
    let world = World::start().await;
    world.tell(1, VENOM).await;
    world.letters(1).await;
    let ls = world.run("dlq ls").await;
    assert!(ls.code == 10 && ls.out.contains("cart/1"), "{ls:?}");
    assert!(ls.err.contains("warning: payment was not asked: "), "{ls:?}");
    let unknown = world.run("dlq ls crat").await;
    assert!(unknown.code == 3 && unknown.err.contains("did you mean cart?"), "{unknown:?}");
    let lines = world.line("dlq ls -o jsonl");
    let words: Vec<&str> = lines.split_whitespace().collect();
    let mut closed =
        world.bench.command(&words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(closed.stdout.take());
    let ended = tokio::task::spawn_blocking(move || closed.wait_with_output().unwrap()).await.unwrap();
    assert_eq!((ended.status.code(), ended.stderr.len()), (Some(0), 0), "a closed pipe is quiet");
}
