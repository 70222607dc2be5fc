-- Each event says what was told before it, so that whoever hears only some subjects sees when one is missing.

-- By the name of each event, the number of the newest row before this one: `confirmed=12 placed=14`. NULL in rows
-- from before that was noted.
ALTER TABLE outbox ADD COLUMN told_before TEXT;

-- The newest row of each subject, kept or not.
CREATE TABLE told (
    subject  TEXT    NOT NULL PRIMARY KEY,
    seq      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO told (subject, seq) SELECT subject, max(seq) FROM outbox GROUP BY subject;
