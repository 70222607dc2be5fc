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
    if sums.held < 0 || sums.on_hand < sums.held {
        wrong(format!("has {} on hand and {} held: less than nothing is left", sums.on_hand, sums.held));
    }
    faults
}

#[cfg(test)]
mod tests {
    use kit::Example;
    use proptest::prelude::*;

    use super::*;

    fn sums(on_hand: i64, held: i64) -> StockSums {
        let sku = contracts::Sku::example();
        StockSums { sku, on_hand, held, ledger_on_hand: on_hand, ledger_held: held, holds: held }
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
    fn stock_is_never_negative() {
        for (on_hand, held) in [(1, 2), (-1, 0), (0, -1)] {
            assert_eq!(says(&sums(on_hand, held)).len(), 1, "{on_hand} {held}");
        }
    }

    proptest! {
        #[test]
        fn a_sound_product_has_no_fault_and_one_wrong_figure_always_has(
            on_hand in 0..1_000_000_000i64, share in 0.0..1.0f64, off in 1..1000i64, which in 0..3usize,
        ) {
            let held = (on_hand as f64 * share) as i64;
            let sound = sums(on_hand, held);
            prop_assert_eq!(faults(&sound), []);
            let mut broken = sound;
            *[&mut broken.ledger_on_hand, &mut broken.ledger_held, &mut broken.holds][which] += off;
            prop_assert_eq!(faults(&broken).len(), 1);
        }
    }
}
