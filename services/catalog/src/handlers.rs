//! What others may ask of the catalog.

use std::collections::{BTreeMap, HashSet};

use contracts::Sku;
use contracts::catalog::{
    CATEGORIES_MAX, Categories, GetProduct, IMPORT_LINES_MAX, ImportProducts, ImportReport, ListCategories,
    ListProducts, MissingProduct, ProductPage, ProductState, ProductView, PutProduct, QUOTE_SKUS_MAX, Quote,
    QuotePrices, Quotes, RetireProduct, SearchProducts,
};
use kit::{Ctx, Result, Sql, Tx, page};

use crate::import::Import;
use crate::product::{Content, Outcome, Product, check_version};
use crate::refusal::Refusal;
use crate::search::{Place, Search};
use crate::store::{self, Shown};

/// Shows one product, also if it is retired.
pub async fn get_product(ctx: Ctx, asked: GetProduct) -> Result<ProductView> {
    let product = ctx.look_up(move |sql| get(sql, &asked.sku)).await?;
    Ok(product.into_view())
}

/// Lists products by sku.
pub async fn list_products(ctx: Ctx, asked: ListProducts) -> Result<ProductPage> {
    let limit = page::limit(asked.limit)?;
    let after: Option<Sku> = page::after(asked.after.as_deref())?;
    let shown = Shown { category: asked.category, retired: asked.retired };
    let found = ctx.read(move |sql| store::list_products(sql, &shown, after.as_ref(), limit + 1)).await?;
    let (items, next) = page::cut(found.into_iter().map(Product::into_view), limit, |last| last.sku.clone());
    Ok(ProductPage { items, next })
}

/// Finds active products by words, the best first.
pub async fn search_products(ctx: Ctx, asked: SearchProducts) -> Result<ProductPage> {
    let limit = page::limit(asked.limit)?;
    let after: Option<Place> = page::after(asked.after.as_deref())?;
    let Some(search) = Search::of(&asked.text, asked.category)? else {
        return Ok(ProductPage { items: vec![], next: None });
    };
    let found = ctx.read(move |sql| store::search_products(sql, &search, after.as_ref(), limit + 1)).await?;
    let (ranks, products): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    let (items, next) =
        page::cut(products.into_iter().map(Product::into_view), limit, |last| last.sku.clone());
    let last = next.and_then(|_| Some((items.last()?, ranks.get(items.len() - 1)?)));
    let next = last.map(|(last, rank)| Place { rank: *rank, sku: last.sku.clone() }.to_string());
    Ok(ProductPage { items, next })
}

/// Lists the categories of active products.
pub async fn list_categories(ctx: Ctx, _: ListCategories) -> Result<Categories> {
    let items = ctx.read(store::list_categories).await?;
    Ok(Categories { items })
}

/// Tells what some products cost at this moment.
pub async fn quote_prices(ctx: Ctx, asked: QuotePrices) -> Result<Quotes> {
    let mut skus = asked.skus;
    if skus.len() > QUOTE_SKUS_MAX {
        return Err(Refusal::TooManySkus(skus.len()).into());
    }
    let mut named = HashSet::new();
    skus.retain(|sku| named.insert(sku.clone()));
    let wanted = skus.clone();
    let found = ctx.look_up(move |sql| store::find_products(sql, &wanted)).await?;
    Ok(quotes(skus, found))
}

/// Creates a product, or changes it, or brings it back into sale.
pub async fn put_product(ctx: Ctx, asked: PutProduct) -> Result<ProductView> {
    let PutProduct { sku, name, description, category, price, expected_version } = asked;
    let content = Content::of(&sku, &name, &description, &category, price)?;
    ctx.write(move |tx| {
        let outcome = put(tx, sku, content, expected_version)?;
        if let Outcome::Created(product) | Outcome::Changed(product) = &outcome {
            let Product { sku, version, content: Content { price, .. }, .. } = product;
            tracing::info!(product.sku = %sku, "Product {sku} is at version {version} now, for {price}");
        }
        Ok(outcome.into_product().into_view())
    })
    .await
}

/// Takes a product out of sale.
pub async fn retire_product(ctx: Ctx, asked: RetireProduct) -> Result<ProductView> {
    ctx.write(move |tx| {
        let known = get(tx, &asked.sku)?;
        check_version(&known.sku, asked.expected_version, Some(&known))?;
        let outcome = known.retire(tx.now());
        if let Outcome::Changed(product) = &outcome {
            store::save_product(tx, product)?;
            tx.emit(&product.retired())?;
            tracing::info!(product.sku = %product.sku, "Product {} was taken out of sale", product.sku);
        }
        Ok(outcome.into_product().into_view())
    })
    .await
}

/// Puts a product for every line that says one, all in one transaction.
pub async fn import_products(ctx: Ctx, asked: ImportProducts) -> Result<ImportReport> {
    if asked.lines.len() > IMPORT_LINES_MAX {
        return Err(Refusal::TooManyLines(asked.lines.len()).into());
    }
    ctx.write(move |tx| {
        let mut import = Import::default();
        for line in asked.lines {
            import.take(line, |sku, content| put(tx, sku, content, None))?;
        }
        let report = import.into_report();
        let ImportReport { created, changed, unchanged, refused } = &report;
        let refused = refused.len();
        tracing::info!(
            "An import created {created}, changed {changed}, left {unchanged} and refused {refused}"
        );
        Ok(report)
    })
    .await
}

fn get(sql: &Sql<'_>, sku: &Sku) -> Result<Product> {
    let found = store::find_product(sql, sku)?;
    Ok(found.ok_or_else(|| Refusal::UnknownSku(sku.clone()))?)
}

/// Refuses before it writes anything, so that a line of an import can be left out.
fn put(tx: &mut Tx<'_>, sku: Sku, content: Content, expected_version: Option<u64>) -> Result<Outcome> {
    let known = store::find_product(tx, &sku)?;
    check_version(&sku, expected_version, known.as_ref())?;
    let outcome = Product::put(known, sku, content, tx.now());
    if let Outcome::Created(product) | Outcome::Changed(product) = &outcome {
        let category = &product.content.category;
        if !store::has_category(tx, category)? && store::count_categories(tx)? >= CATEGORIES_MAX {
            return Err(Refusal::TooManyCategories(category.clone()).into());
        }
        store::save_product(tx, product)?;
        tx.emit(&product.changed())?;
    }
    Ok(outcome)
}

fn quotes(skus: Vec<Sku>, mut found: BTreeMap<Sku, Product>) -> Quotes {
    let mut quotes = Quotes { items: vec![], missing: vec![] };
    for sku in skus {
        let why = match found.remove(&sku) {
            Some(Product { content, version, state: ProductState::Active, .. }) => {
                quotes.items.push(Quote { sku, name: content.name, price: content.price, version });
                continue;
            }
            Some(_) => "retired",
            None => "unknown",
        };
        quotes.missing.push(MissingProduct { sku, why: why.into() });
    }
    quotes
}
