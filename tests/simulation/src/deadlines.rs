//! Whatever has a deadline has a timer that rings at it: what nobody rings for is found only when somebody misses it.

use kit::Result;

use crate::world::World;

/// A service, what has a deadline in its database, and the kind of timer that rings for it.
const KEPT: [(&str, &str, &str); 3] = [
    ("cart", "SELECT id FROM carts", "cart_expiry"),
    ("order", "SELECT id FROM orders WHERE deadline_ms > 0", "stage_deadline"),
    ("inventory", "SELECT order_id FROM holds WHERE state = 'held' AND pinned = 0", "hold_expiry"),
];

/// What has a deadline, and nobody rings for it.
///
/// # Errors
/// If a database cannot be read.
pub fn forgotten(world: &World) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for (name, kept, timer) in KEPT {
        for node in world.nodes.iter().filter(|node| node.name == name) {
            let without = format!("{kept} EXCEPT SELECT key FROM timer WHERE kind = '{timer}'");
            let missed: Vec<String> = node.read(|sql| sql.list(&without, [], |row| row.get(0)))?;
            faults.extend(missed.into_iter().map(|key| format!("{name}: {key} has a deadline and no timer")));
        }
    }
    Ok(faults)
}
