//! Importing a list of products.

use contracts::catalog::{
    IMPORT_LINES_MAX, ImportLine, ImportProducts, ImportReport, ProductChanged, ProductState, reason as why,
};

use crate::{Catalog, line, reason};

#[tokio::test]
async fn a_list_imported_twice_changes_nothing_the_second_time() {
    let catalog = Catalog::empty();
    let lines: Vec<_> = (1..=150).map(|number| line(number, &format!("p{number}"))).collect();
    let first = catalog.import(lines.clone()).await;
    assert_eq!(first, ImportReport { created: 150, ..Default::default() });
    let second = catalog.import(lines).await;
    assert_eq!(second, ImportReport { unchanged: 150, ..Default::default() });
    assert_eq!(catalog.0.told_of::<ProductChanged>().len(), 150);
    catalog.index_is_sound();
}

#[tokio::test]
async fn refused_lines_leave_the_others_alone_and_are_reported_with_what_was_written() {
    let catalog = Catalog::empty();
    let report = catalog
        .import(vec![
            line(2, "good"),
            line(3, "not good"),
            ImportLine { price: "12,90".into(), ..line(4, "comma") },
            ImportLine { currency: "JPY".into(), ..line(5, "yen") },
            ImportLine { name: String::new(), ..line(6, "nameless") },
            ImportLine { currency: "JPY".into(), price: "1290".into(), ..line(7, "good-too") },
        ])
        .await;
    assert_eq!((report.created, report.changed, report.unchanged), (2, 0, 0));
    let refused: Vec<_> =
        report.refused.iter().map(|line| (line.line, &*line.sku, &*line.reason, &*line.message)).collect();
    assert_eq!(
        refused,
        [
            (
                3,
                "not good",
                "invalid_sku",
                "a sku must be 1 to 64 letters, digits, - or _, and begin with a letter or digit"
            ),
            (
                4,
                "comma",
                "invalid_amount",
                "an amount must be a decimal number with at most 2 digits behind the point"
            ),
            (
                5,
                "yen",
                "invalid_amount",
                "an amount must be a decimal number with at most 0 digits behind the point"
            ),
            (6, "nameless", "invalid_text", "the name of nameless is empty"),
        ]
    );
    assert_eq!(catalog.get("good").await.unwrap().price.to_string(), "12.90 EUR");
    assert_eq!(catalog.get("good-too").await.unwrap().price.to_string(), "1290 JPY");
    assert_eq!(reason(catalog.get("comma").await), why::UNKNOWN_SKU);
}

#[tokio::test]
async fn an_import_changes_what_differs_and_brings_back_what_was_retired() {
    let catalog = Catalog::empty();
    catalog.import(vec![line(1, "same"), line(2, "dearer"), line(3, "back")]).await;
    catalog.retire("back").await.unwrap();
    let lines =
        vec![line(1, "same"), ImportLine { price: "15".into(), ..line(2, "dearer") }, line(3, "back")];
    let report = catalog.import(lines).await;
    assert_eq!(report, ImportReport { changed: 2, unchanged: 1, ..Default::default() });
    assert_eq!(catalog.get("back").await.unwrap().state, ProductState::Active);
    assert_eq!(catalog.search("mug").await.len(), 3);
}

#[tokio::test]
async fn two_lines_for_one_product_do_not_change_it_back_and_forth() {
    let catalog = Catalog::empty();
    let lines = vec![line(1, "mug"), ImportLine { price: "15".into(), ..line(2, "mug") }];
    for _ in 0..2 {
        let report = catalog.import(lines.clone()).await;
        assert_eq!((report.refused.len(), &*report.refused[0].reason), (1, why::REPEATED_SKU));
    }
    assert_eq!(catalog.get("mug").await.unwrap().version, 1);
    assert_eq!(catalog.0.told().len(), 1);
}

#[tokio::test]
async fn an_import_sent_again_under_its_key_gives_the_same_report() {
    let catalog = Catalog::empty();
    let import = ImportProducts { lines: vec![line(1, "mug"), line(2, "*")] };
    let first = catalog.0.ask_as("k1", &import).await.unwrap();
    assert_eq!(catalog.0.ask_as("k1", &import).await.unwrap(), first);
    assert_eq!(first.created, 1);
}

#[tokio::test]
async fn an_import_is_neither_endless_nor_must_it_have_a_line() {
    let catalog = Catalog::empty();
    assert_eq!(catalog.import(vec![]).await, ImportReport::default());
    let lines: Vec<_> = (0..=IMPORT_LINES_MAX).map(|number| line(1, &format!("p{number}"))).collect();
    assert_eq!(reason(catalog.0.ask(&ImportProducts { lines }).await), why::TOO_MANY_LINES);
    assert!(catalog.0.told().is_empty());
}
