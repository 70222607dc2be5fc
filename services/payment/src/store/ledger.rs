//! The SQL that sets our books beside those of the built-in provider.

use contracts::OrderId;
use contracts::payment::{PaymentState, PaymentSums};
use kit::sql::parsed;
use kit::{Result, Sql};
use rusqlite::named_params;

use crate::audit::{Difference, Figures};

/// What the built-in provider has taken and given back for an order.
pub(crate) fn provider_figures(sql: &Sql<'_>, order: OrderId) -> Result<Figures> {
    sql.get(
        "SELECT coalesce(sum(charges), 0) AS charges, coalesce(sum(charged), 0) AS charged,
                coalesce(sum(refunds), 0) AS refunds, coalesce(sum(refunded), 0) AS refunded
         FROM provider_ledger WHERE order_id = ?1",
        [order.to_string()],
        |row| {
            Ok(Figures {
                charges: row.get("charges")?,
                charged: row.get("charged")?,
                refunds: row.get("refunds")?,
                refunded: row.get("refunded")?,
            })
        },
    )
}

/// Settled payments of which the built-in provider has other figures than we do, and payments of
/// which only the provider knows.
pub(crate) fn list_differences(sql: &Sql<'_>, rows_max: usize) -> Result<Vec<Difference>> {
    sql.list(
        "WITH ours AS (
             SELECT id, order_id, captured, currency, state,
                    (SELECT coalesce(sum(amount), 0) FROM refunds
                     WHERE payment = payments.id AND state = 'done') AS refunded,
                    (SELECT count(*) FROM refunds
                     WHERE payment = payments.id AND state IN ('pending', 'unknown')) AS refunding
             FROM payments WHERE state IN ('captured', 'declined', 'cancelled')
         )
         SELECT ours.id AS payment, ours.captured AS captured, ours.refunded AS refunded,
                coalesce(theirs.charges, 0) AS their_charges, coalesce(theirs.charged, 0) AS their_charged,
                coalesce(theirs.refunded, 0) AS their_refunded
         FROM ours LEFT JOIN provider_ledger AS theirs ON theirs.payment = ours.id
         WHERE their_charged <> ours.captured
            OR their_charges <> (ours.captured > 0)
            OR coalesce(theirs.currency, ours.currency) <> ours.currency
            OR (ours.refunding = 0 AND their_refunded <> ours.refunded)
         UNION ALL
         SELECT payment, 0, 0, charges, charged, refunded FROM provider_ledger
         WHERE payment NOT IN (SELECT id FROM payments)
         LIMIT ?1",
        [rows_max],
        |row| {
            Ok(Difference {
                payment: row.get("payment")?,
                captured: row.get("captured")?,
                refunded: row.get("refunded")?,
                theirs_charges: row.get("their_charges")?,
                theirs_charged: row.get("their_charged")?,
                theirs_refunded: row.get("their_refunded")?,
            })
        },
    )
}

/// Payments with what the built-in provider has of each, by their number, behind one. One statement,
/// so that all figures are of the same moment. What only the provider knows stands among them.
pub(crate) fn list_sums(sql: &Sql<'_>, after: &str, rows_max: usize) -> Result<Vec<PaymentSums>> {
    sql.list(
        "WITH page AS (
             SELECT id FROM payments WHERE id > :after
             UNION
             SELECT key FROM provider_charge WHERE key > :after AND state = 'succeeded'
             ORDER BY 1 LIMIT :rows_max
         ),
         taken AS (
             SELECT charged.key AS key, charged.order_id AS order_id, charged.amount AS amount,
                    (SELECT count(*) FROM provider_refund AS given
                     WHERE given.charge = charged.id AND given.state = 'accepted') AS refunds,
                    (SELECT coalesce(sum(given.amount), 0) FROM provider_refund AS given
                     WHERE given.charge = charged.id AND given.state = 'accepted') AS given_back
             FROM provider_charge AS charged
             WHERE charged.state = 'succeeded' AND charged.key IN (SELECT id FROM page)
         )
         SELECT page.id AS payment,
                coalesce(ours.order_id, (SELECT min(order_id) FROM taken WHERE key = page.id)) AS order_id,
                coalesce(ours.state, '') AS state,
                coalesce(ours.amount, 0) AS amount,
                coalesce(ours.captured, 0) AS captured,
                (SELECT coalesce(sum(amount), 0) FROM refunds
                 WHERE payment = page.id AND state = 'done') AS refunded,
                (SELECT coalesce(sum(amount), 0) FROM refunds
                 WHERE payment = page.id AND state IN ('pending', 'unknown')) AS refunding,
                count(taken.key) AS charges,
                coalesce(sum(taken.amount), 0) AS charged,
                coalesce(sum(taken.refunds), 0) AS refunds,
                coalesce(sum(taken.given_back), 0) AS given_back
         FROM page LEFT JOIN payments AS ours ON ours.id = page.id LEFT JOIN taken ON taken.key = page.id
         GROUP BY page.id ORDER BY page.id",
        named_params! { ":after": after, ":rows_max": rows_max },
        |row| {
            let state: String = row.get("state")?;
            Ok(PaymentSums {
                payment: row.get("payment")?,
                order: parsed(row, "order_id")?,
                state: PaymentState::ALL.into_iter().find(|known| known.word() == state),
                amount: row.get("amount")?,
                captured: row.get("captured")?,
                refunded: row.get("refunded")?,
                refunding: row.get("refunding")?,
                charges: row.get("charges")?,
                charged: row.get("charged")?,
                refunds: row.get("refunds")?,
                given_back: row.get("given_back")?,
            })
        },
    )
}
