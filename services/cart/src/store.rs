//! Every SQL statement of the cart service.

use contracts::{CartId, Money, OrderId, Quantity};
use kit::sql::{checked, parsed, time};
use kit::{Asker, Result, Sql, Timestamp, Tx};
use rusqlite::{Row, named_params, params};

use crate::cart::{Cart, CartError, Line};

/// Orders remembered for each cart. One that is older than that many later orders of the same cart
/// is not told again.
const ORDERS_REMEMBERED: u32 = 32;

/// A cart that has not expired, whoever's it is.
pub fn find_cart(sql: &Sql<'_>, id: CartId, now: Timestamp) -> Result<Option<Cart>> {
    let found = sql.find(
        "SELECT owner, version, expires_at_ms FROM carts WHERE id = ?1 AND expires_at_ms > ?2",
        params![id.to_string(), now.as_millisecond()],
        |row| Ok((parsed(row, "owner")?, row.get("version")?, time(row, "expires_at_ms")?)),
    )?;
    let Some((owner, version, expires_at)) = found else {
        return Ok(None);
    };
    let lines = sql.list(
        "SELECT sku, name, quantity, amount, currency FROM cart_lines WHERE cart = ?1 ORDER BY place",
        [id.to_string()],
        line,
    )?;
    Ok(Some(Cart { id, owner, version, lines, expires_at }))
}

/// A cart that must be there, for somebody to see or change. What is not theirs is not there.
pub fn get_cart(sql: &Sql<'_>, id: CartId, now: Timestamp, asker: &Asker) -> Result<Cart> {
    let found = find_cart(sql, id, now)?.filter(|cart| asker.may_touch(&cart.owner));
    found.ok_or_else(|| CartError::UnknownCart(id).into())
}

/// Writes a cart whole, new or not: it is small. To whom it belongs does not change.
pub fn save_cart(tx: &Tx<'_>, cart: &Cart) -> Result<()> {
    let id = cart.id.to_string();
    tx.execute(
        "INSERT INTO carts (id, owner, version, expires_at_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, expires_at_ms = excluded.expires_at_ms",
        params![id, cart.owner.as_str(), cart.version, cart.expires_at.as_millisecond()],
    )?;
    tx.execute("DELETE FROM cart_lines WHERE cart = ?1", [&id])?;
    for (place, line) in cart.lines.iter().enumerate() {
        tx.execute(
            "INSERT INTO cart_lines (cart, place, sku, name, quantity, amount, currency)
             VALUES (:cart, :place, :sku, :name, :quantity, :amount, :currency)",
            named_params! {
                ":cart": id,
                ":place": place,
                ":sku": line.sku.as_str(),
                ":name": line.name,
                ":quantity": line.quantity.get(),
                ":amount": line.unit_price.amount(),
                ":currency": line.unit_price.currency().code(),
            },
        )?;
    }
    Ok(())
}

/// Removes a cart if its time has run out. Answers whether it did.
pub fn delete_expired(tx: &Tx<'_>, id: CartId) -> Result<bool> {
    let deleted = tx.execute(
        "DELETE FROM carts WHERE id = ?1 AND expires_at_ms <= ?2",
        params![id.to_string(), tx.now().as_millisecond()],
    )?;
    Ok(deleted > 0)
}

/// Remembers that an order was made of a cart. Answers false if that was known.
pub fn insert_order(tx: &Tx<'_>, cart: CartId, order: OrderId) -> Result<bool> {
    let (cart, order) = (cart.to_string(), order.to_string());
    let inserted = tx.execute(
        "INSERT INTO cart_orders (cart, order_id) VALUES (?1, ?2) ON CONFLICT (cart, order_id) DO NOTHING",
        [&cart, &order],
    )?;
    tx.execute(
        "DELETE FROM cart_orders
         WHERE cart = ?1
           AND id <= (SELECT id FROM cart_orders WHERE cart = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        params![cart, ORDERS_REMEMBERED],
    )?;
    Ok(inserted > 0)
}

fn line(row: &Row<'_>) -> rusqlite::Result<Line> {
    let currency = parsed(row, "currency")?;
    Ok(Line {
        sku: parsed(row, "sku")?,
        name: row.get("name")?,
        quantity: checked(row, "quantity", Quantity::try_from)?,
        unit_price: checked(row, "amount", |amount| Money::new(amount, currency))?,
    })
}

#[cfg(test)]
mod tests {
    use kit::Owner;
    use rusqlite::Connection;

    use super::*;

    #[test]
    fn carts_from_before_there_were_owners_are_the_shops() {
        let sql = Connection::open_in_memory().unwrap();
        sql.execute_batch(include_str!("../migrations/0001_carts.sql")).unwrap();
        sql.execute("INSERT INTO carts (id, version, expires_at_ms) VALUES ('cart_1', 1, 1)", []).unwrap();
        sql.execute_batch(include_str!("../migrations/0002_owner.sql")).unwrap();
        let owner: Owner = sql.query_row("SELECT owner FROM carts", [], |row| parsed(row, "owner")).unwrap();
        assert_eq!(owner, Owner::nobody());
    }
}
