//! Files of products and of deliveries, in both forms, from bytes to products. The readers are those
//! of shopctl, taken in as they stand.
#![no_main]
#![allow(dead_code, unreachable_pub, missing_docs, reason = "shopctl's files, of which a part is used")]

#[path = "../../cli/src/failure.rs"]
mod failure;
#[path = "../../cli/src/import"]
mod import {
    pub(crate) mod csv_rows;
    pub(crate) mod deliveries;
    pub(crate) mod file;
    pub(crate) mod json_rows;
    pub(crate) mod products;

    use contracts::catalog::RefusedLine;

    fn refused(line: u64, sku: &str, reason: &str, message: impl Into<String>) -> RefusedLine {
        RefusedLine { line, sku: sku.to_owned(), reason: reason.to_owned(), message: message.into() }
    }
}

/// What shopctl's reader of files wants to know of the terminal.
mod shop {
    pub struct Shop {
        pub out: Out,
    }

    pub struct Out;

    impl Shop {
        pub fn may_ask(&self) -> bool {
            false
        }
    }

    impl Out {
        pub fn say(&self, _: impl std::fmt::Display) {}
    }
}

use catalog::import::Import;
use catalog::product::Product;
use contracts::catalog::{IMPORT_LINES_MAX, ImportProducts, RefusedLine};
use import::file::FileFormat;
use import::{deliveries, products};
use kit::limits::REQUEST_BYTES_MAX;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let lines = data.iter().filter(|byte| **byte == b'\n').count() as u64 + 1;
    let within = |refused: &[RefusedLine]| refused.iter().all(|line| line.line <= lines);
    for format in [FileFormat::Csv, FileFormat::Jsonl] {
        if let Ok(found) = products::read(data, format) {
            assert!(within(&found.refused));
            assert!(found.lines.iter().all(|line| (1..=lines).contains(&line.line)));
            products(products::batches(found.lines));
        }
        if let Ok(found) = deliveries::read(data, format, "monday", "") {
            assert!(within(&found.refused));
            for line in found.lines {
                assert!((1..=lines).contains(&line.line));
                assert!(line.request.quantity > 0 && line.key.bytes().all(|byte| byte.is_ascii_graphic()));
            }
        }
    }
});

fn products(batches: Vec<Vec<contracts::catalog::ImportLine>>) {
    for lines in batches {
        assert!((1..=IMPORT_LINES_MAX).contains(&lines.len()));
        let body = serde_json::to_vec(&ImportProducts { lines }).expect("JSON");
        assert!(body.len() <= REQUEST_BYTES_MAX);
        let read: ImportProducts = serde_json::from_slice(&body).expect("what was sent");
        let mut import = Import::default();
        for line in read.lines {
            let put = |sku, content| Ok(Product::put(None, sku, content, fuzz::now()));
            fuzz::no_mistake(import.take(line, put));
        }
        for refused in import.into_report().refused {
            assert!(!refused.message.chars().any(kit::text::is_unprintable), "{:?}", refused.message);
        }
    }
}
