-- Orders, what was ordered, what is given back, and every move.

CREATE TABLE orders (
    -- Begins with the time of placing, so the order of identifiers is the order of placing.
    id                 TEXT    NOT NULL PRIMARY KEY,
    -- Counts the changes; each of them is a row of order_moves.
    version            INTEGER NOT NULL CHECK (version >= 1),
    standing           TEXT    NOT NULL CHECK (standing IN (
                           'placed', 'awaiting_payment', 'awaiting_outcome', 'outcome_lost',
                           'confirmed', 'confirmed_open', 'refund_lost', 'sold_out', 'refunded',
                           'cancelled', 'cancelled_open')),
    -- 0 if the order waits for nobody.
    deadline_ms        INTEGER NOT NULL,
    -- Empty for a guest; for nobody to write to; for an order that was not made of a cart.
    customer           TEXT    NOT NULL,
    email              TEXT    NOT NULL,
    cart               TEXT    NOT NULL,
    cart_version       INTEGER NOT NULL,
    payment_method     TEXT    NOT NULL CHECK (payment_method <> ''),
    currency           TEXT    NOT NULL,
    total_amount       INTEGER NOT NULL CHECK (total_amount >= 0),
    -- Empty until the payment service has named it.
    payment            TEXT    NOT NULL,
    -- What is known of the charge: nothing final, that it was made, or that it never will be.
    outcome            TEXT    NOT NULL CHECK (outcome IN ('open', 'captured', 'declined')),
    -- Being given back; of how much of that nobody knows whether it went back, and nobody tries to
    -- find out any more; and given back.
    pending_amount     INTEGER NOT NULL CHECK (pending_amount >= 0),
    unknown_amount     INTEGER NOT NULL CHECK (unknown_amount BETWEEN 0 AND pending_amount),
    refunded_amount    INTEGER NOT NULL CHECK (refunded_amount >= 0),
    -- Why there is no sale, and why a person must look; empty if neither is so.
    ended_reason       TEXT    NOT NULL,
    ended_message      TEXT    NOT NULL,
    attention_reason   TEXT    NOT NULL,
    attention_message  TEXT    NOT NULL,
    trace              TEXT    NOT NULL CHECK (length(trace) = 32),
    placed_at_ms       INTEGER NOT NULL,
    changed_at_ms      INTEGER NOT NULL,

    -- What waits has a deadline, and nothing else has one.
    CHECK ((deadline_ms > 0) = (standing IN ('placed', 'awaiting_payment', 'awaiting_outcome'))),
    -- A sale is paid.
    CHECK (standing NOT IN ('confirmed', 'confirmed_open', 'refund_lost', 'sold_out', 'refunded')
           OR outcome = 'captured'),
    -- What waits for a payment is not paid.
    CHECK (standing NOT IN ('placed', 'awaiting_payment', 'awaiting_outcome', 'outcome_lost') OR outcome = 'open'),
    -- No more is given back, and being given back, than was paid.
    CHECK (pending_amount + refunded_amount <= total_amount),
    CHECK (outcome = 'captured' OR pending_amount + refunded_amount = 0),
    -- A person must look until it is known whether money went back.
    CHECK (unknown_amount = 0 OR standing IN ('confirmed_open', 'refund_lost', 'sold_out', 'cancelled_open')),
    CHECK (unknown_amount > 0 OR standing <> 'refund_lost'),
    -- Nobody keeps the money of an order that was cancelled.
    CHECK (standing <> 'cancelled' OR outcome <> 'captured' OR pending_amount + refunded_amount = total_amount),
    CHECK (standing <> 'refunded' OR refunded_amount = total_amount),
    CHECK (standing NOT IN ('sold_out', 'cancelled', 'cancelled_open') OR ended_reason <> ''),
    CHECK ((attention_reason <> '') = (standing IN (
               'outcome_lost', 'confirmed_open', 'refund_lost', 'sold_out', 'cancelled_open')))
) STRICT, WITHOUT ROWID;

CREATE INDEX orders_by_standing ON orders (standing, id);
CREATE INDEX orders_by_customer ON orders (customer, id) WHERE customer <> '';
-- A cart is ordered once: what the second of two tabs sends at the same time finds it ordered.
CREATE UNIQUE INDEX orders_by_cart ON orders (cart, cart_version) WHERE cart <> '';

CREATE TABLE order_lines (
    order_id           TEXT    NOT NULL REFERENCES orders (id),
    sku                TEXT    NOT NULL,
    -- Its place among the lines, from 1.
    line               INTEGER NOT NULL CHECK (line >= 1),
    name               TEXT    NOT NULL,
    quantity           INTEGER NOT NULL CHECK (quantity >= 1),
    unit_price_amount  INTEGER NOT NULL CHECK (unit_price_amount >= 0),
    PRIMARY KEY (order_id, sku)
) STRICT, WITHOUT ROWID;

CREATE TABLE order_refunds (
    order_id           TEXT    NOT NULL REFERENCES orders (id),
    id                 TEXT    NOT NULL,
    -- The version of the order with which it was asked for.
    version            INTEGER NOT NULL CHECK (version >= 1),
    amount             INTEGER NOT NULL CHECK (amount > 0),
    state              TEXT    NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
    -- Whether nobody knows if it was made, and nobody tries to find out any more.
    unknown            INTEGER NOT NULL CHECK (unknown IN (0, 1)),
    reason             TEXT    NOT NULL,
    PRIMARY KEY (order_id, id),
    CHECK (unknown = 0 OR state = 'pending')
) STRICT, WITHOUT ROWID;

CREATE TABLE order_moves (
    order_id           TEXT    NOT NULL REFERENCES orders (id),
    -- The version of the order after it, so that no change goes without its row.
    version            INTEGER NOT NULL CHECK (version >= 1),
    -- Empty for the first.
    from_standing      TEXT    NOT NULL,
    to_standing        TEXT    NOT NULL,
    cause              TEXT    NOT NULL CHECK (cause <> ''),
    note               TEXT    NOT NULL,
    at_ms              INTEGER NOT NULL,
    PRIMARY KEY (order_id, version),
    CHECK ((from_standing = '') = (version = 1))
) STRICT, WITHOUT ROWID;
