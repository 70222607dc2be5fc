-- Every reading of every device, once; what became of those that are not here; and how far pruning is.

-- A device that said something. The counts are of readings: `late` and `ahead` are among those accepted.
CREATE TABLE devices (
    number          INTEGER NOT NULL PRIMARY KEY,
    device          TEXT    NOT NULL UNIQUE,
    site            TEXT    NOT NULL,
    received_at_ms  INTEGER NOT NULL,
    accepted        INTEGER NOT NULL,
    late            INTEGER NOT NULL,
    ahead           INTEGER NOT NULL,
    repeated        INTEGER NOT NULL,
    conflicting     INTEGER NOT NULL
) STRICT;
CREATE INDEX devices_by_site ON devices (site, number);

-- Readings of a device that were not recorded, by reason.
CREATE TABLE refusals (
    device    INTEGER NOT NULL REFERENCES devices (number),
    reason    TEXT    NOT NULL,
    readings  INTEGER NOT NULL,
    PRIMARY KEY (device, reason)
) STRICT, WITHOUT ROWID;

-- What a device measures, with the newest reading by the device's clock. An empty unit: it says none.
CREATE TABLE series (
    number          INTEGER NOT NULL PRIMARY KEY,
    device          INTEGER NOT NULL REFERENCES devices (number),
    metric          TEXT    NOT NULL,
    unit            TEXT    NOT NULL,
    newest_ms       INTEGER NOT NULL,
    newest_value    REAL    NOT NULL,
    newest_after_ms INTEGER NOT NULL,
    UNIQUE (device, metric)
) STRICT;

-- The readings. `time_ms` is the device's clock, `after_ms` how much later the broker received it: a short number
-- where a second time would be a long one. What is read and what is removed lies together, and there is no other index.
CREATE TABLE readings (
    series    INTEGER NOT NULL,
    time_ms   INTEGER NOT NULL,
    value     REAL    NOT NULL,
    after_ms  INTEGER NOT NULL,
    PRIMARY KEY (series, time_ms)
) STRICT, WITHOUT ROWID;

-- How many times readings were told, and how many messages the stream forgot before they were read.
CREATE TABLE totals (
    one     INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    number  INTEGER NOT NULL,
    missed  INTEGER NOT NULL
) STRICT;
INSERT INTO totals (one, number, missed) VALUES (1, 0, 0);

-- Behind which series pruning goes on; when it last looked at the clock; until when nothing is removed, because the
-- clock was set or the service was away.
CREATE TABLE pruning (
    one            INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    behind         INTEGER NOT NULL,
    looked_at_ms   INTEGER NOT NULL,
    held_until_ms  INTEGER NOT NULL
) STRICT;
INSERT INTO pruning (one, behind, looked_at_ms, held_until_ms) VALUES (1, 0, 0, 0);
