//! What a product is, and what putting and retiring make of it.

use contracts::catalog::{
    CATEGORY_CHARS_MAX, DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, ProductChanged, ProductRetired, ProductState,
    ProductView,
};
use contracts::{Money, Sku};
use kit::{Result, Timestamp, text};

use crate::refusal::Refusal;

/// A product as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its number.
    pub sku: Sku,
    /// What is said of it.
    pub content: Content,
    /// Whether it can be bought.
    pub state: ProductState,
    /// Counts its changes, from 1.
    pub version: u64,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// What is said of a product: every text checked, and free of space around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Its name.
    pub name: String,
    /// What it is; may be empty, and may have several lines.
    pub description: String,
    /// Where it belongs.
    pub category: String,
    /// What one piece costs.
    pub price: Money,
}

/// A product after somebody wanted to change it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It did not exist before.
    Created(Product),
    /// It was another before.
    Changed(Product),
    /// It was like that already.
    Unchanged(Product),
}

impl Content {
    /// Checks what was said of a product.
    ///
    /// # Errors
    /// `invalid_text`, naming the product and the text.
    pub fn of(sku: &Sku, name: &str, description: &str, category: &str, price: Money) -> Result<Self> {
        let (name, category) = (name.trim(), category.trim());
        // Lists written on Windows end the lines of a description with two characters.
        let description = description.trim().replace("\r\n", "\n");
        text::check(&format!("the name of {sku}"), name, NAME_CHARS_MAX, false)?;
        text::check(&format!("the category of {sku}"), category, CATEGORY_CHARS_MAX, false)?;
        if !description.is_empty() {
            text::check(&format!("the description of {sku}"), &description, DESCRIPTION_CHARS_MAX, true)?;
        }
        Ok(Self { name: name.to_owned(), description, category: category.to_owned(), price })
    }
}

impl Product {
    /// What becomes of a product, or of none, when this content is put. A retired one is active
    /// again; the same content again is no change.
    pub fn put(known: Option<Self>, sku: Sku, content: Content, now: Timestamp) -> Outcome {
        let active = |version| Self {
            sku,
            content: content.clone(),
            state: ProductState::Active,
            version,
            changed_at: now,
        };
        match known {
            None => Outcome::Created(active(1)),
            Some(known) if known.is_active() && known.content == content => Outcome::Unchanged(known),
            Some(known) => Outcome::Changed(active(known.version + 1)),
        }
    }

    /// What becomes of a product when it is taken out of sale.
    pub fn retire(self, now: Timestamp) -> Outcome {
        if self.is_active() {
            Outcome::Changed(Self {
                state: ProductState::Retired,
                version: self.version + 1,
                changed_at: now,
                ..self
            })
        } else {
            Outcome::Unchanged(self)
        }
    }

    /// Whether it can be bought.
    pub fn is_active(&self) -> bool {
        self.state == ProductState::Active
    }

    /// How it is shown to others.
    pub fn into_view(self) -> ProductView {
        let Self { sku, content: Content { name, description, category, price }, state, version, changed_at } =
            self;
        ProductView { sku, name, description, category, price, state, version, changed_at }
    }

    /// What is told when it was created or changed.
    pub fn changed(&self) -> ProductChanged {
        let Content { name, category, price, description } = self.content.clone();
        let description = Some(description);
        ProductChanged { sku: self.sku.clone(), name, category, price, version: self.version, description }
    }

    /// What is told when it was taken out of sale.
    pub fn retired(&self) -> ProductRetired {
        ProductRetired { sku: self.sku.clone(), version: self.version }
    }
}

impl Outcome {
    /// The product as it is now.
    pub fn into_product(self) -> Product {
        match self {
            Self::Created(product) | Self::Changed(product) | Self::Unchanged(product) => product,
        }
    }
}

/// Checks that a product is still the one that the caller has read; 0 stands for none.
///
/// # Errors
/// [`Refusal::Exists`], [`Refusal::Changed`] or [`Refusal::Missing`]; never if nothing was expected.
pub fn check_version(sku: &Sku, expected: Option<u64>, known: Option<&Product>) -> Result<(), Refusal> {
    let current = known.map_or(0, |known| known.version);
    let sku = || sku.clone();
    match expected {
        None => Ok(()),
        Some(expected) if expected == current => Ok(()),
        Some(0) => Err(Refusal::Exists { sku: sku(), current }),
        Some(expected) if current == 0 => Err(Refusal::Missing { sku: sku(), expected }),
        Some(expected) => Err(Refusal::Changed { sku: sku(), expected, current }),
    }
}

#[cfg(test)]
mod tests {
    use contracts::Currency;
    use kit::Example;
    use kit::error::reason;

    use super::*;

    const NOON: Timestamp = Timestamp::UNIX_EPOCH;

    fn sku() -> Sku {
        Sku::example()
    }

    fn content(name: &str) -> Content {
        Content::of(&sku(), name, "Stoneware.", "Kitchen", Money::example()).unwrap()
    }

    fn mug() -> Product {
        Product::put(None, sku(), content("Mug, blue"), NOON).into_product()
    }

    #[test]
    fn a_new_product_is_active_at_version_one() {
        let Outcome::Created(mug) = Product::put(None, sku(), content("Mug, blue"), NOON) else { panic!() };
        assert!(mug.is_active());
        assert_eq!(mug.version, 1);
    }

    #[test]
    fn the_same_content_again_is_no_change() {
        assert_eq!(Product::put(Some(mug()), sku(), content("Mug, blue"), NOON), Outcome::Unchanged(mug()));
        assert_eq!(
            Product::put(Some(mug()), sku(), content("  Mug, blue "), NOON),
            Outcome::Unchanged(mug())
        );
    }

    #[test]
    fn every_part_of_the_content_counts_as_a_change() {
        let cheaper = Money::new(1190, Currency::EUR).unwrap();
        for other in [
            content("Mug, green"),
            Content { description: String::new(), ..content("Mug, blue") },
            Content { category: "Mugs".into(), ..content("Mug, blue") },
            Content { price: cheaper, ..content("Mug, blue") },
        ] {
            let Outcome::Changed(mug) = Product::put(Some(mug()), sku(), other.clone(), NOON) else {
                panic!("{other:?}")
            };
            assert_eq!((mug.version, mug.content), (2, other));
        }
    }

    #[test]
    fn a_retired_product_is_active_again_when_it_is_put() {
        let Outcome::Changed(retired) = mug().retire(NOON) else { panic!() };
        assert_eq!((retired.state, retired.version), (ProductState::Retired, 2));
        assert_eq!(retired.clone().retire(NOON), Outcome::Unchanged(retired.clone()));
        let Outcome::Changed(back) = Product::put(Some(retired), sku(), content("Mug, blue"), NOON) else {
            panic!()
        };
        assert_eq!((back.state, back.version), (ProductState::Active, 3));
    }

    #[test]
    fn a_version_that_was_read_must_still_be_the_current_one() {
        let mug = mug();
        assert_eq!(check_version(&sku(), None, None), Ok(()));
        assert_eq!(check_version(&sku(), None, Some(&mug)), Ok(()));
        assert_eq!(check_version(&sku(), Some(0), None), Ok(()));
        assert_eq!(check_version(&sku(), Some(1), Some(&mug)), Ok(()));
        let refused = |expected, known| check_version(&sku(), Some(expected), known).unwrap_err();
        assert_eq!(refused(0, Some(&mug)), Refusal::Exists { sku: sku(), current: 1 });
        assert_eq!(refused(7, Some(&mug)), Refusal::Changed { sku: sku(), expected: 7, current: 1 });
        assert_eq!(refused(7, None), Refusal::Missing { sku: sku(), expected: 7 });
    }

    #[test]
    fn texts_are_checked_and_trimmed_and_the_refusal_names_the_product() {
        let of = |name: &str, description: &str, category: &str| {
            Content::of(&sku(), name, description, category, Money::example())
        };
        let content = of(" Mug ", "\r\none\r\ntwo\r\n", " Kitchen\t").unwrap();
        assert_eq!(
            (&*content.name, &*content.description, &*content.category),
            ("Mug", "one\ntwo", "Kitchen")
        );
        assert!(of("Mug", "", "Kitchen").is_ok());
        assert!(of(&"é".repeat(NAME_CHARS_MAX), &"é".repeat(DESCRIPTION_CHARS_MAX), "Kitchen").is_ok());
        let long = |chars| "x".repeat(chars + 1);
        for (name, description, category, what) in [
            ("", "", "Kitchen", "the name of mug-blue is empty"),
            ("Mug\0", "", "Kitchen", "the name of mug-blue holds control characters"),
            ("two\nlines", "", "Kitchen", "the name of mug-blue holds control characters"),
            (&long(NAME_CHARS_MAX), "", "Kitchen", "the name of mug-blue is longer than 200 characters"),
            ("Mug", "\u{1b}[2J", "Kitchen", "the description of mug-blue holds control characters"),
            (
                "Mug",
                &long(DESCRIPTION_CHARS_MAX),
                "Kitchen",
                "the description of mug-blue is longer than 4000 characters",
            ),
            ("Mug", "", " ", "the category of mug-blue is empty"),
            ("Mug", "", &long(CATEGORY_CHARS_MAX), "the category of mug-blue is longer than 60 characters"),
        ] {
            let error = of(name, description, category).unwrap_err();
            assert_eq!((&*error.reason, &*error.message), (reason::INVALID_TEXT, what));
        }
    }
}
