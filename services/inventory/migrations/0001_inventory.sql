-- Stock, what is held of it for orders, and the ledger of its changes.

-- What is in the house of each product. `low` is whether the alert has been given: it stays until
-- the high mark is reached, so that a restart neither forgets nor repeats it.
CREATE TABLE stock (
    sku            TEXT    NOT NULL PRIMARY KEY,
    on_hand        INTEGER NOT NULL,
    held           INTEGER NOT NULL,
    low_mark       INTEGER NOT NULL,
    high_mark      INTEGER NOT NULL,
    low            INTEGER NOT NULL CHECK (low IN (0, 1)),
    changed_at_ms  INTEGER NOT NULL,
    CHECK (held >= 0),
    CHECK (on_hand >= held),
    CHECK (on_hand <= 1000000000),
    CHECK (low_mark >= 0 AND high_mark >= 0),
    CHECK (low_mark = 0 OR low_mark < high_mark),
    CHECK (low = 0 OR low_mark > 0)
) STRICT, WITHOUT ROWID;

-- Every change of stock with its cause, and the balances after it. It is kept for good: the sum of
-- its changes is the stock.
CREATE TABLE ledger (
    entry           INTEGER NOT NULL PRIMARY KEY,
    sku             TEXT    NOT NULL REFERENCES stock (sku),
    cause           TEXT    NOT NULL,
    on_hand_change  INTEGER NOT NULL,
    held_change     INTEGER NOT NULL,
    on_hand         INTEGER NOT NULL,
    held            INTEGER NOT NULL,
    order_id        TEXT    NOT NULL,
    reason          TEXT    NOT NULL,
    at_ms           INTEGER NOT NULL,
    CHECK (held >= 0),
    CHECK (on_hand >= held),
    CHECK ((order_id = '') = (cause IN ('received', 'adjusted'))),
    CHECK (CASE cause
        WHEN 'received' THEN on_hand_change > 0 AND held_change = 0
        WHEN 'adjusted' THEN on_hand_change <> 0 AND held_change = 0
        WHEN 'held'     THEN on_hand_change = 0 AND held_change > 0
        WHEN 'released' THEN on_hand_change = 0 AND held_change < 0
        WHEN 'expired'  THEN on_hand_change = 0 AND held_change < 0
        WHEN 'sold'     THEN on_hand_change < 0 AND held_change = on_hand_change
        ELSE FALSE
    END)
) STRICT;
CREATE INDEX ledger_by_sku ON ledger (sku, entry);

CREATE TRIGGER ledger_is_never_rewritten BEFORE UPDATE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'an entry of the ledger is never changed');
END;
CREATE TRIGGER ledger_is_never_shortened BEFORE DELETE ON ledger
BEGIN
    SELECT RAISE(ABORT, 'an entry of the ledger is never removed');
END;

-- What is or was held, one hold an order. A row outlives its hold, so that an order that is heard
-- of again is recognised.
CREATE TABLE holds (
    id             TEXT    NOT NULL PRIMARY KEY,
    order_id       TEXT    NOT NULL UNIQUE,
    state          TEXT    NOT NULL CHECK (state IN ('held', 'released', 'expired', 'sold', 'refused')),
    pinned         INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    expires_at_ms  INTEGER NOT NULL,
    changed_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX holds_by_live ON holds (id) WHERE state = 'held';
CREATE INDEX holds_by_expiry ON holds (expires_at_ms) WHERE state = 'held' AND pinned = 0;

CREATE TABLE hold_lines (
    hold      TEXT    NOT NULL REFERENCES holds (id),
    sku       TEXT    NOT NULL,
    quantity  INTEGER NOT NULL CHECK (quantity > 0),
    PRIMARY KEY (hold, sku)
) STRICT, WITHOUT ROWID;
