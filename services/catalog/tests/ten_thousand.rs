//! A catalog of ten thousand products is still quick.

use std::time::{Duration, Instant};

use contracts::catalog::{ImportLine, ListCategories, ListProducts, SearchProducts};

use crate::Catalog;

const PRODUCTS: usize = 10_000;

/// Far above what it takes (the test prints a table), also in a build for debugging on
/// a machine that is busy, and far below what a scan of every description would.
const QUICK: Duration = Duration::from_millis(250);

const KINDS: [&str; 10] =
    ["Mug", "Cup", "Teapot", "Kettle", "Bowl", "Plate", "Tray", "Jug", "Whisk", "Infuser"];
const LOOKS: [&str; 10] =
    ["blue", "green", "speckled", "glazed", "tall", "small", "double-walled", "hand-thrown", "white", "rosé"];
const STUFFS: [&str; 10] =
    ["stoneware", "porcelain", "enamel", "cast iron", "glass", "bamboo", "steel", "copper", "cork", "oak"];

fn product(number: usize) -> ImportLine {
    let (kind, look, stuff) = (KINDS[number % 10], LOOKS[number / 10 % 10], STUFFS[number / 100 % 10]);
    let other = STUFFS[(number / 1000 + 3) % 10];
    ImportLine {
        line: number as u64 + 1,
        sku: format!("{}-{number:05}", kind.to_lowercase()),
        name: format!("{kind} {number}, {look}"),
        description: format!(
            "A {look} {} in {stuff} with a little {other}, made in batch {} by the same two hands as always, \
             fit for every day and for the dishwasher, and sent in a box without any plastic.",
            kind.to_lowercase(),
            number / 7,
        ),
        category: format!("{stuff} things"),
        price: format!("{}.90", number % 90 + 1),
        currency: "EUR".into(),
    }
}

#[tokio::test]
#[expect(clippy::print_stdout, reason = "shown by --nocapture, for whoever wants the figures")]
async fn a_search_among_ten_thousand_products_is_quick() {
    let catalog = Catalog::empty();
    let started = Instant::now();
    for first in (0..PRODUCTS).step_by(200) {
        let report = catalog.import((first..first + 200).map(product).collect()).await;
        assert_eq!(report.created, 200);
    }
    let mut table = format!("import of {PRODUCTS}: {:?}\n", started.elapsed());
    for (text, hits) in [
        ("kettle blue copper", 20),
        ("kettle 4711", 0),
        ("mug 4710", 1),
        ("teapot", 50),
        ("hand-thr", 50),
        ("every day", 50),
        ("d", 50),
        ("zzz", 0),
        ("a b c d e f g h i j k l m n o p q r s t", 0),
        ("rose kettle enam", 20),
    ] {
        let search = SearchProducts { text: text.into(), ..Default::default() };
        let mut best = Duration::MAX;
        let mut found = 0;
        for _ in 0..5 {
            let started = Instant::now();
            found = catalog.0.ask(&search).await.unwrap().items.len();
            best = best.min(started.elapsed());
        }
        table += &format!("search {text:?}: {found} in {best:?}\n");
        assert!(hits == found || hits == 20, "{table}");
        assert!(best < QUICK, "{table}");
    }
    let started = Instant::now();
    catalog.0.ask(&ListProducts { after: Some("kettle-05003".into()), ..Default::default() }).await.unwrap();
    table += &format!("page of a list: {:?}\n", started.elapsed());
    let started = Instant::now();
    catalog.0.ask(&ListCategories {}).await.unwrap();
    table += &format!("categories: {:?}\n", started.elapsed());
    catalog.index_is_sound();
    println!("{table}");
}
