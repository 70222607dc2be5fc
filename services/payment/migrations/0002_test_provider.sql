-- The world of the built-in test provider. It lives in this database but is no part of the shop's
-- books: nothing here refers to them, and only the provider writes here.

-- The first answer under an idempotency key, kept for a day as Stripe does. `answer` is empty as
-- long as nothing was carried out.
CREATE TABLE provider_request (
    key         TEXT    NOT NULL PRIMARY KEY,
    parameters  TEXT    NOT NULL,
    received    INTEGER NOT NULL CHECK (received > 0),
    answer      TEXT    NOT NULL,
    at_ms       INTEGER NOT NULL
) STRICT;
CREATE INDEX provider_request_by_time ON provider_request (at_ms);

-- Deliberately not unique by key: a second charge would be wrong, and must then be seen here.
CREATE TABLE provider_charge (
    id            TEXT    NOT NULL PRIMARY KEY,
    key           TEXT    NOT NULL,
    order_id      TEXT    NOT NULL,
    amount        INTEGER NOT NULL CHECK (amount > 0),
    currency      TEXT    NOT NULL,
    method        TEXT    NOT NULL,
    state         TEXT    NOT NULL CHECK (state IN ('succeeded', 'failed')),
    code          TEXT    NOT NULL,
    decline_code  TEXT    NOT NULL,
    at_ms         INTEGER NOT NULL
) STRICT;
CREATE INDEX provider_charge_by_key ON provider_charge (key);
CREATE INDEX provider_charge_by_order ON provider_charge (order_id);

-- A refund that was accepted is made once its time has come.
CREATE TABLE provider_refund (
    id             TEXT    NOT NULL PRIMARY KEY,
    key            TEXT    NOT NULL,
    charge         TEXT    NOT NULL REFERENCES provider_charge (id),
    amount         INTEGER NOT NULL CHECK (amount > 0),
    state          TEXT    NOT NULL CHECK (state IN ('accepted', 'failed')),
    message        TEXT    NOT NULL,
    settles_at_ms  INTEGER NOT NULL,
    at_ms          INTEGER NOT NULL
) STRICT;
CREATE INDEX provider_refund_by_key ON provider_refund (key);
CREATE INDEX provider_refund_by_charge ON provider_refund (charge);

-- What the provider has really taken and given back, a row a payment and currency.
CREATE VIEW provider_ledger AS
SELECT charged.key AS payment,
       charged.order_id AS order_id,
       charged.currency AS currency,
       count(*) AS charges,
       sum(charged.amount) AS charged,
       sum((SELECT count(*) FROM provider_refund AS given
            WHERE given.charge = charged.id AND given.state = 'accepted')) AS refunds,
       sum((SELECT coalesce(sum(given.amount), 0) FROM provider_refund AS given
            WHERE given.charge = charged.id AND given.state = 'accepted')) AS refunded
FROM provider_charge AS charged
WHERE charged.state = 'succeeded'
GROUP BY charged.key, charged.order_id, charged.currency;
