//! In whatever order things are heard, and however often, the figures are the same.

use analytics::fact::{Fact, Kind};
use analytics::figures::Figures;
use kit::Timestamp;
use proptest::prelude::*;

use crate::shop::{
    Said, Shop, added, cancelled, captured, confirmed, due, expired, named, placed, refunded, refused,
};

const SOLD: &[(&str, i64, i64)] = &[("mug", 2, 1290), ("tee", 1, 2400)];

/// Few orders and carts, so that much happens to each, also what never should.
fn said() -> impl Strategy<Value = Said> {
    let (order, cart) = (0..4_u128, 0..3_u128);
    prop_oneof![
        cart.clone().prop_map(added),
        cart.clone().prop_map(expired),
        (order.clone(), prop::option::of(cart)).prop_map(|(order, cart)| placed(order, cart, SOLD)),
        order.clone().prop_map(due),
        order.clone().prop_map(|order| confirmed(order, SOLD)),
        (order.clone(), "[a-c]").prop_map(|(order, reason)| cancelled(order, &reason)),
        order.clone().prop_map(refused),
        order.clone().prop_map(|order| captured(order, SOLD)),
        (order, 0..3_u128, 1..9_i64).prop_map(|(order, refund, cents)| refunded(order, refund, cents)),
        (1..4_u64).prop_map(|version| named("mug", &format!("Mug {version}"), version)),
    ]
}

/// What was said, and in which minute.
type Story = Vec<(u64, Said)>;

/// A story, and the same in another order.
fn story() -> impl Strategy<Value = (Story, Story)> {
    prop::collection::vec((0..300_u64, said()), 0..40)
        .prop_flat_map(|story| (Just(story.clone()), Just(story).prop_shuffle()))
}

fn fact() -> impl Strategy<Value = Fact> {
    let what = (0..3_u8, prop::sample::select(&Kind::ALL[..]), "[ab]?");
    (what, 0..20_i64, 0..5_i64, prop::bool::ANY).prop_map(|((about, kind, item), hour, amount, is_money)| {
        Fact {
            amount,
            currency: is_money.then_some(contracts::Currency::EUR),
            pieces: 1,
            ..Fact::new(Timestamp::from_second(hour * 1800).unwrap(), about, kind).of(item)
        }
    })
}

proptest! {
    #[test]
    fn adding_one_fact_after_the_other_is_the_figures_of_all(facts in prop::collection::vec(fact(), 0..60)) {
        let mut figures = Figures::default();
        for (number, fact) in facts.iter().enumerate() {
            let beside: Vec<Fact> =
                facts[..number].iter().filter(|other| other.group() == fact.group()).cloned().collect();
            figures.add(&Figures::change(&beside, fact), 1);
        }
        prop_assert_eq!(figures.tidied(), Figures::of(&facts));
    }

    #[test]
    fn an_order_is_never_further_than_the_step_before(facts in prop::collection::vec(fact(), 0..60)) {
        use analytics::figures::Step;
        let figures = Figures::of(&facts);
        let at = |step: Step| figures.funnel.iter().filter(|((_, s, _), _)| *s == step).map(|(_, n)| n).sum::<i64>();
        prop_assert!(at(Step::Cart) >= at(Step::CartOrdered) + at(Step::CartExpired));
        prop_assert!(at(Step::Placed) >= at(Step::PaymentDue) && at(Step::PaymentDue) >= at(Step::Confirmed));
        prop_assert!(at(Step::Placed) >= at(Step::Confirmed) + at(Step::LostPlaced) + at(Step::LostPaymentDue));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn the_service_tells_the_same_in_whatever_order_it_heard(stories in story()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let told = |story: &[(u64, Said)], again: bool| {
            let shop = Shop::open();
            for (minute, said) in story {
                shop.hears(Shop::minute(*minute), said);
                if again {
                    shop.hears(Shop::minute(*minute), said);
                }
            }
            let told = runtime.block_on(shop.all());
            runtime.block_on(shop.rebuild());
            assert_eq!(runtime.block_on(shop.all()), told, "a rebuild changes nothing");
            told
        };
        let (story, shuffled) = stories;
        let first = told(&story, false);
        prop_assert_eq!(&told(&shuffled, false), &first);
        prop_assert_eq!(&told(&story, true), &first);
    }
}
