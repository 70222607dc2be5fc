-- The same checks of an order, in a form that costs less. SQLite answers `x IN (…)` with more than two words in a
-- CHECK by filling a table of its own with the words, each time a row is written: eight of them, for forty words,
-- were most of what writing an order cost. A CASE compares, and says line by line what is true of an order that
-- stands somewhere.
--
-- Of a table in use only the text is changed, as https://www.sqlite.org/lang_altertable.html#otheralter
-- describes for checks: no row is copied, however many there are, and whoever refers to the table still does.
-- So the columns must stay as they are, in this order; the text is taken from a table that is made for it.

CREATE TABLE orders_with_new_checks (
    -- Begins with the time of placing, so the order of identifiers is the order of placing.
    id                 TEXT    NOT NULL PRIMARY KEY,
    -- Counts the changes; each of them is a row of order_moves.
    version            INTEGER NOT NULL CHECK (version >= 1),
    standing           TEXT    NOT NULL,
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
    outcome            TEXT    NOT NULL,
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
    -- To whom it belongs, as kit::Owner writes it; empty: only staff sees it.
    owner              TEXT    NOT NULL DEFAULT '',

    -- What is paid may go back, and no more than that; of what was never paid nothing.
    CHECK (CASE outcome
               WHEN 'open'     THEN pending_amount + refunded_amount = 0
               WHEN 'captured' THEN pending_amount + refunded_amount <= total_amount
               WHEN 'declined' THEN pending_amount + refunded_amount = 0
               ELSE FALSE
           END),
    -- What waits has a deadline, and nothing else has one; what waits for a payment is not paid; a sale is paid;
    -- what ended without a sale says why; and a person must look where money or stock is in doubt. Nobody keeps
    -- the money of an order that was cancelled.
    CHECK (CASE standing
               WHEN 'placed'
               THEN deadline_ms > 0 AND outcome = 'open' AND unknown_amount = 0 AND attention_reason = ''
               WHEN 'awaiting_payment'
               THEN deadline_ms > 0 AND outcome = 'open' AND unknown_amount = 0 AND attention_reason = ''
               WHEN 'confirmed'
               THEN deadline_ms <= 0 AND outcome = 'captured' AND unknown_amount = 0 AND attention_reason = ''
               WHEN 'cancelled'
               THEN deadline_ms <= 0 AND unknown_amount = 0 AND ended_reason <> '' AND attention_reason = ''
                    AND (outcome <> 'captured' OR pending_amount + refunded_amount = total_amount)
               WHEN 'refunded'
               THEN deadline_ms <= 0 AND outcome = 'captured' AND unknown_amount = 0 AND attention_reason = ''
                    AND refunded_amount = total_amount
               WHEN 'awaiting_outcome'
               THEN deadline_ms > 0 AND outcome = 'open' AND unknown_amount = 0 AND attention_reason = ''
               WHEN 'outcome_lost'
               THEN deadline_ms <= 0 AND outcome = 'open' AND unknown_amount = 0 AND attention_reason <> ''
               WHEN 'confirmed_open'
               THEN deadline_ms <= 0 AND outcome = 'captured' AND attention_reason <> ''
               WHEN 'refund_lost'
               THEN deadline_ms <= 0 AND outcome = 'captured' AND unknown_amount > 0 AND attention_reason <> ''
               WHEN 'sold_out'
               THEN deadline_ms <= 0 AND outcome = 'captured' AND ended_reason <> '' AND attention_reason <> ''
               WHEN 'cancelled_open'
               THEN deadline_ms <= 0 AND ended_reason <> '' AND attention_reason <> ''
               ELSE FALSE
           END)
) STRICT, WITHOUT ROWID;

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = (SELECT replace(sql, 'orders_with_new_checks', 'orders')
           FROM sqlite_schema WHERE type = 'table' AND name = 'orders_with_new_checks')
WHERE type = 'table' AND name = 'orders';
PRAGMA writable_schema = RESET;
DROP TABLE orders_with_new_checks;
