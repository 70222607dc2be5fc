-- The same check of a message in a form that costs less. SQLite answers `x IN (…)` with more than two words in a CHECK
-- by filling a table of its own with the words, each time a row is written; a CASE compares.
--
-- Of a table in use only the text is changed, as https://www.sqlite.org/lang_altertable.html#otheralter
-- describes for checks: no row is copied, however many there are, and whoever refers to the table still does.
-- So the columns must stay as they are, in this order; the text is taken from a table that is made for it.

CREATE TABLE notifications_with_new_checks (
    id             TEXT    NOT NULL PRIMARY KEY,
    about          TEXT    NOT NULL,
    happening      TEXT    NOT NULL,
    channel        TEXT    NOT NULL CHECK (channel = 'mail'),
    recipient      TEXT    NOT NULL,
    subject        TEXT    NOT NULL,
    text           TEXT    NOT NULL,
    state          TEXT    NOT NULL CHECK (CASE state
                               WHEN 'pending' THEN TRUE
                               WHEN 'sent' THEN TRUE
                               WHEN 'failed' THEN TRUE
                               ELSE FALSE
                           END),
    generation     INTEGER NOT NULL CHECK (generation >= 1),
    created_at_ms  INTEGER NOT NULL,
    asked_at_ms    INTEGER NOT NULL,
    -- The ticket whose code sign-in is asked for when the mail is sent, or empty.
    code_of        TEXT    NOT NULL DEFAULT '',
    UNIQUE (about, happening, channel, recipient)
) STRICT, WITHOUT ROWID;

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = (SELECT replace(sql, 'notifications_with_new_checks', 'notifications')
           FROM sqlite_schema WHERE type = 'table' AND name = 'notifications_with_new_checks')
WHERE type = 'table' AND name = 'notifications';
PRAGMA writable_schema = RESET;
DROP TABLE notifications_with_new_checks;
