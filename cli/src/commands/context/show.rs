//! `shopctl context show`: what commands go by, and who said so.

use serde::Serialize;

use crate::context::Places;
use crate::context::settings::{By, Origin, Said, Setting, Settings, choose};
use crate::failure::{Failure, exit};
use crate::output::Table;
use crate::private::shown;
use crate::row;
use crate::shop::Shop;

/// Show what commands go by, and where each value came from
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl context show            what a command goes by that is given now
  shopctl context show edge       and with --context edge")]
pub(crate) struct Args {
    /// As if --context named this one
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

/// A value that commands go by.
#[derive(Debug, Serialize)]
struct Row {
    name: &'static str,
    value: Option<String>,
    /// Who said so.
    from: String,
}

pub(crate) fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let named = args.name.map(|name| (name, By::Option));
    let asked = named.is_some();
    let named = named.or_else(|| shop.settings.named.clone());
    let chosen = choose(named.as_ref(), Places::usual().as_ref()).map_err(|failure| match asked {
        true => failure.exiting(exit::NOT_FOUND),
        false => failure,
    })?;
    let shop = &shop.with(Settings::join(said(&shop.settings, named), chosen));
    let rows = rows(shop);
    let problem = shop.settings.problem().map(|problem| problem.short());
    if !shop.out.is_table() {
        let context = shop.settings.chosen.as_ref().map(|chosen| &chosen.name);
        return shop
            .out
            .json(&serde_json::json!({ "context": context, "settings": rows, "problem": problem }));
    }
    shop.out.table(&Table::new(&["setting", "value", "from"]).whole(&[0]).rows(
        rows.iter().map(|row| row![row.name, row.value.as_deref().unwrap_or("none"), row.from.as_str()]),
    ))?;
    if let Some(problem) = problem {
        shop.out.warn(format!("nobody can be asked with this context of the nats command: {problem}"));
    }
    Ok(())
}

/// What options and variables said, without the context that the command itself goes by.
fn said(settings: &Settings, context: Option<(String, By)>) -> Said {
    fn own<T: Clone>(setting: &Setting<T>) -> Setting<T> {
        setting.clone().filter(|(_, origin)| !matches!(origin, Origin::Context(..)))
    }
    Said {
        context,
        nats: own(&settings.nats),
        data: own(&settings.data),
        seed: own(&settings.seed),
        nats_ca: own(&settings.nats_ca),
        output: own(&settings.output),
    }
}

fn rows(shop: &Shop) -> Vec<Row> {
    fn from<T>(setting: &Setting<T>, otherwise: &str) -> String {
        setting.as_ref().map_or_else(|| otherwise.to_owned(), |(_, origin)| origin.to_string())
    }
    let settings = &shop.settings;
    let address = shop.address();
    let ca = shop.authorities(&address.url);
    let context = match &settings.chosen {
        Some(chosen) => (Some(chosen.name.clone()), chosen.by.to_string()),
        None => (None, "nothing names one, and none is in use".to_owned()),
    };
    let folder = shop.folder().ok().map(|folder| shown(folder.root()));
    let seed = shop.seed();
    let seed_otherwise = if seed.is_some() {
        "the first operator's, in the data folder"
    } else {
        "there is none in the data folder"
    };
    let ca_otherwise = if ca.is_some() { "shopctl up was told of it" } else { "those of the system" };
    [
        ("context", context),
        ("nats", (Some(address.url), from(&settings.nats, &address.said_by))),
        ("data", (folder, from(&settings.data, "the usual one"))),
        ("seed", (seed.as_deref().map(shown), from(&settings.seed, seed_otherwise))),
        ("nats_ca", (ca.as_deref().map(shown), from(&settings.nats_ca, ca_otherwise))),
        (
            "output",
            (
                settings
                    .output
                    .as_ref()
                    .map_or(Some("table".to_owned()), |(format, _)| Some(format.to_string())),
                from(&settings.output, "the usual one"),
            ),
        ),
    ]
    .into_iter()
    .map(|(name, (value, from))| Row { name, value, from })
    .collect()
}
