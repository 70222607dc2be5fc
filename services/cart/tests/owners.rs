//! Whose cart it is: nobody but the owner and staff sees it, changes it, or learns that it is there.

use contracts::CartId;
use contracts::cart::{AddItem, CartView, ClearCart, GetCart, ItemAdded, RemoveItem, SetItem};
use kit::testing::{customer, guest, operator};
use kit::{Caller, Error, Kind, Request, Result, Role};

use crate::shelf::{Shop, adding, contents, order_of, sku};

const ANN: &str = "cus_01h455vb4pex5vsknk084sn02q";
const BEN: &str = "cus_01h455vb4pex5vsknk084sn02r";

/// A cart that nobody has.
fn no_cart() -> CartId {
    kit::id::Id::from_bits(9)
}

impl Shop {
    async fn new_cart_of(&self, caller: &Caller, product: &str, quantity: i64) -> CartId {
        self.cart.ask_by(caller, &adding(None, product, quantity)).await.unwrap().cart
    }

    async fn shows_to(&self, caller: &Caller, cart: CartId) -> Result<CartView> {
        self.cart.ask_by(caller, &GetCart { cart }).await
    }

    /// What a caller is told about a cart by every request there is about one.
    async fn tells_of(&self, caller: &Caller, cart: CartId) -> Vec<Result<CartView>> {
        let expected_version = Some(1);
        vec![
            self.shows_to(caller, cart).await,
            self.cart.ask_by(caller, &AddItem { expected_version, ..adding(Some(cart), "mug", 1) }).await,
            // Neither the catalog nor the rules of a cart are heard before the owner is looked at.
            self.cart.ask_by(caller, &adding(Some(cart), "nothing", 10_000)).await,
            self.cart.ask_by(caller, &adding(Some(cart), "pin", 1)).await,
            self.cart.ask_by(caller, &SetItem { cart, sku: sku("mug"), quantity: 7, expected_version }).await,
            self.cart
                .ask_by(caller, &SetItem { cart, sku: sku("tee"), quantity: 0, expected_version: Some(77) })
                .await,
            self.cart.ask_by(caller, &RemoveItem { cart, sku: sku("mug"), expected_version: None }).await,
            self.cart.ask_by(caller, &ClearCart { cart, expected_version: None }).await,
            self.cart.ask_by(caller, &ClearCart { cart, expected_version: Some(77) }).await,
            self.cart.ask_for("order", caller, &GetCart { cart }).await,
        ]
    }

    /// Whatever a caller asks about this cart is answered exactly as if there were no such cart.
    async fn hides_from(&self, caller: &Caller, cart: CartId) {
        let before = (self.show(cart).await.unwrap(), self.cart.told());
        let hidden = self.tells_of(caller, cart).await;
        let unknown = self.tells_of(caller, no_cart()).await;
        for (place, (hidden, unknown)) in hidden.into_iter().zip(unknown).enumerate() {
            let (hidden, unknown) = (parts(hidden, cart), parts(unknown, no_cart()));
            assert_eq!(hidden, unknown, "request {place} by {caller}");
            assert_eq!(
                (hidden.0, &*hidden.1),
                (Kind::NotFound, "unknown_cart"),
                "request {place} by {caller}"
            );
        }
        assert_eq!((self.show(cart).await.unwrap(), self.cart.told()), before, "after {caller}");
    }
}

/// All that a refusal says, but which cart it names.
fn parts(answer: Result<CartView>, cart: CartId) -> (Kind, String, String, Option<String>) {
    let error: Error = answer.unwrap_err();
    let message = error.message.replace(&cart.to_string(), "this cart");
    (error.kind, error.reason.into_owned(), message, error.details.map(|details| details.to_string()))
}

#[tokio::test]
async fn whoever_makes_a_cart_can_do_everything_with_it() {
    for owner in [customer(ANN), guest("one")] {
        let shop = Shop::open();
        let cart = shop.new_cart_of(&owner, "mug", 2).await;
        let left = |answer: Result<CartView>| contents(&answer.unwrap());
        let (expected_version, mug) = (None, sku("mug"));
        assert_eq!(left(shop.cart.ask_by(&owner, &adding(Some(cart), "tee", 1)).await), "2 mug, 1 tee");
        let set = SetItem { cart, sku: mug.clone(), quantity: 5, expected_version };
        assert_eq!(left(shop.cart.ask_by(&owner, &set).await), "5 mug, 1 tee");
        assert_eq!(left(shop.shows_to(&owner, cart).await), "5 mug, 1 tee");
        assert_eq!(left(shop.cart.ask_for("order", &owner, &GetCart { cart }).await), "5 mug, 1 tee");
        let remove = RemoveItem { cart, sku: mug, expected_version };
        assert_eq!(left(shop.cart.ask_by(&owner, &remove).await), "1 tee");
        assert_eq!(left(shop.cart.ask_by(&owner, &ClearCart { cart, expected_version }).await), "");
    }
}

#[tokio::test]
async fn a_customers_cart_is_an_unknown_one_to_other_customers_and_to_guests() {
    let shop = Shop::open();
    let cart = shop.new_cart_of(&customer(ANN), "mug", 2).await;
    for other in [customer(BEN), customer(&ANN[4..]), customer("nobody"), guest("one")] {
        shop.hides_from(&other, cart).await;
    }
}

#[tokio::test]
async fn a_guests_cart_is_an_unknown_one_to_other_guests_and_to_customers() {
    let shop = Shop::open();
    let (one, two) = (guest("one"), guest("two"));
    let carts = [shop.new_cart_of(&one, "mug", 2).await, shop.new_cart_of(&two, "mug", 3).await];
    for other in [two.clone(), customer(ANN)] {
        shop.hides_from(&other, carts[0]).await;
    }
    shop.hides_from(&one, carts[1]).await;
    // Whoever calls themselves by the name of a guest is not that guest.
    let Caller::Guest(id) = one else { panic!("a guest") };
    shop.hides_from(&customer(id), carts[0]).await;
}

#[tokio::test]
async fn the_shops_carts_are_nobodys_but_staffs() {
    let shop = Shop::open();
    let cart = shop.new_cart_of(&operator(), "mug", 2).await;
    for other in [customer(ANN), customer("operator"), customer(""), guest("one")] {
        shop.hides_from(&other, cart).await;
    }
}

#[tokio::test]
async fn staff_sees_and_changes_every_cart_and_it_stays_its_owners() {
    let shop = Shop::open();
    let clerk = Caller::User { id: "clerk".into(), role: Role::Operator, session: String::new() };
    for owner in [customer(ANN), guest("one"), operator()] {
        let cart = shop.new_cart_of(&owner, "mug", 2).await;
        for staff in [&clerk, &operator()] {
            assert!(shop.shows_to(staff, cart).await.is_ok());
            assert!(shop.cart.ask_by(staff, &adding(Some(cart), "tee", 1)).await.is_ok());
            assert!(shop.cart.ask_for("order", staff, &GetCart { cart }).await.is_ok());
        }
        assert_eq!(contents(&shop.shows_to(&owner, cart).await.unwrap()), "2 mug, 2 tee");
    }
}

#[tokio::test]
async fn whoever_says_nothing_about_who_they_are_has_no_cart() {
    let shop = Shop::open();
    let cart = shop.new_cart_of(&customer(ANN), "mug", 2).await;
    for cart in [cart, no_cart()] {
        for (place, answer) in shop.tells_of(&Caller::Anonymous, cart).await.into_iter().enumerate() {
            let kind = answer.unwrap_err().kind;
            // The order service asks for nobody: nobody owns anything.
            let by_order = place == 9;
            assert_eq!(kind, if by_order { Kind::NotFound } else { Kind::Unauthenticated }, "{place}");
        }
    }
    let refused = shop.cart.ask_by(&Caller::Anonymous, &adding(None, "mug", 1)).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Unauthenticated);
}

#[tokio::test]
async fn no_other_service_asks_for_a_cart_and_order_only_to_see_it() {
    let shop = Shop::open();
    let ann = customer(ANN);
    let cart = shop.new_cart_of(&ann, "mug", 2).await;
    for service in ["payment", "catalog", "cart"] {
        let refused = shop.cart.ask_for(service, &ann, &GetCart { cart }).await.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::Forbidden, "forbidden"), "{service}");
    }
    let refused = shop.cart.ask_for("order", &ann, &adding(Some(cart), "mug", 1)).await.unwrap_err();
    assert_eq!(refused.kind, Kind::Forbidden);
}

#[tokio::test]
async fn the_same_idempotency_key_of_two_people_never_meets() {
    let shop = Shop::open();
    let body = serde_json::to_vec(&adding(None, "mug", 2)).unwrap();
    let mut carts = Vec::new();
    for person in [customer(ANN), customer(BEN), guest("one"), guest("two"), operator()] {
        let ask = async || {
            let answer = shop.cart.ask_raw_by(&person, AddItem::SUBJECT, Some("key"), body.clone()).await;
            serde_json::from_slice::<CartView>(&answer.unwrap()).unwrap().cart
        };
        let cart = ask().await;
        assert_eq!(ask().await, cart, "{person} hears the same answer again");
        assert!(shop.shows_to(&person, cart).await.is_ok());
        carts.push(cart);
    }
    let count = carts.len();
    carts.sort_unstable();
    carts.dedup();
    assert_eq!((carts.len(), shop.cart.told_of::<ItemAdded>().len()), (count, count));
}

#[tokio::test]
async fn a_cart_is_still_its_owners_after_an_order_and_a_restart() {
    let shop = Shop::open();
    let (ann, ben) = (customer(ANN), customer(BEN));
    let cart = shop.new_cart_of(&ann, "mug", 5).await;
    shop.order(&order_of(1, Some(cart), &[("mug", 2)]));
    shop.cart.reopen();
    assert_eq!(contents(&shop.shows_to(&ann, cart).await.unwrap()), "3 mug");
    shop.hides_from(&ben, cart).await;
}
