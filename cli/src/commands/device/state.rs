//! `shopctl device state`: what a device is to be like, and what it says it is like.

use contracts::DeviceId;
use contracts::device::{GetState, SetDesired, StateView};
use serde_json::{Map, Value};

use crate::args::Once;
use crate::failure::Failure;
use crate::pick;
use crate::shop::Shop;
use crate::show;

/// Show what a device is to be like and says it is like; with --set, change what it is to be like
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  shopctl device state dev_01h2e8kqvbfwea724h75qc655w
  shopctl device state dev_01h2e8kqvbfwea724h75qc655w --set interval=60 --set alarm=null")]
pub(crate) struct Args {
    /// Which device
    #[arg(value_name = "ID", value_parser = pick::id::<DeviceId>)]
    device: DeviceId,
    /// A field that it is to have; the value is JSON, or else a text; null takes it away
    #[arg(long, value_name = "NAME=VALUE", value_parser = field)]
    set: Vec<(String, Value)>,
    /// Only if its state is at this version
    #[arg(long, value_name = "N", requires = "set")]
    version: Option<u64>,
    #[command(flatten)]
    once: Once,
}

pub(super) async fn run(shop: &Shop, args: Args) -> Result<(), Failure> {
    let Args { device, set, version, once } = args;
    let state = if set.is_empty() {
        shop.call(&GetState { device }).await?
    } else {
        shop.call_once(&SetDesired { device, desired: set.into_iter().collect(), version }, &once).await?
    };
    if shop.out.is_table() { shop.out.line(show::facts(&facts(&state))) } else { shop.out.json(&state) }
}

fn facts(state: &StateView) -> Vec<(&'static str, String)> {
    vec![
        ("device", state.device.to_string()),
        ("version", state.version.to_string()),
        ("desired", fields(&state.desired)),
        ("reported", fields(&state.reported)),
        ("to change", fields(&state.delta)),
        ("changed", show::time(state.changed_at)),
    ]
}

fn fields(map: &Map<String, Value>) -> String {
    match map.is_empty() {
        true => "nothing".to_owned(),
        false => Value::Object(map.clone()).to_string(),
    }
}

fn field(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("wanted is NAME=VALUE")?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.to_owned(), value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_json_or_else_a_text() {
        assert_eq!(field("a=60").unwrap(), ("a".into(), json!(60)));
        assert_eq!(field("a=null").unwrap(), ("a".into(), Value::Null));
        assert_eq!(field("a=on=off").unwrap(), ("a".into(), json!("on=off")));
        field("a").unwrap_err();
    }
}
