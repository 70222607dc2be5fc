//! From a line of a list to a product.

use std::collections::HashMap;

use contracts::catalog::{ImportLine, ImportReport, RefusedLine};
use contracts::{Currency, Money, Sku};
use kit::{Error, Kind, Result};

use crate::product::{Content, Outcome};
use crate::refusal::Refusal;

/// Characters of a refused line's number that are given back. A legal one is never that long.
const SKU_SHOWN_CHARS_MAX: usize = 128;

/// What has become of the lines so far.
#[derive(Debug, Default)]
pub struct Import {
    report: ImportReport,
    accepted: HashMap<Sku, u64>,
}

impl Import {
    /// Reads a line and puts what it says, or notes why it was refused.
    ///
    /// The first accepted line of a product counts, and a later one is refused. If the later one
    /// won, two different lines would change the product back and forth each time the same list
    /// is imported.
    ///
    /// # Errors
    /// A failure of ours, which is no fault of the line: nothing of the list may remain then.
    pub fn take(
        &mut self,
        line: ImportLine,
        put: impl FnOnce(Sku, Content) -> Result<Outcome>,
    ) -> Result<()> {
        match self.try_take(&line, put) {
            Ok(Outcome::Created(_)) => self.report.created += 1,
            Ok(Outcome::Changed(_)) => self.report.changed += 1,
            Ok(Outcome::Unchanged(_)) => self.report.unchanged += 1,
            Err(error) if matches!(error.kind, Kind::Invalid | Kind::Refused) => {
                self.report.refused.push(refused(&line, error));
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// What became of all lines.
    pub fn into_report(self) -> ImportReport {
        self.report
    }

    fn try_take(
        &mut self,
        line: &ImportLine,
        put: impl FnOnce(Sku, Content) -> Result<Outcome>,
    ) -> Result<Outcome> {
        let (sku, content) = read(line)?;
        if let Some(first) = self.accepted.get(&sku) {
            return Err(Refusal::RepeatedSku { sku, line: *first }.into());
        }
        let outcome = put(sku.clone(), content)?;
        self.accepted.insert(sku, line.line);
        Ok(outcome)
    }
}

fn read(line: &ImportLine) -> Result<(Sku, Content)> {
    let sku: Sku = line.sku.trim().parse()?;
    let currency: Currency = line.currency.trim().parse()?;
    let price = Money::parse_major(line.price.trim(), currency)?;
    let content = Content::of(&sku, &line.name, &line.description, &line.category, price)?;
    Ok((sku, content))
}

fn refused(line: &ImportLine, error: Error) -> RefusedLine {
    RefusedLine {
        line: line.line,
        sku: line.sku.chars().take(SKU_SHOWN_CHARS_MAX).collect(),
        reason: error.reason.into_owned(),
        message: error.message,
    }
}

#[cfg(test)]
mod tests {
    use contracts::catalog::{ImportProducts, ProductState};
    use kit::{Example, Timestamp};

    use super::*;
    use crate::product::Product;

    fn mug() -> ImportLine {
        ImportProducts::example().lines.remove(0)
    }

    fn import(lines: Vec<ImportLine>) -> ImportReport {
        let mut import = Import::default();
        for line in lines {
            import
                .take(line, |sku, content| Ok(Product::put(None, sku, content, Timestamp::UNIX_EPOCH)))
                .unwrap();
        }
        import.into_report()
    }

    #[test]
    fn a_line_is_read_with_the_space_around_its_words_forgiven() {
        let spaced =
            ImportLine { sku: " mug-blue ".into(), price: " 12.9 ".into(), currency: "EUR ".into(), ..mug() };
        let (sku, content) = read(&spaced).unwrap();
        assert_eq!((sku.as_str(), content.price), ("mug-blue", Money::example()));
        assert_eq!(read(&mug()).unwrap().1, content);
    }

    #[test]
    fn a_refused_line_says_where_it_stands_and_why() {
        let reason_of = |line: ImportLine| {
            let report = import(vec![line]);
            assert_eq!((report.created, report.refused.len()), (0, 1));
            report.refused[0].reason.clone()
        };
        assert_eq!(reason_of(ImportLine { sku: "a b".into(), ..mug() }), "invalid_sku");
        assert_eq!(reason_of(ImportLine { sku: String::new(), ..mug() }), "invalid_sku");
        assert_eq!(reason_of(ImportLine { name: " ".into(), ..mug() }), "invalid_text");
        assert_eq!(reason_of(ImportLine { description: "\0".into(), ..mug() }), "invalid_text");
        assert_eq!(reason_of(ImportLine { category: String::new(), ..mug() }), "invalid_text");
        for price in ["", "free", "12,90", "-1", "12.905", "1e3", "99999999999999"] {
            assert_eq!(reason_of(ImportLine { price: price.into(), ..mug() }), "invalid_amount", "{price:?}");
        }
        for currency in ["", "eur", "EURO", "XXX"] {
            assert_eq!(
                reason_of(ImportLine { currency: currency.into(), ..mug() }),
                "unknown_currency",
                "{currency:?}"
            );
        }
    }

    #[test]
    fn the_first_accepted_line_of_a_product_counts() {
        let broken = ImportLine { line: 2, price: "?".into(), ..mug() };
        let first = ImportLine { line: 3, ..mug() };
        let again = ImportLine { line: 4, price: "1".into(), ..mug() };
        let report = import(vec![broken, first, again]);
        assert_eq!(report.created, 1);
        let refused: Vec<_> = report.refused.iter().map(|line| (line.line, &*line.reason)).collect();
        assert_eq!(refused, [(2, "invalid_amount"), (4, "repeated_sku")]);
        assert_eq!(report.refused[1].message, "mug-blue stands in line 3 already");
    }

    #[test]
    fn an_endless_number_is_not_given_back_in_full() {
        let report = import(vec![ImportLine { sku: "é".repeat(100_000), ..mug() }]);
        assert_eq!(report.refused[0].sku.chars().count(), SKU_SHOWN_CHARS_MAX);
    }

    #[test]
    fn a_failure_of_ours_is_no_refused_line() {
        let mut import = Import::default();
        let failed = import.take(mug(), |_, _| Err(Error::internal("a statement failed")));
        assert_eq!(failed.unwrap_err().kind, Kind::Internal);
        assert_eq!(import.into_report(), ImportReport::default());
    }

    #[test]
    fn what_a_line_puts_is_active() {
        let mut seen = None;
        Import::default()
            .take(mug(), |sku, content| {
                let outcome = Product::put(None, sku, content, Timestamp::UNIX_EPOCH);
                seen = Some(outcome.clone().into_product().state);
                Ok(outcome)
            })
            .unwrap();
        assert_eq!(seen, Some(ProductState::Active));
    }
}
