//! What is told of one world: its weather, what went wrong in it, and the flow of the order it is about.

use crate::life::End;

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
    text
}
