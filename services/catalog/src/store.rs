//! The SQL of the catalog.

use std::collections::BTreeMap;

use contracts::catalog::{CATEGORIES_MAX, CategoryView, ProductState};
use contracts::{Money, Sku};
use kit::page::invalid_cursor;
use kit::sql::{checked, parsed, time};
use kit::{Error, Result, Sql, Tx};
use rusqlite::{Row, named_params};

use crate::product::{Content, Product};
use crate::search::{Place, Rank, Search};

const FIND_PRODUCT: &str = "
    SELECT sku, name, description, category, amount, currency, state, version, changed_at_ms
    FROM products
    WHERE sku = ?1";

/// A product, retired or not.
pub fn find_product(sql: &Sql<'_>, sku: &Sku) -> Result<Option<Product>> {
    sql.find(FIND_PRODUCT, [sku.as_str()], product)
}

// One statement, so that all prices are of the same moment.
const FIND_PRODUCTS: &str = "
    SELECT sku, name, description, category, amount, currency, state, version, changed_at_ms
    FROM json_each(?1) AS asked
    CROSS JOIN products ON products.sku = asked.value";

/// Those of some products that there are, retired or not.
pub fn find_products(sql: &Sql<'_>, skus: &[Sku]) -> Result<BTreeMap<Sku, Product>> {
    let asked = serde_json::to_string(skus)
        .map_err(|error| Error::internal("skus cannot be written").caused_by(error))?;
    let found = sql.list(FIND_PRODUCTS, [asked], product)?;
    Ok(found.into_iter().map(|product| (product.sku.clone(), product)).collect())
}

/// Which products a list shows.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Those of one category only.
    pub category: Option<String>,
    /// The retired ones too.
    pub retired: bool,
}

/// The statement for each kind of list: every one of them walks along an index of its own.
fn list_products_sql(shown: &Shown) -> String {
    // The parameter is named in each, because binding one that a statement does not have fails.
    let filter = match (&shown.category, shown.retired) {
        (None, false) => ":category IS NULL AND state = 'active'",
        (None, true) => ":category IS NULL",
        (Some(_), false) => "category = :category AND state = 'active'",
        (Some(_), true) => "category = :category",
    };
    format!(
        "SELECT sku, name, description, category, amount, currency, state, version, changed_at_ms
         FROM products
         WHERE {filter} AND sku > :after
         ORDER BY sku
         LIMIT :rows_max"
    )
}

/// Some products by sku, behind one.
pub fn list_products(
    sql: &Sql<'_>,
    shown: &Shown,
    after: Option<&Sku>,
    rows_max: usize,
) -> Result<Vec<Product>> {
    let params = named_params! {
        ":category": shown.category,
        ":after": after.map_or("", Sku::as_str),
        ":rows_max": rows_max,
    };
    sql.list(&list_products_sql(shown), params, product)
}

// The index walks in the order of its rows, so that a page is over when it is full.
const SEARCH_PRODUCTS: &str = "
    SELECT products.sku, products.name, products.description, products.category, amount, currency, state,
           version, changed_at_ms
    FROM product_words
    CROSS JOIN products ON products.id = product_words.rowid
    WHERE product_words MATCH :query AND product_words.rowid > :after AND product_words.rowid <> :exact
      AND (:category IS NULL OR products.category = :category)
    ORDER BY product_words.rowid
    LIMIT :rows_max";

/// Some active products that match, the best first, behind one.
///
/// # Errors
/// `invalid_cursor` if there is no such place.
pub fn search_products(
    sql: &Sql<'_>,
    search: &Search,
    after: Option<&Place>,
    rows_max: usize,
) -> Result<Vec<(Rank, Product)>> {
    let category = search.category.as_deref();
    let exact = search.sku.as_ref().map(|sku| find_number(sql, sku)).transpose()?.flatten();
    let only_said = after.is_none() && !has_words(sql, &search.query_before_said())?;
    let (first, mut behind) = match after {
        None => (Rank::Sku, 0),
        Some(place) => (place.rank, find_number(sql, &place.sku)?.ok_or_else(invalid_cursor)?),
    };
    let mut found = Vec::new();
    let skipped = |rank: Rank| rank < first || (only_said && (Rank::Begins..Rank::Said).contains(&rank));
    for rank in Rank::ALL.into_iter().filter(|rank| !skipped(*rank)) {
        let products = match (search.query(rank), &search.sku) {
            (None, Some(sku)) if behind == 0 => find_product(sql, sku)?
                .filter(|product| product.is_active())
                .filter(|product| category.is_none_or(|category| product.content.category == category))
                .into_iter()
                .collect(),
            (None, _) => vec![],
            (Some(query), _) => sql.list(
                SEARCH_PRODUCTS,
                named_params! {
                    ":query": query,
                    ":after": behind,
                    ":exact": exact.unwrap_or(0),
                    ":category": category,
                    ":rows_max": rows_max - found.len(),
                },
                product,
            )?,
        };
        found.extend(products.into_iter().map(|product| (rank, product)));
        if found.len() >= rows_max {
            break;
        }
        behind = 0;
    }
    Ok(found)
}

fn has_words(sql: &Sql<'_>, query: &str) -> Result<bool> {
    let found =
        sql.find("SELECT 1 FROM product_words WHERE product_words MATCH ?1 LIMIT 1", [query], |_| Ok(()))?;
    Ok(found.is_some())
}

/// The number of the row of a product, by which its words are found. It stays for ever.
fn find_number(sql: &Sql<'_>, sku: &Sku) -> Result<Option<i64>> {
    sql.find("SELECT id FROM products WHERE sku = ?1", [sku.as_str()], |row| row.get("id"))
}

const LIST_CATEGORIES: &str = "
    SELECT category, count(*)
    FROM products
    WHERE state = 'active'
    GROUP BY category
    ORDER BY category
    LIMIT ?1";

/// The categories of active products, by name.
pub fn list_categories(sql: &Sql<'_>) -> Result<Vec<CategoryView>> {
    sql.list(LIST_CATEGORIES, [CATEGORIES_MAX], |row| {
        Ok(CategoryView { name: row.get(0)?, products: row.get(1)? })
    })
}

const HAS_CATEGORY: &str = "SELECT 1 FROM products WHERE state = 'active' AND category = ?1 LIMIT 1";

/// Whether an active product is of this category.
pub fn has_category(sql: &Sql<'_>, category: &str) -> Result<bool> {
    Ok(sql.find(HAS_CATEGORY, [category], |_| Ok(()))?.is_some())
}

const COUNT_CATEGORIES: &str = "SELECT count(DISTINCT category) FROM products WHERE state = 'active'";

/// How many categories active products have.
pub fn count_categories(sql: &Sql<'_>) -> Result<u64> {
    sql.get(COUNT_CATEGORIES, [], |row| row.get(0))
}

/// Writes a product as it is now. Its words follow by themselves.
pub fn save_product(tx: &Tx<'_>, product: &Product) -> Result<()> {
    let Content { name, description, category, price } = &product.content;
    tx.execute(
        "INSERT INTO products (sku, name, description, category, amount, currency, state, version, changed_at_ms)
         VALUES (:sku, :name, :description, :category, :amount, :currency, :state, :version, :changed_at_ms)
         ON CONFLICT (sku) DO UPDATE SET
             name = excluded.name,
             description = excluded.description,
             category = excluded.category,
             amount = excluded.amount,
             currency = excluded.currency,
             state = excluded.state,
             version = excluded.version,
             changed_at_ms = excluded.changed_at_ms",
        named_params! {
            ":sku": product.sku.as_str(),
            ":name": name,
            ":description": description,
            ":category": category,
            ":amount": price.amount(),
            ":currency": price.currency().code(),
            ":state": if product.is_active() { "active" } else { "retired" },
            ":version": product.version,
            ":changed_at_ms": product.changed_at.as_millisecond(),
        },
    )?;
    Ok(())
}

fn product(row: &Row<'_>) -> rusqlite::Result<Product> {
    let currency = parsed(row, "currency")?;
    Ok(Product {
        sku: parsed(row, "sku")?,
        content: Content {
            name: row.get("name")?,
            description: row.get("description")?,
            category: row.get("category")?,
            price: checked(row, "amount", |amount| Money::new(amount, currency))?,
        },
        state: match row.get_ref("state")?.as_str()? {
            "active" => ProductState::Active,
            _ => ProductState::Retired,
        },
        version: row.get("version")?,
        changed_at: time(row, "changed_at_ms")?,
    })
}

#[cfg(test)]
mod tests {
    use contracts::catalog::{ImportLine, ImportProducts};
    use kit::testing::{Scratch, steps};
    use rusqlite::Params;

    use super::*;

    /// What SQLite would do for a statement, step by step.
    fn plan(statement: &str, params: impl Params) -> Vec<String> {
        let scratch = Scratch::of(crate::service());
        let explain = format!("EXPLAIN QUERY PLAN {statement}");
        scratch.sql(|sql| sql.list(&explain, params, |row| row.get("detail"))).unwrap()
    }

    #[test]
    fn every_list_walks_along_an_index_of_its_own_and_sorts_nothing() {
        for (category, retired, index) in [
            (None, false, "products_active (sku>?)"),
            (None, true, "sqlite_autoindex_products_1 (sku>?)"),
            (Some("Kitchen"), false, "products_active_by_category (category=? AND sku>?)"),
            (Some("Kitchen"), true, "products_by_category (category=? AND sku>?)"),
        ] {
            let shown = Shown { category: category.map(str::to_owned), retired };
            let params = named_params! { ":category": category, ":after": "", ":rows_max": 51 };
            assert_eq!(
                plan(&list_products_sql(&shown), params),
                [format!("SEARCH products USING INDEX {index}")]
            );
        }
    }

    #[test]
    fn one_product_and_the_prices_of_many_are_looked_up() {
        let by_sku = "SEARCH products USING INDEX sqlite_autoindex_products_1 (sku=?)";
        assert_eq!(plan(FIND_PRODUCT, ["mug-blue"]), [by_sku]);
        assert_eq!(plan(FIND_PRODUCTS, ["[]"]), ["SCAN asked VIRTUAL TABLE INDEX 1:", by_sku]);
    }

    #[test]
    fn categories_are_counted_without_reading_a_product() {
        let index = "products USING COVERING INDEX products_active_by_category";
        assert_eq!(plan(LIST_CATEGORIES, [1000]), [format!("SCAN {index}")]);
        assert_eq!(plan(COUNT_CATEGORIES, []), [format!("SCAN {index}")]);
        assert_eq!(plan(HAS_CATEGORY, ["Kitchen"]), [format!("SEARCH {index} (category=?)")]);
    }

    #[test]
    fn a_search_goes_from_the_words_to_the_products_and_sorts_nothing() {
        let params = named_params! {
            ":query": "mug", ":after": 1, ":exact": 0, ":category": "", ":rows_max": 51
        };
        let plan = plan(SEARCH_PRODUCTS, params);
        assert!(plan[0].starts_with("SCAN product_words VIRTUAL TABLE INDEX "), "{plan:#?}");
        assert_eq!(plan[1..], ["SEARCH products USING INTEGER PRIMARY KEY (rowid=?)"], "{plan:#?}");
    }

    #[tokio::test]
    async fn a_page_of_a_search_costs_the_same_however_many_products_match() {
        let scratch = Scratch::of(crate::service());
        let mut costs = Vec::new();
        for hundred in 0..8 {
            let lines = (hundred * 100..(hundred + 1) * 100).map(|number| ImportLine {
                line: number,
                sku: format!("p{number}"),
                name: "Mug".into(),
                category: "Kitchen".into(),
                description: "Holds 350 ml.".into(),
                price: "12.90".into(),
                currency: "EUR".into(),
            });
            scratch.ask(&ImportProducts { lines: lines.collect() }).await.unwrap();
            let params = named_params! {
                ":query": "mug", ":after": 1, ":exact": 0, ":category": "Kitchen", ":rows_max": 51
            };
            costs.push(scratch.sql(|sql| steps(sql, SEARCH_PRODUCTS, params)).unwrap());
        }
        assert!(costs.iter().all(|cost| *cost == costs[0]), "{costs:?}");
    }
}
