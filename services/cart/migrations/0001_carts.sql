-- Carts, what is in them, and the orders that took something out.

CREATE TABLE carts (
    id             TEXT    NOT NULL PRIMARY KEY,
    version        INTEGER NOT NULL CHECK (version >= 1),
    expires_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- `place` counts the lines of a cart in the order they were added. Name and price are those of the
-- moment a line was last added or set.
CREATE TABLE cart_lines (
    cart      TEXT    NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    place     INTEGER NOT NULL,
    sku       TEXT    NOT NULL,
    name      TEXT    NOT NULL,
    quantity  INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 10000),
    amount    INTEGER NOT NULL CHECK (amount >= 0),
    currency  TEXT    NOT NULL,
    PRIMARY KEY (cart, place),
    UNIQUE (cart, sku)
) STRICT, WITHOUT ROWID;

-- The last orders that were made of a cart, so that each takes its lines out once.
CREATE TABLE cart_orders (
    id        INTEGER NOT NULL PRIMARY KEY,
    cart      TEXT    NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    order_id  TEXT    NOT NULL,
    UNIQUE (cart, order_id)
) STRICT;
