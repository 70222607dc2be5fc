//! Finding products by what a person types.

use contracts::catalog::{PutProduct, SearchProducts};

use crate::{Catalog, line, mug, reason, skus};

/// A handful of a tea shop.
const TEA_SHOP: &[(&str, &str, &str, &str)] = &[
    ("mug-blue", "Blue Stoneware Mug", "mugs", "Holds 350 ml."),
    ("mug-fox", "Fox Cup for Children", "mugs", "A fox hides at the bottom of this one."),
    ("cups-espresso", "Espresso Cups, Pair", "mugs", "Two small ones in porcelain."),
    ("tea-hojicha", "Hōjicha, roasted", "tea", "A green tea that was roasted; goes with a blue mood."),
    ("tea-assam", "Assam Second Flush", "tea", "Strong enough for milk, best from a mug."),
    ("teapot-iron", "Cast-Iron Pot", "pots", "Keeps a litre warm for an hour."),
    ("tee-ship", "Tee \"Ship It\"", "clothes", "For the fisherman's friend."),
];

#[tokio::test]
async fn the_name_weighs_more_than_the_category_and_that_more_than_the_description() {
    let catalog = Catalog::of(&[
        ("a1", "Something", "other", "Speaks of a kettle"),
        ("a2", "Something", "kettle", "Speaks of one"),
        ("a3", "Kettle", "other", "Speaks of one"),
        ("a4", "Something", "other", "Speaks of none"),
        ("a5", "Something", "other", "Speaks of none"),
        ("a6", "Something", "other", "Speaks of none"),
        ("a7", "Something", "other", "Speaks of none"),
    ])
    .await;
    assert_eq!(catalog.search("kettle").await, ["a3", "a2", "a1"]);
}

#[tokio::test]
async fn a_product_must_have_every_word_in_whatever_order_and_place() {
    let catalog = Catalog::of(TEA_SHOP).await;
    assert_eq!(catalog.search("mug blue").await, ["mug-blue"]);
    assert_eq!(catalog.search("roasted green").await, ["tea-hojicha"]);
    assert!(catalog.search("blue assam").await.is_empty());
}

#[tokio::test]
async fn the_beginning_of_a_word_is_enough() {
    let catalog = Catalog::of(TEA_SHOP).await;
    assert_eq!(catalog.search("ass").await, ["tea-assam"]);
    assert_eq!(catalog.search("esp cup").await, ["cups-espresso"]);
    assert_eq!(catalog.search("blue stonew").await, ["mug-blue"]);
    assert_eq!(catalog.search("f").await.len(), 4);
}

#[tokio::test]
async fn a_whole_word_stands_before_what_only_begins_with_it() {
    let catalog = Catalog::of(TEA_SHOP).await;
    let found = catalog.search("tea").await;
    assert_eq!(found.last().map(String::as_str), Some("teapot-iron"));
    assert_eq!(found.len(), 3);
}

#[tokio::test]
async fn accents_and_capitals_do_not_matter() {
    let catalog = Catalog::of(TEA_SHOP).await;
    for text in ["hojicha", "HŌJICHA", "hōjicha", "ho\u{304}jicha"] {
        assert_eq!(catalog.search(text).await, ["tea-hojicha"], "{text:?}");
    }
}

#[tokio::test]
async fn a_sku_finds_its_product() {
    let catalog = Catalog::of(TEA_SHOP).await;
    assert_eq!(catalog.search("mug-blue").await, ["mug-blue"]);
    assert_eq!(catalog.search("teapot-i").await, ["teapot-iron"]);
}

#[tokio::test]
async fn any_text_is_only_text() {
    let catalog = Catalog::of(TEA_SHOP).await;
    for nothing in [
        "",
        " ",
        "\0",
        "\"",
        "\"\"\"",
        "*",
        "**",
        "-",
        "--",
        "^",
        "+",
        "(",
        ")",
        "()",
        "' OR 1=1 --",
        "%",
        "_",
        "🦊",
        "☕️ 🍵",
        "\u{feff}",
        "\u{1F3FB}",
        ".",
        "…",
        "mug OR tea",
        "mug NOT tea",
        "mug AND",
        "NEAR(mug tea)",
        "name:mug",
        "{name}: mug",
        "zzz",
        "'; DROP TABLE products; --",
    ] {
        assert!(catalog.search(nothing).await.is_empty(), "{nothing:?}");
    }
    for fox in [
        "fox", "\"fox\"", "fox*", "^fox", "-fox", "fox\0", "\0fox", "fox\n", "(fox", "fox)", "fox 🦊",
        "fox!", "fox + *",
    ] {
        assert_eq!(catalog.search(fox).await, ["mug-fox"], "{fox:?}");
    }
    assert_eq!(catalog.search("\"ship it\"").await, ["tee-ship"]);
    assert_eq!(catalog.search("fisherman's").await, ["tee-ship"]);
    catalog.index_is_sound();
}

#[tokio::test]
async fn every_character_there_is_can_be_typed() {
    let catalog = Catalog::of(TEA_SHOP).await;
    let characters: Vec<char> =
        ('\0'..='\u{ffff}').chain('\u{1f000}'..='\u{1faff}').chain('\u{e0000}'..='\u{e01ff}').collect();
    for some in characters.chunks(190) {
        catalog.search(&some.iter().collect::<String>()).await;
    }
    // One by one as words of their own, where it matters most.
    for some in characters[..0x400].chunks(90) {
        catalog.search(&some.iter().flat_map(|character| [*character, ' ']).collect::<String>()).await;
    }
}

#[tokio::test]
async fn the_longest_text_is_searched_and_a_longer_one_is_refused() {
    let catalog = Catalog::of(TEA_SHOP).await;
    assert_eq!(catalog.search(&"fox ".repeat(50)).await, ["mug-fox"]);
    assert!(catalog.search(&"a ".repeat(100)).await.len() < 7);
    assert!(catalog.search(&"\"".repeat(200)).await.is_empty());
    assert!(catalog.search(&"é".repeat(200)).await.is_empty());
    let long = SearchProducts { text: "a".repeat(201), ..Default::default() };
    assert_eq!(reason(catalog.0.ask(&long).await), "invalid_text");
}

#[tokio::test]
async fn only_what_can_be_bought_is_found_and_only_by_what_it_says_now() {
    let catalog = Catalog::of(TEA_SHOP).await;
    catalog
        .put(PutProduct {
            description: String::new(),
            category: "mugs".into(),
            ..mug("mug-fox", "Badger Cup")
        })
        .await
        .unwrap();
    assert!(catalog.search("children").await.is_empty());
    assert_eq!(catalog.search("badger").await, ["mug-fox"]);
    catalog.retire("mug-fox").await.unwrap();
    assert!(catalog.search("badger").await.is_empty());
    catalog.index_is_sound();
    catalog.put(mug("mug-fox", "Badger Cup")).await.unwrap();
    assert_eq!(catalog.search("badger").await, ["mug-fox"]);
    catalog.index_is_sound();
}

#[tokio::test]
async fn a_search_can_be_kept_to_one_category() {
    let catalog = Catalog::of(TEA_SHOP).await;
    let search = SearchProducts { text: "mug".into(), category: Some("tea".into()), ..Default::default() };
    assert_eq!(skus(&catalog.0.ask(&search).await.unwrap()), ["tea-assam"]);
    let search = SearchProducts { category: Some("Tea".into()), ..search };
    assert!(catalog.0.ask(&search).await.unwrap().items.is_empty());
}

/// Every product of a search, page after page. Between two pages something may happen.
async fn all(catalog: &Catalog, text: &str, limit: u32, between: impl AsyncFn(usize)) -> Vec<String> {
    let mut search = SearchProducts { text: text.into(), limit: Some(limit), ..Default::default() };
    let mut found = Vec::new();
    for number in 1.. {
        let page = catalog.0.ask(&search).await.unwrap();
        found.extend(skus(&page));
        let Some(next) = page.next else { break };
        search.after = Some(next);
        between(number).await;
    }
    found
}

/// A catalog in which a search finds many products, some alike and some not.
async fn many_mugs(count: usize) -> Catalog {
    let catalog = Catalog::empty();
    let lines: Vec<_> = (0..count)
        .map(|number| contracts::catalog::ImportLine {
            name: format!("Mug {}", "and saucer ".repeat(number % 5)),
            ..line(number as u64, &format!("p{number:04}"))
        })
        .collect();
    for lines in lines.chunks(200) {
        catalog.import(lines.to_vec()).await;
    }
    catalog
}

#[tokio::test]
async fn pages_of_a_search_have_every_product_once() {
    let catalog = many_mugs(1001).await;
    let whole = all(&catalog, "mug", 200, async |_| ()).await;
    assert_eq!(whole.len(), 1001);
    assert_eq!(all(&catalog, "mug", 77, async |_| ()).await, whole);
    let mut sorted = whole.clone();
    sorted.sort();
    sorted.dedup();
    assert_eq!(sorted.len(), 1001);
}

#[tokio::test]
async fn products_that_change_between_two_pages_do_not_disturb_the_others() {
    let catalog = many_mugs(100).await;
    let whole = all(&catalog, "mug", 100, async |_| ()).await;
    let found = all(&catalog, "mug", 10, async |page| {
        // The catalog grows by products without the word ...
        let lines = (0..50).map(|number| contracts::catalog::ImportLine {
            name: "Kettle".into(),
            ..line(number, &format!("k{page}-{number}"))
        });
        catalog.import(lines.collect()).await;
        // ... and the product at which a page ended may be gone.
        if page == 5 {
            catalog.retire(&whole[49]).await.unwrap();
        }
    })
    .await;
    assert_eq!(found, whole);
}

#[tokio::test]
async fn a_cursor_that_no_search_gave_is_refused() {
    let catalog = Catalog::of(TEA_SHOP).await;
    for after in
        ["", "mug-blue", "7ff8000000000000.mug-blue", "0000000000000000.a b", "0.none", "50.mug-blue"]
    {
        let search = SearchProducts { text: "mug".into(), after: Some(after.into()), ..Default::default() };
        assert_eq!(reason(catalog.0.ask(&search).await), "invalid_cursor", "{after:?}");
    }
}

#[tokio::test]
async fn the_number_comes_first_then_what_is_called_so_then_what_speaks_of_it() {
    let catalog = Catalog::of(&[
        ("a1", "Something", "other", "Goes with a mug-blue"),
        ("a2", "Something", "mug blue", "Speaks of none"),
        ("a3", "Large Mug, Blue", "other", "Speaks of none"),
        ("mug-blue-2", "Mug", "other", "Speaks of none"),
        ("a4", "Mug Blueberry", "other", "Speaks of none"),
        ("mug-blue", "Cup", "other", "Speaks of none"),
        ("a5", "Mug", "other", "Speaks of the blues"),
    ])
    .await;
    let wanted = ["mug-blue", "mug-blue-2", "a3", "a2", "a1", "a4"];
    assert_eq!(catalog.search("mug-blue").await, wanted);
    for limit in 1..=3 {
        assert_eq!(all(&catalog, "mug-blue", limit, async |_| ()).await, wanted, "{limit} a page");
    }
    assert_eq!(
        catalog.search("mug blue").await,
        ["mug-blue-2", "mug-blue", "a3", "a2", "a1", "a4", "a5"],
        "parted by a space it is no number, and its parts stand anywhere"
    );
}

#[tokio::test]
async fn a_word_that_many_products_have_costs_a_search_in_a_category_no_hole() {
    let catalog = many_mugs(300).await;
    let other = PutProduct { category: "5\" Cups & Co.".into(), ..mug("cup", "A Mug, too") };
    catalog.put(other).await.unwrap();
    for (category, found) in [("5\" Cups & Co.", 1), ("5 cups co", 0), ("☕", 0), ("", 0)] {
        let search =
            SearchProducts { text: "mug".into(), category: Some(category.into()), ..Default::default() };
        assert_eq!(catalog.0.ask(&search).await.unwrap().items.len(), found, "{category:?}");
    }
}
