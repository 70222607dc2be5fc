//! What is told of one world: its weather, what went wrong in it, and the flow of the order it is about.

use std::collections::BTreeSet;

use cli::trace::draw::{Style, render};
use cli::trace::join::join;
use cli::trace::{Silent, Story};
use contracts::OrderId;
use kit::Result;
use kit::admin::{GetTrace, TraceView};

use crate::life::End;
use crate::port::lock;
use crate::shop;
use crate::world::World;

/// How wide a flow is drawn.
const WIDTH: usize = 120;
/// Orders whose flows are drawn.
const ORDERS_MAX: usize = 3;

/// The whole story of a world.
pub fn of(end: &mut End) -> String {
    let mut text = format!("seed {}\nweather: {:?}\n", end.seed, end.storm);
    text.push_str(&format!("orders: {:?}\n{} steps ({:016x})\n", end.stages, end.steps.0, end.steps.1));
    for (fault, times) in &end.happened {
        text.push_str(&format!("{times:>10}  {fault}\n"));
    }
    if end.faults.is_empty() {
        text.push_str("it ends well\n");
    }
    for fault in &end.faults {
        text.push_str(&format!("- {fault}\n"));
    }
    let told = end.faults.join(" ");
    let words = told.split(|character: char| !character.is_ascii_alphanumeric() && character != '_');
    let orders: BTreeSet<OrderId> = words.filter_map(|word| word.parse().ok()).collect();
    for order in orders.into_iter().take(ORDERS_MAX) {
        text.push('\n');
        match story_of(end, order) {
            Ok(story) => text.push_str(&render(&story, WIDTH, &style())),
            Err(error) => text.push_str(&format!("{order}: {}\n", error.chain())),
        }
    }
    text
}

fn style() -> Style {
    Style { ascii: true, colour: false, payloads: false, zone: jiff::tz::TimeZone::UTC }
}

/// What every service did for an order, asked and joined as `shopctl trace` does.
fn story_of(end: &mut End, order: OrderId) -> Result<Story> {
    let by_key = GetTrace { key: order.to_string(), ..GetTrace::default() };
    let (found, mut silent) = everybody(end, &by_key)?;
    let traces: BTreeSet<String> = found.iter().flat_map(|(_, view)| view.traces.iter().cloned()).collect();
    let mut flows = Vec::new();
    for trace in traces {
        let asked = GetTrace { traces: vec![trace.clone()], ..GetTrace::default() };
        let (views, others) = everybody(end, &asked)?;
        silent.extend(others);
        flows.extend(join(&trace, &views));
    }
    flows.sort_by_key(|flow| flow.began_us);
    silent.dedup();
    Ok(Story { about: format!("order {order}"), flows, silent, ..Story::default() })
}

type Told = (Vec<(String, TraceView)>, Vec<Silent>);

fn everybody(end: &mut End, asked: &GetTrace) -> Result<Told> {
    let (mut views, mut silent) = (Vec::new(), Vec::new());
    for name in shop::NAMES {
        let (keeper, body) = (end.keeper.clone(), serde_json::to_vec(asked).unwrap_or_default());
        let answer =
            answered(
                &mut end.world,
                async move { keeper.ask_at(format!("{name}.trace"), body, None).await },
            )?;
        match answer.map(|body| serde_json::from_slice(&body)) {
            Ok(Ok(view)) => views.push((name.to_owned(), view)),
            Ok(Err(error)) => silent.push(Silent { service: name.to_owned(), why: error.to_string() }),
            Err(error) => silent.push(Silent { service: name.to_owned(), why: error.message }),
        }
    }
    Ok((views, silent))
}

/// Lets the world go on until somebody has an answer.
///
/// # Errors
/// If nothing happens any more before there is one.
fn answered<T: Send + 'static>(
    world: &mut World,
    asking: impl Future<Output = T> + Send + 'static,
) -> Result<T> {
    let slot = std::sync::Arc::new(std::sync::Mutex::new(None));
    let filled = std::sync::Arc::clone(&slot);
    world.tasks.begin(None, async move {
        let answer = asking.await;
        *lock(&filled) = Some(answer);
    });
    world.follows();
    loop {
        if let Some(answer) = lock(&slot).take() {
            return Ok(answer);
        }
        if !world.step() {
            return Err(kit::Error::internal("nothing happens any more"));
        }
    }
}
