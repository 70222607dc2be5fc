//! Whose order it is: nobody but the owner and staff sees it, changes it, or learns that it is there.

use std::sync::{Arc, Mutex};

use contracts::cart::GetCart;
use contracts::order::{
    CancelOrder, CountOrders, GetHistory, GetOrder, OrderPlaced, OrderView, PlaceOrder, RefundOrder, Stage,
};
use contracts::{CustomerId, OrderId};
use kit::testing::{customer, guest, operator};
use kit::{Caller, Error, Kind, Request, Result, Role};

use crate::shop::{ANN, BEN, Shop, cart, eur, everybody, unknown_order, wish, wish_for_cart};

fn number(text: &str) -> CustomerId {
    text.parse().unwrap()
}

impl Shop {
    /// What a caller is told about an order by every request of owners about one.
    async fn tells_of(&self, caller: &Caller, order: OrderId) -> Vec<Result<()>> {
        let cancel = |reason: &str| CancelOrder { order, reason: reason.into() };
        vec![
            self.service.ask_by(caller, &GetOrder { order }).await.map(drop),
            self.service.ask_by(caller, &GetHistory { order }).await.map(drop),
            self.service.ask_by(caller, &cancel("")).await.map(drop),
            self.service.ask_by(caller, &cancel("it is mine")).await.map(drop),
        ]
    }

    /// Whatever a caller asks about this order is answered exactly as if there were no such order.
    async fn hides_from(&self, caller: &Caller, order: &OrderView) {
        let before = (self.order(order).await, self.history(order).await, self.told());
        let hidden = self.tells_of(caller, order.order).await;
        let unknown = self.tells_of(caller, unknown_order()).await;
        for (place, (hidden, unknown)) in hidden.into_iter().zip(unknown).enumerate() {
            let (hidden, unknown) = (parts(hidden, order.order), parts(unknown, unknown_order()));
            assert_eq!(hidden, unknown, "request {place} by {caller}");
            assert_eq!(
                (hidden.0, &*hidden.1),
                (Kind::NotFound, "unknown_order"),
                "request {place} by {caller}"
            );
        }
        let after = (self.order(order).await, self.history(order).await, self.told());
        assert_eq!(after, before, "after {caller}");
    }

    /// The cart service of a shop in which everybody has just their own.
    fn has_cart_of(&self, owner: Caller) -> Arc<Mutex<Vec<Caller>>> {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&asked);
        self.service.stub_for(move |behalf: &Caller, asked: GetCart| {
            noted.lock().unwrap().push(behalf.clone());
            if (*behalf == owner || behalf.is_operator()) && asked.cart == cart().cart {
                return Ok(cart());
            }
            Err(Error::not_found("unknown_cart", format!("there is no cart {}", asked.cart)))
        });
        asked
    }
}

/// All that a refusal says, but which order or cart it names.
fn parts<T: std::fmt::Debug>(answer: Result<T>, id: impl ToString) -> (Kind, String, String, Option<String>) {
    let error = answer.unwrap_err();
    let message = error.message.replace(&id.to_string(), "this");
    (error.kind, error.reason.into_owned(), message, error.details.map(|details| details.to_string()))
}

#[tokio::test]
async fn a_customer_orders_for_themselves_whether_they_say_so_or_not() {
    let shop = Shop::open();
    for named in [None, Some(number(ANN))] {
        let asked = PlaceOrder { customer: named, ..wish(&[("pen", 1)]) };
        let order = shop.service.ask_by(&customer(ANN), &asked).await.unwrap();
        assert_eq!(order.customer, Some(number(ANN)));
        let got = shop.service.ask_by(&customer(ANN), &GetOrder { order: order.order }).await.unwrap();
        assert_eq!(got, order);
    }
    let told: Vec<_> = shop.service.told_of::<OrderPlaced>().into_iter().map(|told| told.customer).collect();
    assert_eq!(told, [Some(number(ANN)); 2]);
}

#[tokio::test]
async fn who_has_another_kind_of_number_owns_their_order_all_the_same() {
    let shop = Shop::open();
    let device = customer("till-7");
    let order = shop.places_by(&device).await;
    assert_eq!(order.customer, None);
    assert!(shop.service.ask_by(&device, &GetOrder { order: order.order }).await.is_ok());
    shop.hides_from(&customer("till-8"), &order).await;
}

#[tokio::test]
async fn nobody_but_staff_orders_in_anothers_name() {
    let shop = Shop::open();
    shop.has_cart_of(customer(BEN));
    for caller in [customer(BEN), guest("one"), customer("till-7")] {
        let of_lines = PlaceOrder { customer: Some(number(ANN)), ..wish(&[("pen", 1)]) };
        let of_cart = PlaceOrder { customer: Some(number(ANN)), ..wish_for_cart(cart().cart) };
        for asked in [of_lines, of_cart] {
            let error = shop.service.ask_by(&caller, &asked).await.unwrap_err();
            assert_eq!((error.kind, &*error.reason), (Kind::Forbidden, "forbidden"), "{caller}");
            assert_eq!(
                error.message,
                format!(
                    "nothing was ordered: an order is for whoever places it, and the customer {ANN} is somebody \
                     else; leave the customer out"
                )
            );
        }
    }
    assert_eq!(shop.told(), Vec::<String>::new());
}

#[tokio::test]
async fn staff_orders_for_any_customer_who_then_owns_it_or_for_nobody() {
    let shop = Shop::open();
    let clerk = Caller::User { id: "clerk".into(), role: Role::Operator, session: String::new() };
    for staff in [clerk, operator()] {
        let asked = PlaceOrder { customer: Some(number(ANN)), ..wish(&[("pen", 1)]) };
        let of_ann = shop.service.ask_by(&staff, &asked).await.unwrap();
        assert_eq!(of_ann.customer, Some(number(ANN)));
        let seen = shop.service.ask_by(&customer(ANN), &GetOrder { order: of_ann.order }).await.unwrap();
        assert_eq!(seen, of_ann);
        shop.hides_from(&customer(BEN), &of_ann).await;

        let of_nobody = shop.places_by(&staff).await;
        assert_eq!(of_nobody.customer, None);
        for other in [customer(ANN), customer("operator"), customer("clerk"), customer(""), guest("one")] {
            shop.hides_from(&other, &of_nobody).await;
        }
    }
}

#[tokio::test]
async fn an_order_is_an_unknown_one_to_everybody_but_its_owner_and_staff() {
    let shop = Shop::open();
    for owner in everybody() {
        let order = shop.places_by(&owner).await;
        for other in everybody() {
            if other == operator() || other == owner {
                let asked = GetOrder { order: order.order };
                assert_eq!(shop.service.ask_by(&other, &asked).await.unwrap(), order);
            } else {
                shop.hides_from(&other, &order).await;
            }
        }
        let cancel = CancelOrder { order: order.order, reason: String::new() };
        assert_eq!(shop.service.ask_by(&owner, &cancel).await.unwrap().stage, Stage::Cancelled);
    }
}

#[tokio::test]
async fn an_order_stays_hidden_wherever_it_stands() {
    let shop = Shop::open();
    let (ann, others) = (customer(ANN), [customer(BEN), guest("one")]);
    let order = shop.places_by(&ann).await;
    let steps: [&dyn Fn(); 4] =
        [&|| (), &|| shop.reserves(&order), &|| shop.captures(&order), &|| shop.service.reopen()];
    for step in steps {
        step();
        for other in &others {
            shop.hides_from(other, &order).await;
        }
        assert!(shop.service.ask_by(&ann, &GetOrder { order: order.order }).await.is_ok());
    }
    // The owner is told why it cannot be cancelled any more; the others that there is none.
    let cancel = CancelOrder { order: order.order, reason: String::new() };
    assert_eq!(&*shop.service.ask_by(&ann, &cancel).await.unwrap_err().reason, "wrong_stage");
    shop.refunds(&order, None).await.unwrap();
    shop.gives_back(&shop.refund_due());
    assert_eq!(shop.stage_of(&order).await, Stage::Refunded);
    shop.hides_from(&others[0], &order).await;
}

#[tokio::test]
async fn money_goes_back_and_orders_are_counted_by_staff_alone() {
    let shop = Shop::open();
    let owner = customer(ANN);
    let order = shop.places_by(&owner).await;
    shop.reserves(&order);
    shop.captures(&order);
    for caller in [owner, customer(BEN), guest("one")] {
        for order in [order.order, unknown_order()] {
            let asked = RefundOrder { order, amount: Some(eur(1)), reason: String::new() };
            let error = shop.service.ask_by(&caller, &asked).await.unwrap_err();
            assert_eq!((error.kind, &*error.reason), (Kind::Forbidden, "forbidden"), "{caller}");
        }
        assert_eq!(shop.service.ask_by(&caller, &CountOrders {}).await.unwrap_err().kind, Kind::Forbidden);
    }
    assert_eq!(shop.refunds_due(), []);
}

#[tokio::test]
async fn whoever_says_nothing_about_who_they_are_neither_orders_nor_sees_an_order() {
    let shop = Shop::open();
    let order = shop.places_by(&guest("one")).await;
    let nobody = Caller::Anonymous;
    for order in [order.order, unknown_order()] {
        for answer in shop.tells_of(&nobody, order).await {
            assert_eq!(answer.unwrap_err().kind, Kind::Unauthenticated);
        }
    }
    let error = shop.service.ask_by(&nobody, &wish(&[("pen", 1)])).await.unwrap_err();
    assert_eq!((error.kind, &*error.reason), (Kind::Unauthenticated, "unauthenticated"));
}

#[tokio::test]
async fn no_service_asks_about_orders_for_anybody() {
    let shop = Shop::open();
    let order = shop.places_by(&customer(ANN)).await.order;
    for service in ["cart", "payment", "order"] {
        for behalf in [customer(ANN), operator()] {
            let error = shop.service.ask_for(service, &behalf, &GetOrder { order }).await.unwrap_err();
            assert_eq!(error.kind, Kind::Forbidden, "{service} for {behalf}");
        }
    }
}

#[tokio::test]
async fn the_cart_is_asked_for_on_behalf_of_whoever_orders() {
    for owner in everybody() {
        let shop = Shop::open();
        let asked = shop.has_cart_of(owner.clone());
        let order = shop.service.ask_by(&owner, &wish_for_cart(cart().cart)).await.unwrap();
        assert_eq!((order.cart, order.total), (Some(cart().cart), eur(1488)));
        assert_eq!(*asked.lock().unwrap(), [owner]);
    }
}

#[tokio::test]
async fn the_cart_of_somebody_else_cannot_be_ordered() {
    let shop = Shop::open();
    shop.has_cart_of(customer(ANN));
    let no_cart = "cart_01h455vb4pex5vsknk084sn02q".parse().unwrap();
    for other in [customer(BEN), guest("one"), guest("two")] {
        let hidden = shop.service.ask_by(&other, &wish_for_cart(cart().cart)).await;
        let unknown = shop.service.ask_by(&other, &wish_for_cart(no_cart)).await;
        let (hidden, unknown) = (parts(hidden, cart().cart), parts(unknown, no_cart));
        assert_eq!((hidden.0, &*hidden.1), (Kind::NotFound, "unknown_cart"));
        assert_eq!(hidden, unknown);
    }
    assert_eq!(shop.told(), Vec::<String>::new());

    // Also not once its owner has ordered it.
    shop.service.ask_by(&customer(ANN), &wish_for_cart(cart().cart)).await.unwrap();
    let error = shop.service.ask_by(&customer(BEN), &wish_for_cart(cart().cart)).await.unwrap_err();
    assert_eq!(&*error.reason, "unknown_cart");
}

#[tokio::test]
async fn the_same_idempotency_key_of_two_people_never_meets() {
    let shop = Shop::open();
    let body = serde_json::to_vec(&wish(&[("pen", 1)])).unwrap();
    let ask = async |caller: &Caller, subject, body: &[u8]| -> Result<OrderView> {
        let answer = shop.service.ask_raw_by(caller, subject, Some("key"), body.to_vec()).await?;
        Ok(serde_json::from_slice(&answer).unwrap())
    };
    let mut orders = Vec::new();
    for person in everybody() {
        let order = ask(&person, PlaceOrder::SUBJECT, &body).await.unwrap();
        assert_eq!(ask(&person, PlaceOrder::SUBJECT, &body).await.unwrap(), order, "{person}");
        assert!(orders.iter().all(|before: &OrderView| before.order != order.order), "{person}");
        orders.push(order);
    }
    assert_eq!(shop.service.told_of::<OrderPlaced>().len(), orders.len());
    // The key under which an owner has cancelled tells nobody else of it.
    let cancel = serde_json::to_vec(&CancelOrder { order: orders[0].order, reason: String::new() }).unwrap();
    let by = async |caller: &Caller| {
        shop.service.ask_raw_by(caller, CancelOrder::SUBJECT, Some("cancel"), cancel.clone()).await
    };
    by(&customer(ANN)).await.unwrap();
    for other in [customer(BEN), guest("one")] {
        assert_eq!(&*by(&other).await.unwrap_err().reason, "unknown_order");
    }
}

#[tokio::test]
async fn an_owner_reads_in_the_history_no_more_than_the_order_shows() {
    let shop = Shop::open();
    let notes = async |caller: &Caller, order: &OrderView| -> Vec<(String, String)> {
        let history = shop.service.ask_by(caller, &GetHistory { order: order.order }).await.unwrap();
        history.moves.into_iter().map(|entry| (entry.cause, entry.note)).collect()
    };
    let pair = |cause: &str, note: &str| (cause.to_owned(), note.to_owned());
    for owner in [customer(ANN), guest("one")] {
        // While the provider does not answer, the order shows nothing of it.
        let order = shop.places_by(&owner).await;
        shop.reserves(&order);
        shop.outcome_is_unknown(&order);
        assert_eq!(shop.order(&order).await.message, "");
        let (of_owner, of_staff) = (notes(&owner, &order).await, notes(&operator(), &order).await);
        assert_eq!(of_owner.last().unwrap().1, "");
        assert!(of_staff.last().unwrap().1.starts_with("nobody knows whether"), "{of_staff:?}");
        let causes =
            |notes: &[(String, String)]| notes.iter().map(|(cause, _)| cause.clone()).collect::<Vec<_>>();
        assert_eq!(causes(&of_owner), causes(&of_staff));

        // Once it has ended, it shows why.
        shop.declines(&order);
        let message = shop.order(&order).await.message;
        let of_owner = notes(&owner, &order).await;
        assert_eq!(of_owner.last(), Some(&pair("payment_declined", &message)));
        assert_eq!(of_owner.iter().filter(|(_, note)| !note.is_empty()).count(), 1);
    }
}
