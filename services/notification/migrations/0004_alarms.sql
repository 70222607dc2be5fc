-- How many mails about the alarms of a rule were written in its hour, and how many alarms were held back since.

CREATE TABLE alarm_mails (
    rule         TEXT    NOT NULL PRIMARY KEY,
    began_at_ms  INTEGER NOT NULL,
    written      INTEGER NOT NULL CHECK (written >= 0),
    held_back    INTEGER NOT NULL CHECK (held_back >= 0)
) STRICT, WITHOUT ROWID;
