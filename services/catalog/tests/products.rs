//! Putting, changing and retiring a product.

use std::time::Duration;

use contracts::catalog::{
    ProductChanged, ProductRetired, ProductState, PutProduct, RetireProduct, reason as why,
};
use kit::Kind;
use serde_json::json;

use crate::{Catalog, euros, mug, reason, sku};

const CHANGED: &str = "events.catalog.product_changed";
const RETIRED: &str = "events.catalog.product_retired";

#[tokio::test]
async fn a_product_is_shown_as_it_was_put() {
    let catalog = Catalog::empty();
    let put = catalog.put(mug("mug-blue", "Mug, blue")).await.unwrap();
    assert_eq!((put.version, put.state, put.changed_at), (1, ProductState::Active, catalog.0.now()));
    assert_eq!(catalog.get("mug-blue").await.unwrap(), put);
    let told = ProductChanged {
        sku: sku("mug-blue"),
        name: "Mug, blue".into(),
        category: "Kitchen".into(),
        price: euros(1290),
        version: 1,
        description: Some(put.description.clone()),
    };
    assert_eq!(catalog.0.told_of::<ProductChanged>(), [told]);
}

#[tokio::test]
async fn putting_the_same_again_changes_nothing_and_tells_nothing() {
    let catalog = Catalog::empty();
    let first = catalog.put(mug("mug-blue", "Mug, blue")).await.unwrap();
    catalog.0.advance(Duration::from_secs(60)).await;
    assert_eq!(catalog.put(mug("mug-blue", " Mug, blue ")).await.unwrap(), first);
    assert_eq!(catalog.0.told(), [CHANGED]);
}

#[tokio::test]
async fn a_change_counts_up_and_is_told() {
    let catalog = Catalog::empty();
    catalog.put(mug("mug-blue", "Mug, blue")).await.unwrap();
    catalog.0.advance(Duration::from_secs(60)).await;
    let cheaper = PutProduct { price: euros(990), ..mug("mug-blue", "Mug, blue") };
    let changed = catalog.put(cheaper).await.unwrap();
    assert_eq!((changed.version, changed.price, changed.changed_at), (2, euros(990), catalog.0.now()));
    let told = catalog.0.told_of::<ProductChanged>();
    assert_eq!((told.len(), told[1].version, told[1].price), (2, 2, euros(990)));
}

#[tokio::test]
async fn who_has_read_an_older_version_is_refused_and_nothing_is_lost() {
    let catalog = Catalog::empty();
    let read = catalog.put(mug("mug-blue", "Mug, blue")).await.unwrap().version;
    let edit = |name: &str, version| PutProduct { expected_version: Some(version), ..mug("mug-blue", name) };
    catalog.put(edit("Mug, deep blue", read)).await.unwrap();
    let refused = catalog.put(edit("Mug, light blue", read)).await.unwrap_err();
    assert_eq!((refused.kind, &*refused.reason), (Kind::Conflict, why::VERSION_CONFLICT));
    assert_eq!(refused.details, Some(json!({ "expected_version": 1, "version": 2 })));
    assert_eq!(catalog.get("mug-blue").await.unwrap().name, "Mug, deep blue");
    let stale = RetireProduct { sku: sku("mug-blue"), expected_version: Some(read) };
    assert_eq!(reason(catalog.0.ask(&stale).await), why::VERSION_CONFLICT);
    assert_eq!(catalog.0.told(), [CHANGED, CHANGED]);
}

#[tokio::test]
async fn version_zero_means_that_the_product_must_be_new() {
    let catalog = Catalog::empty();
    let new = || PutProduct { expected_version: Some(0), ..mug("mug-blue", "Mug, blue") };
    assert_eq!(catalog.put(new()).await.unwrap().version, 1);
    assert_eq!(reason(catalog.put(new()).await), why::VERSION_CONFLICT);
    catalog.retire("mug-blue").await.unwrap();
    assert_eq!(reason(catalog.put(new()).await), why::VERSION_CONFLICT);
    let edit = PutProduct { expected_version: Some(1), ..mug("mug-green", "Mug, green") };
    assert_eq!(reason(catalog.put(edit).await), why::VERSION_CONFLICT);
}

#[tokio::test]
async fn a_retired_product_can_still_be_read_and_comes_back_when_it_is_put() {
    let catalog = Catalog::empty();
    catalog.put(mug("mug-blue", "Mug, blue")).await.unwrap();
    let retired = catalog.retire("mug-blue").await.unwrap();
    assert_eq!((retired.state, retired.version), (ProductState::Retired, 2));
    assert_eq!(catalog.get("mug-blue").await.unwrap(), retired);
    assert_eq!(catalog.retire("mug-blue").await.unwrap(), retired);
    let back = catalog.put(mug("mug-blue", "Mug, blue")).await.unwrap();
    assert_eq!((back.state, back.version), (ProductState::Active, 3));
    assert_eq!(catalog.0.told(), [CHANGED, RETIRED, CHANGED]);
    assert_eq!(catalog.0.told_of::<ProductRetired>(), [ProductRetired { sku: sku("mug-blue"), version: 2 }]);
}

#[tokio::test]
async fn what_does_not_exist_can_be_neither_shown_nor_retired() {
    let catalog = Catalog::empty();
    for refused in [catalog.get("mug-blue").await, catalog.retire("mug-blue").await] {
        let refused = refused.unwrap_err();
        assert_eq!((refused.kind, &*refused.reason), (Kind::NotFound, why::UNKNOWN_SKU));
        assert_eq!(refused.message, "there is no product mug-blue");
    }
    assert!(catalog.0.told().is_empty());
}

#[tokio::test]
async fn a_request_that_comes_twice_under_one_key_is_answered_twice_and_done_once() {
    let catalog = Catalog::empty();
    let put = PutProduct { expected_version: Some(0), ..mug("mug-blue", "Mug, blue") };
    let first = catalog.0.ask_as("k1", &put).await.unwrap();
    assert_eq!(catalog.0.ask_as("k1", &put).await.unwrap(), first);
    assert_eq!(
        reason(catalog.0.ask_as("k1", &mug("mug-blue", "Mug, green")).await),
        "idempotency_key_reused"
    );
    assert_eq!(catalog.0.told(), [CHANGED]);
}

#[tokio::test]
async fn a_product_is_never_deleted() {
    let catalog = Catalog::empty();
    catalog.put(mug("mug-blue", "Mug, blue")).await.unwrap();
    assert!(catalog.0.sql(|sql| sql.find("DELETE FROM products", [], |_| Ok(()))).is_err());
    assert!(catalog.get("mug-blue").await.is_ok());
}
