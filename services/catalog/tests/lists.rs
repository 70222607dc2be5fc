//! Lists of products and of categories, a page at a time.

use contracts::catalog::{
    CATEGORIES_MAX, CategoryView, DESCRIPTION_CHARS_MAX, ListCategories, ListProducts, NAME_CHARS_MAX,
    ProductPage, PutProduct, reason as why,
};

use crate::{Catalog, line, mug, reason, skus};

async fn page(catalog: &Catalog, list: &ListProducts) -> ProductPage {
    catalog.0.ask(list).await.unwrap()
}

/// Every product of a list, page after page, and how many pages that took.
async fn all(catalog: &Catalog, mut list: ListProducts) -> (Vec<String>, usize) {
    let (mut found, mut pages) = (Vec::new(), 0);
    loop {
        let page = page(catalog, &list).await;
        found.extend(skus(&page));
        pages += 1;
        let Some(next) = page.next else {
            return (found, pages);
        };
        list.after = Some(next);
    }
}

async fn categories(catalog: &Catalog) -> Vec<CategoryView> {
    catalog.0.ask(&ListCategories {}).await.unwrap().items
}

#[tokio::test]
async fn an_empty_catalog_has_one_empty_page() {
    let catalog = Catalog::empty();
    assert_eq!(page(&catalog, &ListProducts::default()).await, ProductPage { items: vec![], next: None });
    assert_eq!(categories(&catalog).await, []);
}

#[tokio::test]
async fn a_list_goes_by_sku_and_an_exact_page_has_no_next_one() {
    let catalog = Catalog::of(&[("c", "C", "X", ""), ("a", "A", "X", ""), ("b", "B", "Y", "")]).await;
    let three = page(&catalog, &ListProducts { limit: Some(3), ..Default::default() }).await;
    assert_eq!((skus(&three), three.next), (vec!["a".into(), "b".into(), "c".into()], None));
    let two = page(&catalog, &ListProducts { limit: Some(2), ..Default::default() }).await;
    assert_eq!(skus(&two), ["a", "b"]);
    let rest = page(&catalog, &ListProducts { after: two.next, ..Default::default() }).await;
    assert_eq!((skus(&rest), rest.next), (vec!["c".into()], None));
}

#[tokio::test]
async fn retired_products_are_listed_only_if_asked_for() {
    let catalog = Catalog::of(&[("a", "A", "X", ""), ("b", "B", "X", ""), ("c", "C", "Y", "")]).await;
    catalog.retire("a").await.unwrap();
    let listed = |category: Option<&str>, retired| {
        all(&catalog, ListProducts { category: category.map(Into::into), retired, ..Default::default() })
    };
    assert_eq!(listed(None, false).await.0, ["b", "c"]);
    assert_eq!(listed(None, true).await.0, ["a", "b", "c"]);
    assert_eq!(listed(Some("X"), false).await.0, ["b"]);
    assert_eq!(listed(Some("X"), true).await.0, ["a", "b"]);
    assert!(listed(Some(""), true).await.0.is_empty());
    assert!(listed(Some("X' OR '1'='1"), true).await.0.is_empty());
}

#[tokio::test]
async fn a_thousand_products_and_one_are_each_listed_once() {
    let catalog = Catalog::empty();
    let wanted: Vec<String> = (0..1001).map(|number| format!("p{number:04}")).collect();
    for lines in wanted.chunks(200) {
        catalog.import(lines.iter().map(|sku| line(1, sku)).collect()).await;
    }
    let (found, pages) = all(&catalog, ListProducts { limit: Some(200), ..Default::default() }).await;
    assert_eq!((found == wanted, pages), (true, 6));
    let (found, pages) = all(&catalog, ListProducts { limit: Some(143), ..Default::default() }).await;
    assert_eq!((found == wanted, pages), (true, 7));
    assert_eq!(all(&catalog, ListProducts::default()).await.1, 21);
}

#[tokio::test]
async fn the_heaviest_page_fits_a_message() {
    let catalog = Catalog::empty();
    let description = "\"\u{1F375}".repeat(DESCRIPTION_CHARS_MAX / 2);
    let heavy = |number: usize| PutProduct {
        description: description.clone(),
        ..mug(&format!("p{number:04}"), &"\"".repeat(NAME_CHARS_MAX))
    };
    for number in 0..=200 {
        catalog.put(heavy(number)).await.unwrap();
    }
    let mut list = ListProducts { limit: Some(200), ..Default::default() };
    let heaviest = page(&catalog, &list).await;
    assert!((1..200).contains(&heaviest.items.len()));
    assert!(serde_json::to_vec(&heaviest).unwrap().len() < 700_000);
    list.after = heaviest.next;
    assert_eq!(heaviest.items.len() + all(&catalog, list).await.0.len(), 201);
}

#[tokio::test]
async fn a_product_that_comes_between_two_pages_moves_nothing() {
    let catalog = Catalog::of(&[("b", "B", "X", ""), ("d", "D", "X", ""), ("f", "F", "X", "")]).await;
    let first = page(&catalog, &ListProducts { limit: Some(2), ..Default::default() }).await;
    catalog.put(mug("a", "A")).await.unwrap();
    catalog.put(mug("e", "E")).await.unwrap();
    catalog.retire("d").await.unwrap();
    let second = page(&catalog, &ListProducts { after: first.next, ..Default::default() }).await;
    assert_eq!(skus(&second), ["e", "f"]);
}

#[tokio::test]
async fn a_category_counts_the_products_that_can_be_bought() {
    let catalog = Catalog::of(&[("a", "A", "Tea", ""), ("b", "B", "Tea", ""), ("c", "C", "Cups", "")]).await;
    let view = |name: &str, products| CategoryView { name: name.into(), products };
    assert_eq!(categories(&catalog).await, [view("Cups", 1), view("Tea", 2)]);
    catalog.retire("a").await.unwrap();
    catalog.put(PutProduct { category: "Pots".into(), ..mug("c", "C") }).await.unwrap();
    assert_eq!(categories(&catalog).await, [view("Pots", 1), view("Tea", 1)]);
}

#[tokio::test]
async fn there_are_never_more_categories_than_can_be_listed() {
    let catalog = Catalog::empty();
    let lines: Vec<_> = (1..=CATEGORIES_MAX)
        .map(|number| contracts::catalog::ImportLine {
            category: format!("C{number}"),
            ..line(number, &format!("p{number}"))
        })
        .collect();
    for lines in lines.chunks(200) {
        assert_eq!(catalog.import(lines.to_vec()).await.created, 200);
    }
    let other = || PutProduct { category: "Other".into(), ..mug("mug", "Mug") };
    assert_eq!(reason(catalog.put(other()).await), why::TOO_MANY_CATEGORIES);
    assert_eq!(reason(catalog.get("mug").await), why::UNKNOWN_SKU);
    let listed = categories(&catalog).await;
    assert_eq!(listed.len() as u64, CATEGORIES_MAX);
    assert!(catalog.put(PutProduct { category: "C7".into(), ..mug("mug", "Mug") }).await.is_ok());
    catalog.retire("p1").await.unwrap();
    assert_eq!(catalog.put(other()).await.unwrap().category, "Other");
}
