//! Lists that services give a page at a time.

use kit::limits::{PAGE_DEFAULT, PAGE_MAX};
use kit::message::Request;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::{Format, Table};
use crate::shop::Shop;

/// How much of a list is wanted.
#[derive(Debug, Clone, Copy, Default, clap::Args)]
pub(crate) struct Extent {
    /// At most so many [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..), conflicts_with = "all")]
    limit: Option<u32>,
    /// All of them
    #[arg(long)]
    all: bool,
}

impl Extent {
    fn rows(self) -> usize {
        if self.all { usize::MAX } else { self.limit.unwrap_or(PAGE_DEFAULT) as usize }
    }
}

/// Asks for page after page and shows what is on them; with `jsonl` as soon as each is known.
///
/// `ask` makes the request for the page behind a cursor with at most so many rows, `open` takes a
/// page apart into its rows and the cursor of the next.
pub(crate) async fn show<R: Request, T: Serialize>(
    shop: &Shop,
    extent: Extent,
    ask: impl Fn(Option<String>, Option<u32>) -> R,
    open: impl Fn(R::Reply) -> (Vec<T>, Option<String>),
    table: impl FnOnce(&[T]) -> Table,
) -> Result<(), Failure> {
    let mut wanted = extent.rows();
    let mut items: Vec<T> = Vec::new();
    let mut after = None;
    let more = loop {
        let limit = u32::try_from(wanted).unwrap_or(PAGE_MAX).min(PAGE_MAX);
        let (mut page, next) = open(shop.call(&ask(after, Some(limit))).await?);
        page.truncate(wanted);
        wanted -= page.len();
        let is_empty = page.is_empty();
        if shop.out.format() == Format::Jsonl {
            page.iter().try_for_each(|item| shop.out.json(item))?;
        } else {
            items.append(&mut page);
        }
        if next.is_none() || wanted == 0 || is_empty {
            break next.is_some();
        }
        after = next;
    };
    match shop.out.format() {
        Format::Jsonl => {}
        Format::Table if items.is_empty() => shop.out.say("there are none"),
        _ => shop.out.list(&items, table)?,
    }
    if more {
        shop.out.say("there are more: --limit N shows so many, --all shows all of them");
    }
    Ok(())
}
