//! Examples of what catalog says.

use jiff::Timestamp;
use kit::Example;

use crate::catalog::{
    Categories, CategoryView, GetProduct, ImportLine, ImportProducts, ImportReport, ListCategories,
    ListProducts, ProductChanged, ProductPage, ProductRetired, ProductState, ProductView, PutProduct, Quote,
    QuotePrices, Quotes, RetireProduct, SearchProducts,
};
use crate::{Currency, Money, Sku};

impl Example for ProductView {
    fn example() -> Self {
        Self {
            sku: Sku::example(),
            name: "Mug, blue".into(),
            description: "Stoneware, 300 ml.".into(),
            category: "Kitchen".into(),
            price: Money::example(),
            state: ProductState::Active,
            version: 1,
            changed_at: Timestamp::UNIX_EPOCH,
        }
    }
}

impl Example for GetProduct {
    fn example() -> Self {
        Self { sku: Sku::example() }
    }
}

impl Example for ListProducts {
    fn example() -> Self {
        Self { limit: Some(50), ..Self::default() }
    }
}

impl Example for SearchProducts {
    fn example() -> Self {
        Self { text: "blue mu".into(), ..Self::default() }
    }
}

impl Example for ProductPage {
    fn example() -> Self {
        Self { items: vec![ProductView::example()], next: None }
    }
}

impl Example for ListCategories {
    fn example() -> Self {
        Self {}
    }
}

impl Example for Categories {
    fn example() -> Self {
        Self { items: vec![CategoryView { name: "Kitchen".into(), products: 12 }] }
    }
}

impl Example for QuotePrices {
    fn example() -> Self {
        Self { skus: vec![Sku::example()] }
    }
}

impl Example for Quotes {
    fn example() -> Self {
        let quote =
            Quote { sku: Sku::example(), name: "Mug, blue".into(), price: Money::example(), version: 1 };
        Self { items: vec![quote], missing: vec![] }
    }
}

impl Example for PutProduct {
    fn example() -> Self {
        let ProductView { sku, name, description, category, price, .. } = ProductView::example();
        Self { sku, name, description, category, price, expected_version: None }
    }
}

impl Example for RetireProduct {
    fn example() -> Self {
        Self { sku: Sku::example(), expected_version: Some(1) }
    }
}

impl Example for ImportProducts {
    fn example() -> Self {
        let line = ImportLine {
            line: 2,
            sku: "mug-blue".into(),
            name: "Mug, blue".into(),
            description: "Stoneware, 300 ml.".into(),
            category: "Kitchen".into(),
            price: "12.90".into(),
            currency: Currency::EUR.to_string(),
        };
        Self { lines: vec![line] }
    }
}

impl Example for ImportReport {
    fn example() -> Self {
        Self { created: 1, ..Self::default() }
    }
}

impl Example for ProductChanged {
    fn example() -> Self {
        let ProductView { sku, name, category, price, version, description, .. } = ProductView::example();
        Self { sku, name, category, price, version, description: Some(description) }
    }
}

impl Example for ProductRetired {
    fn example() -> Self {
        Self { sku: Sku::example(), version: 2 }
    }
}
