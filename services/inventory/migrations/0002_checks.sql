-- The same check of a hold in a form that costs less. SQLite answers `x IN (…)` with more than two words in a CHECK by
-- filling a table of its own with the words, each time a row is written; a CASE compares.
--
-- Of a table in use only the text is changed, as https://www.sqlite.org/lang_altertable.html#otheralter
-- describes for checks: no row is copied, however many there are, and whoever refers to the table still does.
-- So the columns must stay as they are, in this order; the text is taken from a table that is made for it.

CREATE TABLE holds_with_new_checks (
    id             TEXT    NOT NULL PRIMARY KEY,
    order_id       TEXT    NOT NULL UNIQUE,
    state          TEXT    NOT NULL CHECK (CASE state
                               WHEN 'held' THEN TRUE
                               WHEN 'sold' THEN TRUE
                               WHEN 'released' THEN TRUE
                               WHEN 'expired' THEN TRUE
                               WHEN 'refused' THEN TRUE
                               ELSE FALSE
                           END),
    pinned         INTEGER NOT NULL CHECK (pinned IN (0, 1)),
    expires_at_ms  INTEGER NOT NULL,
    changed_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA writable_schema = ON;
UPDATE sqlite_schema
SET sql = (SELECT replace(sql, 'holds_with_new_checks', 'holds')
           FROM sqlite_schema WHERE type = 'table' AND name = 'holds_with_new_checks')
WHERE type = 'table' AND name = 'holds';
PRAGMA writable_schema = RESET;
DROP TABLE holds_with_new_checks;
