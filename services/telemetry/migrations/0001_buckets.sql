-- What readings come to by minute, hour and day of UTC, and how far a rebuild and the pruning of them are.

-- What a device measures. An empty unit: it says none. `rebuilt` is the generation in which it was last built.
CREATE TABLE series (
    number   INTEGER NOT NULL PRIMARY KEY,
    device   TEXT    NOT NULL,
    metric   TEXT    NOT NULL,
    unit     TEXT    NOT NULL,
    rebuilt  INTEGER NOT NULL,
    UNIQUE (device, metric)
) STRICT;
CREATE INDEX series_by_rebuilt ON series (rebuilt, number);

-- The buckets. Times are short numbers: `at_minute` is the beginning in minutes since 1970, `last_after_ms` how long
-- after it the last reading was measured. `step` is 0 for a minute, 1 for an hour, 2 for a day. What `total` lost by
-- rounding is in `rest`, so that the mean does not depend on the order in which readings came.
CREATE TABLE buckets (
    generation     INTEGER NOT NULL,
    series         INTEGER NOT NULL,
    step           INTEGER NOT NULL,
    at_minute      INTEGER NOT NULL,
    count          INTEGER NOT NULL,
    least          REAL    NOT NULL,
    most           REAL    NOT NULL,
    total          REAL    NOT NULL,
    rest           REAL    NOT NULL,
    last           REAL    NOT NULL,
    last_after_ms  INTEGER NOT NULL,
    PRIMARY KEY (generation, series, step, at_minute)
) STRICT, WITHOUT ROWID;

-- Which generation is shown, which is being built beside it (0: none), and how far that is. While `settled` is above 0,
-- readings of events up to that number may have been counted by the last rebuild already: see `pages`.
CREATE TABLE state (
    one            INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    standing       INTEGER NOT NULL,
    readings       INTEGER NOT NULL,
    building       INTEGER NOT NULL,
    counted        INTEGER NOT NULL,
    turn           INTEGER NOT NULL,
    began_at_ms    INTEGER NOT NULL,
    rebuilt_at_ms  INTEGER NOT NULL,
    settled        INTEGER NOT NULL
) STRICT;
INSERT INTO state (one, standing, readings, building, counted, turn, began_at_ms, rebuilt_at_ms, settled)
VALUES (1, 1, 0, 0, 0, 0, 0, 0, 0);

-- What the rebuild of a generation has read of each series: up to which time, and up to which event what is in between
-- was complete. It begins where the one before ends. What an event with a later number tells of a time that was read is
-- not in it. Those of the generation that is shown are kept until everything that they may have counted was heard, also
-- while the next one is built.
CREATE TABLE pages (
    generation  INTEGER NOT NULL,
    series      INTEGER NOT NULL,
    to_ms       INTEGER NOT NULL,
    number      INTEGER NOT NULL,
    PRIMARY KEY (generation, series, to_ms)
) STRICT, WITHOUT ROWID;

-- Behind which series pruning goes on; when it last looked at the clock; until when nothing is removed, because the
-- clock was set or the service was away.
CREATE TABLE pruning (
    one            INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    behind         INTEGER NOT NULL,
    looked_at_ms   INTEGER NOT NULL,
    held_until_ms  INTEGER NOT NULL
) STRICT;
INSERT INTO pruning (one, behind, looked_at_ms, held_until_ms) VALUES (1, 0, 0, 0);
