-- Messages to people, every try to send them, and how often stock of a product has run low.

-- One message for each happening, channel and person. `generation` counts how often it was to be
-- sent: 1, and one more each time it is sent again. `asked_at_ms` is when the latest of these was
-- asked for.
CREATE TABLE notifications (
    id             TEXT    NOT NULL PRIMARY KEY,
    about          TEXT    NOT NULL,
    happening      TEXT    NOT NULL,
    channel        TEXT    NOT NULL CHECK (channel IN ('mail')),
    recipient      TEXT    NOT NULL,
    subject        TEXT    NOT NULL,
    text           TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
    generation     INTEGER NOT NULL CHECK (generation >= 1),
    created_at_ms  INTEGER NOT NULL,
    asked_at_ms    INTEGER NOT NULL,
    UNIQUE (about, happening, channel, recipient)
) STRICT, WITHOUT ROWID;
CREATE INDEX notifications_by_state ON notifications (state, id);

CREATE TABLE attempts (
    id            INTEGER NOT NULL PRIMARY KEY,
    notification  TEXT    NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    at_ms         INTEGER NOT NULL,
    outcome       TEXT    NOT NULL
) STRICT;
CREATE INDEX attempts_by_notification ON attempts (notification, id);

-- Stock that is low is told of once; after it rose again, falling once more is another happening.
CREATE TABLE low_stock (
    sku        TEXT    NOT NULL PRIMARY KEY,
    crossings  INTEGER NOT NULL CHECK (crossings >= 1),
    low        INTEGER NOT NULL CHECK (low IN (0, 1))
) STRICT, WITHOUT ROWID;
