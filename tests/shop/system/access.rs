//! Who may do what, tried on the running shop: every request, by everybody, about everything.

use std::time::Duration;

use contracts::auth::TokenPair;
use contracts::cart::AddItem;
use contracts::order::GetOrder;
use contracts::{CartId, OrderId, Quantity};
use kit::access::{Access, Who};
use kit::message::{Word, owner};
use kit::{Call, Client, Kind, Role, Voice};
use serde_json::{Value, json};
use tests::customer::order_of;
use tests::{Counter, NAMES, shared, sku_of};

/// How long a request may take that the broker does not carry.
const A_MOMENT: Duration = Duration::from_millis(500);

/// Somebody who asks, and what the contracts call them.
struct Person {
    name: &'static str,
    counter: Counter,
    is: fn(&Who) -> bool,
}

async fn everybody(shop: &Counter) -> Vec<Person> {
    let broker = shared().lent_broker();
    let customer = shop.signs_up(broker, "walk-customer@example.org", Role::Customer).await;
    let operator = shop.signs_up(broker, "walk-operator@example.org", Role::Operator).await;
    let admin = shop.signs_up(broker, "walk-admin@example.org", Role::Admin).await;
    vec![
        Person {
            name: "nobody",
            counter: shop.for_one_who(Voice::Nobody),
            is: |who| matches!(who, Who::Anyone),
        },
        Person {
            name: "a guest",
            counter: shop.for_guest("walk"),
            is: |who| matches!(who, Who::Anyone | Who::Owner),
        },
        Person {
            name: "a customer",
            counter: shop.for_holder_of(&customer),
            is: |who| matches!(who, Who::Anyone | Who::Owner | Who::User),
        },
        Person {
            name: "an operator",
            counter: shop.for_holder_of(&operator),
            is: |who| matches!(who, Who::Anyone | Who::Owner | Who::User | Who::Operator),
        },
        Person {
            name: "an admin",
            counter: shop.for_holder_of(&admin),
            is: |who| matches!(who, Who::Anyone | Who::Owner | Who::User | Who::Operator | Who::Admin),
        },
    ]
}

/// A body that no handler can act on, so that only the question who may ask is answered.
const NONSENSE: &str = r#"{"zzz_unknown": true}"#;

async fn kind_of(counter: &Counter, subject: &str) -> Kind {
    let call = Call { key: Some(Client::new_key()), ..Call::default() };
    match counter.client().call_raw(subject, NONSENSE.into(), call).await {
        Err(error) => error.kind,
        Ok(_) => panic!("{subject} accepts nonsense"),
    }
}

/// The requests of the services that run here; those of devices do not.
fn requests() -> impl Iterator<Item = (String, Access)> {
    contracts::requests().into_iter().filter(|(subject, _)| NAMES.contains(&owner(subject)))
}

#[tokio::test]
async fn every_request_lets_in_whom_its_contract_names_and_nobody_else() {
    let shop = shared().counter().await;
    let people = everybody(&shop).await;
    let mut walked = 0;
    // The admin's own connection: what only services may ask, the broker does not carry for people.
    for (subject, access) in requests().filter(|(_, access)| access.is_for_people()) {
        for person in &people {
            let may = access.0.iter().any(|who| (person.is)(who));
            let kind = kind_of(&person.counter, &subject).await;
            let refused = matches!(kind, Kind::Unauthenticated | Kind::Forbidden);
            assert_eq!(!refused, may, "{} asks {subject}, which is for {access}: {kind:?}", person.name);
            if refused {
                let expected = if person.name == "nobody" { Kind::Unauthenticated } else { Kind::Forbidden };
                assert_eq!(kind, expected, "{} {subject}", person.name);
            }
            walked += 1;
        }
    }
    assert!(walked > 300, "{walked}");
}

#[tokio::test]
async fn every_service_asks_what_its_contract_names_and_nothing_else() {
    shared().counter().await;
    for name in NAMES {
        let client = shared().lent_broker().client_of(name).await;
        let walk = requests().map(|(subject, access)| {
            let client = client.clone();
            async move {
                let named = access.names(name) && owner(&subject) != name;
                let timeout = if named { Duration::from_secs(5) } else { A_MOMENT };
                let call = Call { key: Some(Client::new_key()), timeout, ..Call::default() };
                let said = client.call_raw(&subject, NONSENSE.into(), call).await.expect_err("nonsense");
                if named {
                    assert_eq!(said.kind, Kind::Invalid, "{name} {subject}: {said}");
                } else {
                    // It says so, but not always so often in a row; then nothing comes.
                    let refused = format!("the key {name} may not publish to {subject} at the broker");
                    let is_dropped = said.kind == Kind::TimedOut || said.message == refused;
                    assert!(is_dropped, "the broker carries {subject} of {name}: {said}");
                }
            }
        });
        futures_util::future::join_all(walk).await;
    }
}

/// What Ann has in the shop.
struct Belongings {
    order: OrderId,
    cart: CartId,
}

async fn buys(counter: &Counter, sku: &str) -> Belongings {
    let order = counter.places(&order_of(&[(sku, 1)])).await.unwrap().order;
    let add = AddItem {
        cart: None,
        sku: sku_of(sku),
        quantity: Quantity::try_from(1).unwrap(),
        expected_version: None,
    };
    let cart = counter.client().ask(&add).await.unwrap().cart;
    Belongings { order, cart }
}

/// The example of a request, about somebody's belongings.
fn about(word: &Word, of: &Belongings, sku: &str) -> Value {
    let mut body = (word.example)();
    if let Some(fields) = body.as_object_mut() {
        for (name, value) in [
            ("order", json!(of.order)),
            ("cart", json!(of.cart)),
            ("sku", json!(sku)),
            ("customer", Value::Null),
            ("expected_version", Value::Null),
            ("cart_version", Value::Null),
        ] {
            if fields.contains_key(name) {
                fields.insert(name.to_owned(), value);
            }
        }
        if word.subject == "order.place" {
            fields.insert("lines".to_owned(), json!([]));
        }
        if word.subject == "order.list" {
            for filter in ["stages", "placed_from", "placed_before", "after"] {
                fields.remove(filter);
            }
        }
    }
    body
}

#[tokio::test]
async fn what_belongs_to_somebody_else_is_answered_like_what_does_not_exist() {
    let shop = shared().counter().await;
    shop.sells("own-mug", 1000, 1000).await;
    let broker = shared().lent_broker();
    let ann = shop.for_holder_of(&shop.signs_up(broker, "own-ann@example.org", Role::Customer).await);
    let bob = shop.for_holder_of(&shop.signs_up(broker, "own-bob@example.org", Role::Customer).await);
    let guest = shop.for_guest("own-guest");
    let owners = [("ann", &ann), ("a guest", &guest)];
    let strangers = [("bob", &bob), ("another guest", &shop.for_guest("own-other"))];
    let unknown = Belongings { order: kit::id::Id::from_bits(1), cart: kit::id::Id::from_bits(2) };
    let mut walked = 0;
    for (owner, own) in owners {
        let theirs = buys(own, "own-mug").await;
        let owned = contracts::words().filter(|word| word.access.0.contains(&Who::Owner));
        for word in owned.filter(|word| NAMES.contains(&word.owner())) {
            for (stranger, counter) in strangers {
                let ask = async |of: &Belongings| {
                    let call = Call { key: Some(Client::new_key()), ..Call::default() };
                    let body = about(word, of, "own-mug").to_string();
                    counter.client().call_raw(word.subject, body.into(), call).await
                };
                let said = ask(&theirs).await;
                walked += 1;
                match said {
                    Ok(answer) => {
                        // A list, or something new of their own: nothing of the owner's is in it.
                        let text = String::from_utf8_lossy(&answer).into_owned();
                        let named = text.contains(&theirs.order.to_string())
                            || text.contains(&theirs.cart.to_string());
                        assert!(!named, "{stranger} reads {owner}'s in {}: {text}", word.subject);
                    }
                    Err(error) => {
                        let nothing = ask(&unknown).await.expect_err("there is no such thing");
                        let blank = |error: &kit::Error, of: &Belongings| {
                            let text = format!(
                                "{:?} {} {} {:?}",
                                error.kind, error.reason, error.message, error.details
                            );
                            text.replace(&of.order.to_string(), "ord").replace(&of.cart.to_string(), "cart")
                        };
                        assert_eq!(
                            blank(&error, &theirs),
                            blank(&nothing, &unknown),
                            "{stranger} {}",
                            word.subject
                        );
                        assert_eq!(error.kind, Kind::NotFound, "{stranger} {}: {error}", word.subject);
                    }
                }
            }
        }
        let still = own.client().ask(&GetOrder { order: theirs.order }).await.unwrap();
        assert_ne!(still.stage, contracts::order::Stage::Cancelled, "{owner}'s order is untouched");
    }
    assert!(walked >= 40, "{walked}");
}

#[tokio::test]
async fn nobody_but_an_operator_reads_traces_and_health() {
    let shop = shared().counter().await;
    shop.sells("trace-own-mug", 1000, 10).await;
    let guest = shop.for_guest("trace-own");
    let order = guest.places(&order_of(&[("trace-own-mug", 1)])).await.unwrap().order;
    for name in tests::NAMES {
        let asked = json!({"key": order.to_string(), "bodies": true});
        let call = Call::default;
        let said =
            guest.client().call_as::<_, Value>(&format!("{name}.trace"), &asked, call()).await.unwrap_err();
        assert_eq!(said.kind, Kind::Forbidden, "{name}: not even of one's own order");
        shop.client().call_as::<_, Value>(&format!("{name}.trace"), &asked, call()).await.unwrap();
    }
}

#[tokio::test]
async fn a_guest_order_is_read_with_its_own_secret_only() {
    let shop = shared().counter().await;
    shop.sells("guest-mug", 1000, 10).await;
    let guest = shop.for_guest("secret-guest");
    let order = guest.places(&order_of(&[("guest-mug", 1)])).await.unwrap().order;
    assert_eq!(guest.client().ask(&GetOrder { order }).await.unwrap().order, order);
    for (who, kind) in [
        (Voice::Nobody, Kind::Unauthenticated),
        (Voice::Guest(tests::people::secret_of("another-guest")), Kind::NotFound),
    ] {
        let said = shop.for_one_who(who.clone()).client().ask(&GetOrder { order }).await.unwrap_err();
        assert_eq!(said.kind, kind, "{who:?}");
    }
    let said = shop.for_one_who(Voice::Nobody).places(&order_of(&[("guest-mug", 1)])).await.unwrap_err();
    assert_eq!(said.kind, Kind::Unauthenticated, "an order that nobody could read again is not taken");
}

#[tokio::test]
async fn who_signed_in_goes_on_while_sign_in_is_down_and_until_the_session_is_ended() {
    let mut own = tests::Shop::open();
    let shop = own.counter().await;
    shop.sells("down-mug", 1000, 10).await;
    let pair: TokenPair = shop.signs_up(own.lent_broker(), "down@example.org", Role::Customer).await;
    let ann = shop.for_holder_of(&pair);
    own.stop("auth").await;
    let order = ann.places(&order_of(&[("down-mug", 1)])).await.expect("sign-in is not asked");
    assert_eq!(ann.order(order.order).await.customer.map(|id| id.to_string()), ann_id(&pair));
    own.close().await;
}

fn ann_id(pair: &TokenPair) -> Option<String> {
    Some(pair.account.customer.to_string())
}

#[tokio::test]
async fn a_session_that_was_ended_is_worth_nothing_at_every_service() {
    let shop = shared().counter().await;
    let pair = shop.signs_up(shared().lent_broker(), "ended@example.org", Role::Customer).await;
    let ann = shop.for_holder_of(&pair);
    ann.client().ask(&contracts::auth::LogOut { everywhere: true }).await.unwrap();
    for name in tests::NAMES {
        kit::testing::eventually(&format!("{name} has heard of it"), || async {
            let call = Call::default();
            let said = ann.client().call_as::<_, Value>(&format!("{name}.health"), &json!({}), call).await;
            said.err().filter(|error| error.kind == Kind::Unauthenticated)
        })
        .await;
    }
}
