-- The same checks of payments, refunds and attempts in a form that costs less. SQLite answers `x IN (…)` with more
-- than two words in a CHECK by filling a table of its own with the words, each time a row is written; a CASE compares.
--
-- Of a table in use only the text is changed, as https://www.sqlite.org/lang_altertable.html#otheralter
-- describes for checks: no row is copied, however many there are, and whoever refers to the table still does.
-- So the columns must stay as they are, in this order; the text is taken from a table that is made for it.

CREATE TABLE payments_with_new_checks (
    id              TEXT    NOT NULL PRIMARY KEY,
    order_id        TEXT    NOT NULL UNIQUE,
    amount          INTEGER NOT NULL CHECK (amount >= 0),
    currency        TEXT    NOT NULL,
    -- A token, or what may be shown of anything else; never a card's number.
    payment_method  TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    captured        INTEGER NOT NULL,
    -- The sum of its refunds that are made or may still be: never more than was captured.
    promised        INTEGER NOT NULL CHECK (promised BETWEEN 0 AND captured),
    -- The number of the charge at the provider, once it is captured.
    charge          TEXT    NOT NULL,
    code            TEXT    NOT NULL,
    decline_code    TEXT    NOT NULL,
    message         TEXT    NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    changed_at_ms   INTEGER NOT NULL,
    CHECK (CASE state
               WHEN 'pending'   THEN captured = 0
               WHEN 'captured'  THEN captured = amount
               WHEN 'declined'  THEN captured = 0
               WHEN 'cancelled' THEN captured = 0
               WHEN 'unknown'   THEN captured = 0
               ELSE FALSE
           END)
) STRICT;

CREATE TABLE refunds_with_new_checks (
    id             TEXT    NOT NULL PRIMARY KEY,
    payment        TEXT    NOT NULL,
    order_id       TEXT    NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount >= 0),
    currency       TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (CASE state
                               WHEN 'pending' THEN TRUE
                               WHEN 'done' THEN TRUE
                               WHEN 'failed' THEN TRUE
                               WHEN 'unknown' THEN TRUE
                               ELSE FALSE
                           END),
    message        TEXT    NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    changed_at_ms  INTEGER NOT NULL
) STRICT;

CREATE TABLE attempts_with_new_checks (
    id       INTEGER NOT NULL PRIMARY KEY,
    payment  TEXT    NOT NULL REFERENCES payments (id),
    refund   TEXT    NOT NULL,
    outcome  TEXT    NOT NULL CHECK (CASE outcome
                         WHEN 'captured' THEN TRUE
                         WHEN 'declined' THEN TRUE
                         WHEN 'refunded' THEN TRUE
                         WHEN 'refund_failed' THEN TRUE
                         WHEN 'outcome_unknown' THEN TRUE
                         WHEN 'not_done' THEN TRUE
                         WHEN 'impossible' THEN TRUE
                         ELSE FALSE
                     END),
    message  TEXT    NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT;

PRAGMA writable_schema = ON;
UPDATE sqlite_schema AS used
SET sql = (SELECT replace(made.sql, made.name, used.name)
           FROM sqlite_schema AS made
           WHERE made.type = 'table' AND made.name = used.name || '_with_new_checks')
WHERE used.type = 'table' AND used.name IN ('payments', 'refunds', 'attempts');
PRAGMA writable_schema = RESET;
DROP TABLE payments_with_new_checks;
DROP TABLE refunds_with_new_checks;
DROP TABLE attempts_with_new_checks;
