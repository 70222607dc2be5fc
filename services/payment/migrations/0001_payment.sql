-- What is due for an order. An order has one payment, however often it is heard.
CREATE TABLE payments (
    id              TEXT    NOT NULL PRIMARY KEY,
    order_id        TEXT    NOT NULL UNIQUE,
    amount          INTEGER NOT NULL CHECK (amount >= 0),
    currency        TEXT    NOT NULL,
    -- A token, or what may be shown of anything else; never a card's number.
    payment_method  TEXT    NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('pending', 'unknown', 'captured', 'declined', 'cancelled')),
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
    CHECK (captured = CASE state WHEN 'captured' THEN amount ELSE 0 END)
) STRICT;
CREATE INDEX payments_by_state ON payments (state, id);

CREATE TRIGGER payments_end_once BEFORE UPDATE OF state ON payments
WHEN OLD.state IN ('captured', 'declined') AND NEW.state <> OLD.state
BEGIN
    SELECT RAISE(ABORT, 'a payment that was captured or declined stays so');
END;

-- Money to give back, and given back. A refund that was refused is kept too, as failed, so that
-- hearing of it again changes nothing; therefore its payment need not exist.
CREATE TABLE refunds (
    id             TEXT    NOT NULL PRIMARY KEY,
    payment        TEXT    NOT NULL,
    order_id       TEXT    NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount >= 0),
    currency       TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('pending', 'unknown', 'done', 'failed')),
    message        TEXT    NOT NULL,
    created_at_ms  INTEGER NOT NULL,
    changed_at_ms  INTEGER NOT NULL
) STRICT;
CREATE INDEX refunds_by_payment ON refunds (payment, created_at_ms, id);

CREATE TRIGGER refunds_end_once BEFORE UPDATE OF state ON refunds
WHEN OLD.state IN ('done', 'failed') AND NEW.state <> OLD.state
BEGIN
    SELECT RAISE(ABORT, 'a refund that was made or has failed stays so');
END;

-- Every time the provider was asked to charge, or under `refund` to give back.
CREATE TABLE attempts (
    id       INTEGER NOT NULL PRIMARY KEY,
    payment  TEXT    NOT NULL REFERENCES payments (id),
    refund   TEXT    NOT NULL,
    outcome  TEXT    NOT NULL CHECK (outcome IN ('captured', 'declined', 'refunded', 'refund_failed',
                                                 'outcome_unknown', 'not_done', 'impossible')),
    message  TEXT    NOT NULL,
    at_ms    INTEGER NOT NULL
) STRICT;
CREATE INDEX attempts_by_payment ON attempts (payment, refund);
