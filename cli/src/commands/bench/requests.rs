//! `shopctl bench requests`: one request, again and again.

use std::cell::Cell;
use std::path::PathBuf;

use bytes::Bytes;
use contracts::catalog::GetProduct;
use kit::message::{Request, Word, WordKind};
use serde_json::Value;

use super::load::Load;
use crate::bench::requests::Requests;
use crate::bench::run::{Measured, measure, tell};
use crate::bench::{consent, goods};
use crate::failure::{Failure, exit};
use crate::import::file;
use crate::near::nearest;
use crate::pick;
use crate::shop::Shop;
use crate::show::{count, quoted};

const EXAMPLES: &str = "\
Without a subject it asks catalog.get for products of its own, which it makes if they are missing.
Another request is sent with the body that is given; a change is done each time, under a key of its own.
Requests that only read are written down in no journal, as those of shopctl itself; with --traced they are.
They change no books, so the audit follows after changes only.

Exit codes: 0 all were answered, 12 something failed or the books do not agree, 130 stopped with Ctrl-C.

Examples:
  shopctl bench requests --yes
  shopctl bench requests --in-flight 1 --for 5s --yes
  shopctl bench requests --subject catalog.search --body '{\"text\": \"mug\"}'
  shopctl bench requests --subject order.health --rate 100 -o json | jq .times.answered";

/// Measure any request, catalog.get if none is said
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    #[command(flatten)]
    load: Load,
    /// Which request [default: catalog.get]
    #[arg(long, value_name = "SUBJECT", value_parser = pick::subject)]
    subject: Option<String>,
    /// What is sent, as JSON [default: {}]
    #[arg(long, value_name = "JSON", requires = "subject", conflicts_with = "file")]
    body: Option<String>,
    /// The same from a file, or - for standard input
    #[arg(short, long, value_name = "FILE", requires = "subject")]
    file: Option<PathBuf>,
    /// Over how many products of its own the requests are spread
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=i64::from(goods::PRODUCTS_MAX)), conflicts_with = "subject")]
    products: u32,
    /// Have the journals write down each, as of a sampled trace
    #[arg(long)]
    traced: bool,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let word = args.subject.as_deref().map(known).transpose()?.flatten();
    let changes = word.is_some_and(|word| word.kind != WordKind::Ask);
    shop.client().await?;
    let (subject, bodies, products) = match args.subject {
        Some(subject) => {
            let text = match (&args.file, args.body) {
                (Some(path), _) => file::read(shop, path)?,
                (None, body) => body.unwrap_or_else(|| "{}".to_owned()).into_bytes(),
            };
            let body = understood(&subject, word, &text)?;
            if changes {
                consent::sure(shop, args.load.yes, "changes what it asks for, again and again,").await?;
            }
            (subject, vec![body], 0)
        }
        None => {
            consent::sure(shop, args.load.yes, "makes products").await?;
            goods::products(shop, args.products).await?;
            let bodies =
                goods::skus(args.products)?.into_iter().map(|sku| serde_json::to_vec(&GetProduct { sku }));
            let bodies = bodies.collect::<Result<Vec<_>, _>>();
            let bodies = bodies.map_err(|error| Failure::new(exit::BUG, "bug", error.to_string()))?;
            (GetProduct::SUBJECT.to_owned(), bodies.into_iter().map(Bytes::from).collect(), args.products)
        }
    };
    let about = match products {
        0 => subject.clone(),
        many => format!("{subject} of {}", count(many, "product", "products")),
    };
    let work = Requests {
        client: shop.asker().await?,
        subject,
        bodies,
        changes,
        traced: args.traced || changes,
        patience: shop.patience,
        next: Cell::new(0),
    };
    let measured = Measured { what: "requests", about, changes, products };
    let report = measure(shop, measured, &work, &args.load.plan()).await?;
    tell(shop, &report, changes)
}

/// The word of a contract; none for what every service answers, such as `order.health`.
fn known(subject: &str) -> Result<Option<&'static Word>, Failure> {
    let word = contracts::words().find(|word| word.subject == subject && word.kind != WordKind::Event);
    let requests = contracts::requests();
    if word.is_some() || requests.iter().any(|(known, _)| known == subject) {
        return Ok(word);
    }
    let message = format!("nothing was measured: no service answers {}", quoted(subject));
    let failure = Failure::new(exit::NOT_FOUND, "unknown_subject", message);
    let failure = match nearest(subject, requests.iter().map(|(known, _)| known.as_str())) {
        Some(near) => failure.mend(format!("shopctl bench requests --subject {near}      if that was meant")),
        None => failure,
    };
    Err(failure.mend("shopctl service info NAME      lists what a service answers"))
}

/// The body, if it is JSON that the request understands.
fn understood(subject: &str, word: Option<&Word>, text: &[u8]) -> Result<Bytes, Failure> {
    let wrong = |why: String| {
        Failure::invalid("invalid_body", format!("nothing was measured: {why}"))
            .mend("subjects.md shows what each request takes, with an example")
    };
    let body: Value = serde_json::from_slice(text).map_err(|error| {
        wrong(format!("the body is not JSON at line {}, column {}", error.line(), error.column()))
    })?;
    match word {
        Some(word) if !(word.understands)(&body) => {
            Err(wrong(format!("{subject} does not understand this body")))
        }
        _ => Ok(Bytes::copy_from_slice(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_service_answers_is_not_found_and_the_nearest_is_named() {
        assert!(known("catalog.get").unwrap().is_some() && known("order.health").unwrap().is_none());
        assert_eq!(known("events.order.placed").unwrap_err().code(), "unknown_subject");
        let failure = known("catalog.gte").unwrap_err();
        assert_eq!(failure.exit(), exit::NOT_FOUND);
        assert_eq!(
            failure.lines()[1].1,
            "shopctl bench requests --subject catalog.get      if that was meant"
        );
    }

    #[test]
    fn a_body_is_refused_before_anything_is_sent() {
        let word = known("catalog.get").unwrap();
        assert!(understood("catalog.get", word, br#"{"sku": "mug-blue"}"#).is_ok());
        for wrong in [&b"{"[..], b"{}", br#"{"sku": "mug-blue", "more": 1}"#] {
            assert_eq!(understood("catalog.get", word, wrong).unwrap_err().code(), "invalid_body");
        }
    }
}
