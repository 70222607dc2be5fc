//! Orders as they are shown, several at a time: three statements, however many they are.

use std::collections::BTreeMap;

use contracts::OrderId;
use contracts::order::OrderView;
use kit::sql::{Columns, parsed};
use kit::{Error, Result, Sql};

use super::{Order, line, order, refund_view};
use crate::refusal::Refusal;

const FIND_ORDERS: &str = "
    SELECT orders.id AS id, owner, version, standing, deadline_ms, customer, email, cart, cart_version, payment_method,
           currency, total_amount, payment, outcome, pending_amount, unknown_amount,
           refunded_amount, ended_reason, ended_message, attention_reason, attention_message, trace,
           placed_at_ms, changed_at_ms
    FROM json_each(?1) AS asked
    CROSS JOIN orders ON orders.id = asked.value";

const LIST_LINES: &str = "
    SELECT order_id, sku, name, quantity, unit_price_amount
    FROM json_each(?1) AS asked
    CROSS JOIN order_lines ON order_id = asked.value
    ORDER BY order_id, line";

const LIST_REFUNDS: &str = "
    SELECT order_id, order_refunds.id AS id, amount, state, reason
    FROM json_each(?1) AS asked
    CROSS JOIN order_refunds ON order_id = asked.value
    ORDER BY order_id, version";

/// Some orders that must be there, in the order in which they are asked for. Their lines and refunds are
/// read together: whoever asks for many, asks for them a few at a time.
pub(crate) fn views(sql: &Sql<'_>, ids: &[OrderId]) -> Result<Vec<OrderView>> {
    let words: Vec<String> = ids.iter().map(OrderId::to_string).collect();
    let asked = serde_json::to_string(&words)
        .map_err(|error| Error::internal("the numbers of orders cannot be written").caused_by(error))?;
    let found = sql.list(FIND_ORDERS, [&asked], order)?;
    let mut found: BTreeMap<OrderId, Order> = found.into_iter().map(|order| (order.id, order)).collect();
    let (mut lines, mut refunds) = (BTreeMap::<_, Vec<_>>::new(), BTreeMap::<_, Vec<_>>::new());
    sql.list(LIST_LINES, [&asked], |row| {
        let mut columns = Columns::of(row);
        let id: OrderId = columns.parsed("order_id")?;
        if let Some(order) = found.get(&id) {
            lines.entry(id).or_default().push(line(&mut columns, order)?);
        }
        Ok(())
    })?;
    sql.list(LIST_REFUNDS, [&asked], |row| {
        let id: OrderId = parsed(row, "order_id")?;
        if let Some(order) = found.get(&id) {
            refunds.entry(id).or_default().push(refund_view(row, order)?);
        }
        Ok(())
    })?;
    let view = |id: &OrderId| {
        let order = found.remove(id).ok_or(Refusal::UnknownOrder(*id))?;
        Ok(order.view(lines.remove(id).unwrap_or_default(), refunds.remove(id).unwrap_or_default()))
    };
    ids.iter().map(view).collect()
}

#[cfg(test)]
mod tests {
    use kit::id::Id;
    use kit::testing::Scratch;

    use super::*;

    #[test]
    fn orders_their_lines_and_their_refunds_are_each_looked_up() {
        let scratch = Scratch::of(crate::service());
        for (statement, step) in [
            (FIND_ORDERS, "SEARCH orders USING PRIMARY KEY (id=?)"),
            (LIST_LINES, "SEARCH order_lines USING PRIMARY KEY (order_id=?)"),
            (LIST_REFUNDS, "SEARCH order_refunds USING PRIMARY KEY (order_id=?)"),
        ] {
            let explain = format!("EXPLAIN QUERY PLAN {statement}");
            let plan: Vec<String> =
                scratch.sql(|sql| sql.list(&explain, ["[]"], |row| row.get("detail"))).unwrap();
            assert_eq!(plan[..2], ["SCAN asked VIRTUAL TABLE INDEX 1:", step]);
        }
    }

    #[test]
    fn an_order_that_is_gone_is_not_left_out_in_silence() {
        let scratch = Scratch::of(crate::service());
        let gone = scratch.sql(|sql| views(sql, &[OrderId::from_bits(7)])).unwrap_err();
        assert_eq!(gone.reason, "unknown_order");
    }
}
