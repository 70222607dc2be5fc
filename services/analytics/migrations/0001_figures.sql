-- What was heard, the figures made of it, and how far a rebuild of them is.

-- One row for each thing heard that a figure needs, and of it only what the figure needs: no names, no
-- addresses, no texts that people wrote. Rows are added and never changed or removed, so that the highest
-- number is how many there are. `about` is an order or a cart; `item` tells apart what it has several of:
-- the product of a line, the payment, the refund, the reason.
CREATE TABLE facts (
    id        INTEGER NOT NULL PRIMARY KEY,
    about     TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    item      TEXT    NOT NULL,
    at_ms     INTEGER NOT NULL,
    amount    INTEGER NOT NULL,
    currency  TEXT    NOT NULL,
    pieces    INTEGER NOT NULL CHECK (pieces >= 0)
) STRICT;
CREATE INDEX facts_by_about ON facts (about, kind, item);
CREATE INDEX facts_by_time ON facts (at_ms);

-- The last name of each product that was heard: that of its highest version. 0: as an order had it.
CREATE TABLE product_names (
    sku      TEXT    NOT NULL PRIMARY KEY,
    name     TEXT    NOT NULL,
    version  INTEGER NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Which generation of figures is shown, and which is being built beside it (0: none) out of the facts up
-- to `counted`.
CREATE TABLE state (
    one            INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    standing       INTEGER NOT NULL,
    building       INTEGER NOT NULL,
    counted        INTEGER NOT NULL,
    began_at_ms    INTEGER NOT NULL,
    rebuilt_at_ms  INTEGER NOT NULL
) STRICT;
INSERT INTO state (one, standing, building, counted, began_at_ms, rebuilt_at_ms) VALUES (1, 1, 0, 0, 0, 0);

-- The figures, by hour of UTC. Amounts are minor units.
CREATE TABLE sales (
    generation  INTEGER NOT NULL,
    hour_ms     INTEGER NOT NULL,
    currency    TEXT    NOT NULL,
    placed      INTEGER NOT NULL,
    orders      INTEGER NOT NULL,
    ordered     INTEGER NOT NULL,
    captured    INTEGER NOT NULL,
    refunded    INTEGER NOT NULL,
    PRIMARY KEY (generation, hour_ms, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE product_sales (
    generation  INTEGER NOT NULL,
    hour_ms     INTEGER NOT NULL,
    sku         TEXT    NOT NULL,
    currency    TEXT    NOT NULL,
    orders      INTEGER NOT NULL,
    pieces      INTEGER NOT NULL,
    amount      INTEGER NOT NULL,
    PRIMARY KEY (generation, hour_ms, sku, currency)
) STRICT, WITHOUT ROWID;

CREATE TABLE funnel (
    generation  INTEGER NOT NULL,
    hour_ms     INTEGER NOT NULL,
    step        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    PRIMARY KEY (generation, hour_ms, step, reason)
) STRICT, WITHOUT ROWID;
