//! What waits has a timer, and does not wait for longer than until then; also while the storm lasts.

use kit::clock::Clock;

use crate::world::World;

/// How late a deadline may be noticed, in microseconds.
const GRACE: i64 = 20_000_000;

/// What waits: the service, the timers' kind, and each thing with the time until which it waits.
const WAITING: [(&str, &str, &str); 3] = [
    ("cart", "cart_expiry", "SELECT id, expires_at_ms AS until_ms FROM carts"),
    ("order", "stage_deadline", "SELECT id, deadline_ms AS until_ms FROM orders WHERE deadline_ms > 0"),
    (
        "inventory",
        "hold_expiry",
        "SELECT order_id AS id, expires_at_ms AS until_ms FROM holds WHERE state = 'held' AND pinned = 0",
    ),
];

/// The first thing of each service that waits without a timer, so that nothing would ever end it; and the first
/// that waits past its deadline, if the service had the time to notice.
pub fn faults(world: &World) -> Vec<String> {
    let late_from = world.clock.now().as_millisecond() - GRACE / 1000;
    let mut faults = Vec::new();
    for (service, kind, waiting) in WAITING {
        let Some(node) = world.nodes.iter().find(|node| node.name == service) else { continue };
        let alone = format!(
            "SELECT id FROM ({waiting}) AS waiting
             WHERE NOT EXISTS (SELECT 1 FROM timer WHERE kind = ?1 AND key = waiting.id) LIMIT 1"
        );
        if let Ok(Some(id)) = node.read(|sql| sql.find(&alone, [kind], |row| row.get::<_, String>(0))) {
            faults.push(format!("{id} waits at {service} without a timer"));
        }
        let is_well = node.live.is_some() && node.well_since + GRACE <= world.clock.passed();
        let late = format!("SELECT id FROM ({waiting}) WHERE until_ms < ?1 LIMIT 1");
        if is_well
            && let Ok(Some(id)) = node.read(|sql| sql.find(&late, [late_from], |row| row.get::<_, String>(0)))
        {
            faults.push(format!("{id} waits past its deadline at {service}"));
        }
    }
    faults
}
