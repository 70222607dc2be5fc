//! One product: its stock is the sum of its ledger, and what is held is held for somebody.

use contracts::inventory::StockSums;

use super::{Fault, Rule};

/// What is wrong with the stock of a product.
pub fn faults(sums: &StockSums) -> Vec<Fault> {
    let sku = &sums.sku;
    let mut faults = Vec::new();
    let mut wrong = |says: String| {
        let look = format!("shopctl stock ledger {sku}");
        faults.push(Fault { rule: Rule::Stock, about: sku.to_string(), says, look });
    };
    if sums.on_hand != sums.ledger_on_hand {
        wrong(format!("has {} on hand, but its ledger adds up to {}", sums.on_hand, sums.ledger_on_hand));
    }
    if sums.held != sums.ledger_held {
        wrong(format!("has {} held, but its ledger adds up to {} held", sums.held, sums.ledger_held));
    }
    if sums.held != sums.holds {
        wrong(format!("has {} held, but its holds add up to {}", sums.held, sums.holds));
    }
    if let Some(flow) = sums.flow
        && sums.on_hand + flow.sold != flow.received + flow.adjusted
    {
        wrong(format!(
            "has {} on hand and {} sold, but {} came in: {} received, {:+} by corrections",
            sums.on_hand,
            flow.sold,
            flow.received + flow.adjusted,
            flow.received,
            flow.adjusted
        ));
    }
    if sums.held < 0 || sums.on_hand < sums.held {
        wrong(format!("has {} on hand and {} held: less than nothing is left", sums.on_hand, sums.held));
    }
    faults
}

/// What is wrong if so many pieces came into the house by what those say who brought them, less what was
/// taken out by corrections: none may be lost on the way into the books, and none may come in twice.
pub fn came_in(sums: &StockSums, pieces: i64) -> Option<Fault> {
    let flow = sums.flow?;
    let by_ledger = flow.received + flow.adjusted;
    (by_ledger != pieces).then(|| Fault {
        rule: Rule::Stock,
        about: sums.sku.to_string(),
        says: format!("has {by_ledger} that came in by its ledger, but {pieces} did"),
        look: format!("shopctl stock ledger {}", sums.sku),
    })
}

#[cfg(test)]
mod tests {
    use contracts::inventory::StockFlow;
    use kit::Example;
    use proptest::prelude::*;

    use super::*;

    fn sums(on_hand: i64, held: i64) -> StockSums {
        let sku = contracts::Sku::example();
        let flow = StockFlow { received: on_hand + 10, adjusted: -3, sold: 7 };
        StockSums {
            sku,
            on_hand,
            held,
            ledger_on_hand: on_hand,
            ledger_held: held,
            holds: held,
            flow: Some(flow),
        }
    }

    fn says(sums: &StockSums) -> Vec<String> {
        faults(sums).into_iter().map(|fault| fault.says).collect()
    }

    #[test]
    fn a_ledger_that_does_not_add_up_is_named_with_both_figures() {
        let off = StockSums { ledger_on_hand: 8, ..sums(7, 2) };
        assert_eq!(says(&off), ["has 7 on hand, but its ledger adds up to 8"]);
        let off = StockSums { ledger_held: 1, ..sums(7, 2) };
        assert_eq!(says(&off), ["has 2 held, but its ledger adds up to 1 held"]);
        let fault = &faults(&off)[0];
        assert_eq!((fault.rule, &*fault.look), (Rule::Stock, &*format!("shopctl stock ledger {}", off.sku)));
    }

    #[test]
    fn what_is_held_for_nobody_is_named() {
        assert_eq!(says(&StockSums { holds: 0, ..sums(7, 2) }), ["has 2 held, but its holds add up to 0"]);
    }

    #[test]
    fn pieces_that_came_from_nowhere_or_went_nowhere_are_named() {
        let flow = StockFlow { received: 17, adjusted: -3, sold: 8 };
        assert_eq!(
            says(&StockSums { flow: Some(flow), ..sums(7, 2) }),
            ["has 7 on hand and 8 sold, but 14 came in: 17 received, -3 by corrections"]
        );
        assert_eq!(says(&StockSums { flow: None, ..sums(7, 2) }), [] as [&str; 0]);
    }

    #[test]
    fn a_delivery_that_was_counted_twice_is_named() {
        assert_eq!(came_in(&sums(7, 2), 14), None);
        assert_eq!(came_in(&sums(7, 2), 7).unwrap().says, "has 14 that came in by its ledger, but 7 did");
    }

    #[test]
    fn stock_is_never_negative() {
        for (on_hand, held) in [(1, 2), (-1, 0), (0, -1)] {
            assert_eq!(says(&sums(on_hand, held)).len(), 1, "{on_hand} {held}");
        }
    }

    proptest! {
        #[test]
        fn a_sound_product_has_no_fault_and_one_wrong_figure_always_has(
            on_hand in 0..1_000_000_000i64, share in 0.0..1.0f64, off in 1..1000i64, which in 0..6usize,
        ) {
            let held = (on_hand as f64 * share) as i64;
            let sound = sums(on_hand, held);
            prop_assert_eq!(faults(&sound), []);
            let mut broken = sound;
            let flow = broken.flow.as_mut().unwrap();
            let figures = [&mut broken.ledger_on_hand, &mut broken.ledger_held, &mut broken.holds, &mut flow.sold,
                           &mut flow.received, &mut flow.adjusted];
            *figures.into_iter().nth(which).unwrap() += off;
            prop_assert_eq!(faults(&broken).len(), 1);
        }
    }
}
