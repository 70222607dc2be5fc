-- The number of a dead letter is never given again, so that whoever names one means that one. The copy sets the
-- count to the highest number that is there.
CREATE TABLE dead_letter_new (
    id          INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    state       TEXT    NOT NULL CHECK (state IN ('dead', 'parked')),
    source      TEXT    NOT NULL,
    origin      TEXT    NOT NULL,
    sequence    INTEGER NOT NULL,
    event_id    TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    body        BLOB    NOT NULL,
    trace_id    BLOB    NOT NULL,
    span_id     INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    message     TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    first_at_ms INTEGER NOT NULL,
    last_at_ms  INTEGER NOT NULL,
    UNIQUE (source, origin, sequence)
) STRICT;
INSERT INTO dead_letter_new (id, state, source, origin, sequence, event_id, subject, key, body, trace_id, span_id,
                             reason, message, attempts, first_at_ms, last_at_ms)
SELECT id, state, source, origin, sequence, event_id, subject, key, body, trace_id, span_id,
       reason, message, attempts, first_at_ms, last_at_ms
FROM dead_letter ORDER BY id;
DROP TABLE dead_letter;
ALTER TABLE dead_letter_new RENAME TO dead_letter;
CREATE INDEX dead_letter_by_key ON dead_letter (source, key, id);
