//! The SQL of the catalog.

use std::collections::BTreeMap;

use contracts::catalog::{CATEGORIES_MAX, CategoryView, ProductState};
use contracts::{Money, Sku};
use kit::sql::{checked, parsed, time};
use kit::{Error, Result, Sql, Tx};
use rusqlite::{Row, named_params};

use crate::product::{Content, Product};
use crate::search::Place;

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

// The weights are those of sku, name, category and description.
//
// A score depends on everything in the index, so all of them move a little when any product changes.
// That is why a page begins behind the product at which the page before ended, wherever that one
// stands now. If it is no longer found, its number says how far we were: the next one has moved up.
const SEARCH_PRODUCTS: &str = "
    WITH found AS MATERIALIZED (
        SELECT products.id, products.sku, bm25(product_words, 5.0, 10.0, 4.0, 1.0) AS score
        FROM product_words
        CROSS JOIN products ON products.id = product_words.rowid
        WHERE product_words MATCH :query AND (:category IS NULL OR products.category = :category)
    ), page AS MATERIALIZED (
        SELECT id, score
        FROM found
        ORDER BY score, sku
        LIMIT :rows_max OFFSET coalesce(
            (SELECT nullif(count(*), 0)
             FROM found AS last
             JOIN found AS shown ON (shown.score, shown.sku) <= (last.score, last.sku)
             WHERE last.sku = :after_sku),
            :after_number - 1,
            0)
    )
    SELECT sku, name, description, category, amount, currency, state, version, changed_at_ms
    FROM page
    CROSS JOIN products ON products.id = page.id
    ORDER BY score, sku";

/// Some active products that match, the best first, behind one.
pub fn search_products(
    sql: &Sql<'_>,
    query: &str,
    category: Option<&str>,
    after: Option<&Place>,
    rows_max: usize,
) -> Result<Vec<Product>> {
    let params = named_params! {
        ":query": query,
        ":category": category,
        ":after_number": after.map(|place| place.number),
        ":after_sku": after.map(|place| place.sku.as_str()),
        ":rows_max": rows_max,
    };
    sql.list(SEARCH_PRODUCTS, params, product)
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
    use kit::testing::Scratch;
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
    fn a_search_goes_from_the_words_to_the_products() {
        let params = named_params! {
            ":query": "mug", ":category": "", ":after_number": 1, ":after_sku": "", ":rows_max": 51
        };
        let plan = plan(SEARCH_PRODUCTS, params);
        assert!(
            plan.iter().any(|step| step.starts_with("SCAN product_words VIRTUAL TABLE INDEX 0:M")),
            "{plan:#?}"
        );
        let looked_up = |step: &&String| step.contains("products USING") || step.contains("SCAN products");
        let products: Vec<_> = plan.iter().filter(looked_up).collect();
        assert_eq!(products, [&"SEARCH products USING INTEGER PRIMARY KEY (rowid=?)"; 2], "{plan:#?}");
    }
}
