//! What a person searches for, in a catalog: the lines are the cursor, the category, and the text.
#![no_main]

use std::sync::LazyLock;

use contracts::catalog::{ImportLine, ImportProducts, SearchProducts};
use kit::testing::Scratch;
use libfuzzer_sys::fuzz_target;
use tokio::runtime::Runtime;

struct Shop {
    runtime: Runtime,
    catalog: Scratch,
}

const NAMES: &[&str] =
    &["Mug, blue", "Tea \"Assam\" 100 g", "Fisherman's jumper", "Grüße-Karte", "茶 NEAR OR"];

static SHOP: LazyLock<Shop> = LazyLock::new(|| {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let catalog = Scratch::of(catalog::service());
    let line = |(line, name): (u64, &&str)| ImportLine {
        line,
        sku: format!("sku-{line}"),
        name: (*name).to_owned(),
        description: "Of stoneware".into(),
        category: "Kitchen".into(),
        price: "12.90".into(),
        currency: "EUR".into(),
    };
    let lines = (1..).zip(NAMES).map(line).collect();
    let report = runtime.block_on(catalog.ask(&ImportProducts { lines })).expect("products");
    assert_eq!(report.created as usize, NAMES.len());
    Shop { runtime, catalog }
});

fuzz_target!(|data: &str| {
    let mut parts = data.splitn(3, '\n');
    let [after, category, text] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let asked = SearchProducts {
        text: text.to_owned(),
        category: some(category),
        after: some(after),
        limit: Some(2),
    };
    let answer = SHOP.runtime.block_on(SHOP.catalog.ask(&asked));
    if let Some(page) = fuzz::no_mistake(answer) {
        assert!(page.items.len() <= 2);
    }
});
