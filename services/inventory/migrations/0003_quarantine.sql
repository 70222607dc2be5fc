-- What an alarm put aside, what scales counted, and three more causes in the ledger.

-- Whether the stock of a product may not be sold until somebody releases it. What is held for orders stays held.
ALTER TABLE stock ADD COLUMN quarantined INTEGER NOT NULL DEFAULT 0 CHECK (quarantined IN (0, 1));

-- Which alarm put what aside. A row outlives its release, so that an alarm that is heard of again does nothing.
-- `released_at_ms` is null until then.
CREATE TABLE quarantines (
    alarm           TEXT    NOT NULL PRIMARY KEY,
    sku             TEXT    NOT NULL REFERENCES stock (sku),
    since_ms        INTEGER NOT NULL,
    released_at_ms  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX quarantines_by_sku ON quarantines (sku) WHERE released_at_ms IS NULL;

-- The latest count of each scale, by its clock: an older one that is heard of later changes nothing.
CREATE TABLE counts (
    device         TEXT    NOT NULL,
    sku            TEXT    NOT NULL,
    counted_at_ms  INTEGER NOT NULL,
    PRIMARY KEY (device, sku)
) STRICT, WITHOUT ROWID;

-- Of the ledger only the text of its checks is changed, as in 0002: no row is copied. The columns must stay as
-- they are, in this order.
CREATE TABLE ledger_with_new_checks (
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
    CHECK (CASE cause
        WHEN 'held'        THEN on_hand_change = 0 AND held_change > 0 AND order_id <> ''
        WHEN 'sold'        THEN on_hand_change < 0 AND held_change = on_hand_change AND order_id <> ''
        WHEN 'released'    THEN on_hand_change = 0 AND held_change < 0 AND order_id <> ''
        WHEN 'expired'     THEN on_hand_change = 0 AND held_change < 0 AND order_id <> ''
        WHEN 'received'    THEN on_hand_change > 0 AND held_change = 0 AND order_id = ''
        WHEN 'adjusted'    THEN on_hand_change <> 0 AND held_change = 0 AND order_id = ''
        WHEN 'counted'     THEN on_hand_change <> 0 AND held_change = 0 AND order_id = '' AND reason <> ''
        WHEN 'quarantined' THEN on_hand_change = 0 AND held_change = 0 AND order_id = '' AND reason <> ''
        WHEN 'freed'       THEN on_hand_change = 0 AND held_change = 0 AND order_id = '' AND reason <> ''
        ELSE FALSE
    END)
) STRICT;

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = (SELECT replace(sql, 'ledger_with_new_checks', 'ledger')
           FROM sqlite_schema WHERE type = 'table' AND name = 'ledger_with_new_checks')
WHERE type = 'table' AND name = 'ledger';
PRAGMA writable_schema = RESET;
DROP TABLE ledger_with_new_checks;
