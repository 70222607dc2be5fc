//! The limits and the cursors of our lists.

use std::fmt;
use std::str::FromStr;

use contracts::Sku;
use contracts::catalog::ProductPage;
use kit::error::reason::INVALID_CURSOR;
use kit::limits::{PAGE_DEFAULT, PAGE_MAX};
use kit::{Error, Result};

use crate::product::Product;

/// Bytes of text on a page. A page of long descriptions ends early, because the broker carries no
/// message above a megabyte, and quoting in JSON may double the text.
const PAGE_TEXT_BYTES_MAX: usize = 256 * 1024;

/// How many products a page may hold.
///
/// # Errors
/// `invalid_limit` if it is none or too many.
pub fn limit(asked: Option<u32>) -> Result<usize> {
    match asked.unwrap_or(PAGE_DEFAULT) {
        limit @ 1..=PAGE_MAX => Ok(limit as usize),
        limit => Err(Error::invalid(
            "invalid_limit",
            format!("a page holds 1 to {PAGE_MAX} products, not {limit}"),
        )),
    }
}

/// Reads the cursor of a list: a [`Sku`] where it goes by sku, a [`Place`] where the best stands first.
///
/// # Errors
/// `invalid_cursor` if it is none of ours.
pub fn after<T: FromStr>(cursor: Option<&str>) -> Result<Option<T>> {
    let read = |text: &str| {
        text.parse()
            .map_err(|_| Error::invalid(INVALID_CURSOR, "after must be what next said on the page before"))
    };
    cursor.map(read).transpose()
}

/// Makes the page of what was found: one more than its limit, if there is more.
pub fn of<C: fmt::Display>(found: Vec<(C, Product)>, limit: usize) -> ProductPage {
    let mut page = ProductPage {
        items: Vec::with_capacity(found.len().min(limit)),
        next: None,
    };
    let mut bytes = 0;
    let mut last = None;
    for (cursor, product) in found {
        bytes +=
            product.content.name.len() + product.content.description.len() + product.content.category.len();
        let full = page.items.len() == limit || bytes > PAGE_TEXT_BYTES_MAX;
        if full && !page.items.is_empty() {
            page.next = last.map(|cursor: C| cursor.to_string());
            break;
        }
        page.items.push(product.into_view());
        last = Some(cursor);
    }
    page
}

/// Where a product stood among what a search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// How many were shown until it, and it.
    pub number: u32,
    /// The product.
    pub sku: Sku,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.number, self.sku)
    }
}

impl FromStr for Place {
    type Err = NotAPlace;

    fn from_str(text: &str) -> Result<Self, NotAPlace> {
        let (number, sku) = text.split_once('.').ok_or(NotAPlace)?;
        Ok(Self {
            number: number.parse().map_err(|_| NotAPlace)?,
            sku: sku.parse().map_err(|_| NotAPlace)?,
        })
    }
}

/// A text that is no place.
#[derive(Debug)]
pub struct NotAPlace;

#[cfg(test)]
mod tests {
    use contracts::Money;
    use contracts::catalog::{DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX};
    use kit::{Example, Timestamp};

    use super::*;
    use crate::product::Content;

    fn products(count: usize, description: &str) -> Vec<(Sku, Product)> {
        let product = |number: usize| {
            let sku: Sku = format!("p{number:04}").parse().unwrap();
            let content = Content::of(
                &sku,
                &"\"".repeat(NAME_CHARS_MAX),
                description,
                "Kitchen",
                Money::example(),
            )
            .unwrap();
            (
                sku.clone(),
                Product::put(None, sku, content, Timestamp::UNIX_EPOCH).into_product(),
            )
        };
        (0..count).map(product).collect()
    }

    #[test]
    fn a_page_has_a_next_one_only_if_more_was_found() {
        assert_eq!(
            of(products(0, ""), 3),
            ProductPage {
                items: vec![],
                next: None
            }
        );
        assert_eq!(of(products(3, ""), 3).next, None);
        let page = of(products(4, ""), 3);
        assert_eq!((page.items.len(), page.next.as_deref()), (3, Some("p0002")));
    }

    #[test]
    fn the_heaviest_page_fits_a_message() {
        let mut left = products(
            PAGE_MAX as usize + 1,
            &"\"\u{1F375}".repeat(DESCRIPTION_CHARS_MAX / 2),
        );
        let all = left.len();
        let mut shown = 0;
        while !left.is_empty() {
            let page = of(left.clone(), PAGE_MAX as usize);
            assert!(!page.items.is_empty());
            assert!(serde_json::to_vec(&page).unwrap().len() < 700_000);
            assert_eq!(page.next.is_some(), page.items.len() < left.len());
            shown += page.items.len();
            left.drain(..page.items.len());
        }
        assert_eq!(shown, all);
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = Place {
            number: 50,
            sku: Sku::example(),
        };
        assert_eq!(place.to_string().parse::<Place>().ok(), Some(place));
    }

    #[test]
    fn a_cursor_that_is_not_ours_is_refused() {
        for text in [
            "",
            ".",
            "50",
            "mug-blue",
            "-1.mug-blue",
            "4294967296.mug-blue",
            "1.5.mug-blue",
            "1.a b",
            "1.",
            "é",
        ] {
            assert_eq!(
                after::<Place>(Some(text)).unwrap_err().reason,
                INVALID_CURSOR,
                "{text:?}"
            );
        }
        for text in ["", "a b", "*", "a'--"] {
            assert_eq!(
                after::<Sku>(Some(text)).unwrap_err().reason,
                INVALID_CURSOR,
                "{text:?}"
            );
        }
        assert_eq!(after::<Sku>(None).unwrap(), None);
    }

    #[test]
    fn a_page_is_neither_empty_nor_endless() {
        assert_eq!(limit(None).unwrap(), 50);
        assert_eq!(limit(Some(PAGE_MAX)).unwrap(), 200);
        for bad in [0, PAGE_MAX + 1, u32::MAX] {
            assert_eq!(limit(Some(bad)).unwrap_err().reason, "invalid_limit");
        }
    }
}
