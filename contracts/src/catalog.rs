//! Catalog: products, categories, search, and the prices of the shop.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Money, Sku};

kit::subjects! {
    ask "catalog.get" GetProduct -> ProductView by [anyone], "Shows one product.";
    ask "catalog.list" ListProducts -> ProductPage by [anyone], "Lists products by sku, a page at a time.";
    ask "catalog.search" SearchProducts -> ProductPage by [anyone], "Finds active products by words and beginnings of words, the best first.";
    ask "catalog.categories" ListCategories -> Categories by [anyone], "Lists the categories with how many active products each has.";
    ask "catalog.quote" QuotePrices -> Quotes by [anyone "cart" "order"], "Tells the prices of some products now.";
    change "catalog.put" PutProduct -> ProductView by [operator], "Creates a product, or changes it; an active one again if it was retired.";
    change "catalog.retire" RetireProduct -> ProductView by [operator], "Takes a product out of sale.";
    change "catalog.import" ImportProducts -> ImportReport by [operator], "Creates and changes many products; lines that are refused leave the others alone.";
    event "events.catalog.product_changed" ProductChanged of sku, "A product was created or changed.";
    event "events.catalog.product_retired" ProductRetired of sku, "A product was taken out of sale.";
}

/// Reasons the catalog gives.
pub mod reason {
    /// There is no such product.
    pub const UNKNOWN_SKU: &str = "unknown_sku";
    /// The product was changed since it was read.
    pub const VERSION_CONFLICT: &str = "version_conflict";
    /// Prices of more than [`QUOTE_SKUS_MAX`](super::QUOTE_SKUS_MAX) products were asked for.
    pub const TOO_MANY_SKUS: &str = "too_many_skus";
    /// More than [`IMPORT_LINES_MAX`](super::IMPORT_LINES_MAX) lines were sent.
    pub const TOO_MANY_LINES: &str = "too_many_lines";
    /// The product would be the first of one category too many.
    pub const TOO_MANY_CATEGORIES: &str = "too_many_categories";
    /// Another line of the same import has put the product already.
    pub const REPEATED_SKU: &str = "repeated_sku";
}

/// Length of a product's name in characters.
pub const NAME_CHARS_MAX: usize = 200;
/// Length of a product's description in characters.
pub const DESCRIPTION_CHARS_MAX: usize = 4000;
/// Length of a category's name in characters.
pub const CATEGORY_CHARS_MAX: usize = 60;
/// Categories of active products.
pub const CATEGORIES_MAX: u64 = 1000;
/// Products in one quote.
pub const QUOTE_SKUS_MAX: usize = 200;
/// Lines in one import request.
pub const IMPORT_LINES_MAX: usize = 200;
/// Length of a search text in characters.
pub const SEARCH_CHARS_MAX: usize = 200;

/// Whether a product can be bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProductState {
    /// In sale.
    Active,
    /// Out of sale; kept for the orders that name it.
    Retired,
}

/// Shows one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GetProduct {
    /// Which.
    pub sku: Sku,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductView {
    /// Its number.
    pub sku: Sku,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Where it belongs.
    pub category: String,
    /// What one piece costs.
    pub price: Money,
    /// Whether it can be bought.
    pub state: ProductState,
    /// Counts its changes, from 1.
    pub version: u64,
    /// When it was last changed.
    pub changed_at: Timestamp,
}

/// Lists products by sku.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListProducts {
    /// Only of this category.
    #[serde(default)]
    pub category: Option<String>,
    /// Retired ones too.
    #[serde(default)]
    pub retired: bool,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// Finds active products.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchProducts {
    /// What a person typed; any text is safe. A product must have every word of it. The last word
    /// may be the beginning of one, and so may any that has three characters.
    pub text: String,
    /// Only of this category.
    #[serde(default)]
    pub category: Option<String>,
    /// Where the page before ended, as its `next` says.
    #[serde(default)]
    pub after: Option<String>,
    /// At most so many, 50 if not said, 200 at most.
    #[serde(default)]
    pub limit: Option<u32>,
}

/// A page of products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductPage {
    /// The products.
    pub items: Vec<ProductView>,
    /// To be sent as `after` for the next page; none on the last.
    pub next: Option<String>,
}

/// Lists the categories.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListCategories {}

/// The categories, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Categories {
    /// Each with how many active products it has.
    pub items: Vec<CategoryView>,
}

/// A category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryView {
    /// Its name.
    pub name: String,
    /// How many active products it has.
    pub products: u64,
}

/// Asks for prices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QuotePrices {
    /// Of which products; at most 200. One that is named twice is told once.
    pub skus: Vec<Sku>,
}

/// The prices now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quotes {
    /// One for each product that can be bought, in the order asked.
    pub items: Vec<Quote>,
    /// Those that cannot.
    pub missing: Vec<MissingProduct>,
}

/// The price of one product now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The product.
    pub sku: Sku,
    /// Its name.
    pub name: String,
    /// What one piece costs.
    pub price: Money,
    /// The version of the product this was read from.
    pub version: u64,
}

/// A product that cannot be bought.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingProduct {
    /// Its number.
    pub sku: Sku,
    /// `unknown` or `retired`.
    pub why: String,
}

/// Creates or changes a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PutProduct {
    /// Its number.
    pub sku: Sku,
    /// Its name.
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// Where it belongs.
    pub category: String,
    /// What one piece costs.
    pub price: Money,
    /// The version that was read; refused if it has changed since. 0: it must not exist yet.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// Takes a product out of sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetireProduct {
    /// Which.
    pub sku: Sku,
    /// The version that was read; refused if it has changed since.
    #[serde(default)]
    pub expected_version: Option<u64>,
}

/// Creates and changes many products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportProducts {
    /// The lines; at most 200. Of several lines for one product the first that is accepted counts,
    /// and the others are refused.
    pub lines: Vec<ImportLine>,
}

/// A line of a list of products, as it was written: nothing of it has been checked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportLine {
    /// Where it stands in the file, from 1.
    pub line: u64,
    /// The product's number.
    #[serde(default)]
    pub sku: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// What it is.
    #[serde(default)]
    pub description: String,
    /// Where it belongs.
    #[serde(default)]
    pub category: String,
    /// What one piece costs, in major units: `12.90`.
    #[serde(default)]
    pub price: String,
    /// The currency.
    #[serde(default)]
    pub currency: String,
}

/// What became of the lines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Products that were new.
    pub created: u64,
    /// Products that were changed.
    pub changed: u64,
    /// Products that were like that already.
    pub unchanged: u64,
    /// Lines that were refused.
    pub refused: Vec<RefusedLine>,
}

/// A line that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedLine {
    /// Where it stands in the file, from 1.
    pub line: u64,
    /// The product's number, as it was written.
    pub sku: String,
    /// Why, for programs.
    pub reason: String,
    /// Why, for people.
    pub message: String,
}

/// A product was created or changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductChanged {
    /// Its number.
    pub sku: Sku,
    /// Its name now.
    pub name: String,
    /// Where it belongs now.
    pub category: String,
    /// What one piece costs now.
    pub price: Money,
    /// Counts its changes, from 1.
    pub version: u64,
    /// What it is now; none in events from before it was told.
    #[serde(default)]
    pub description: Option<String>,
}

/// A product was taken out of sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRetired {
    /// Its number.
    pub sku: Sku,
    /// Counts its changes, from 1.
    pub version: u64,
}
