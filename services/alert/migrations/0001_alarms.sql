-- Rules, what each remembers of each device, and alarms.

-- A rule as it was set. `edition` changes when what it watches does: what was remembered and raised under
-- another one does not count any more.
CREATE TABLE rules (
    name           TEXT    NOT NULL PRIMARY KEY,
    edition        TEXT    NOT NULL,
    body           TEXT    NOT NULL,
    changed_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: changed with every change of any rule, so that rules kept ready in memory are known to be these.
CREATE TABLE rulebook (
    one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    edition  TEXT    NOT NULL
) STRICT;
INSERT INTO rulebook (one, edition) VALUES (1, '');

-- What is known of devices, for rules by profile.
CREATE TABLE devices (
    device   TEXT NOT NULL PRIMARY KEY,
    site     TEXT NOT NULL,
    profile  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- What a rule remembers of a device: since when a value is beyond, the readings it counts. This is what lets a
-- rule that is half-way through its ten minutes go on after a restart.
CREATE TABLE watches (
    rule     TEXT NOT NULL,
    device   TEXT NOT NULL,
    edition  TEXT NOT NULL,
    body     TEXT NOT NULL,
    PRIMARY KEY (rule, device)
) STRICT, WITHOUT ROWID;
CREATE INDEX watches_by_device ON watches (device);

-- Alarms. `last_value` is null where the rule is about no reading; the times of what has not happened are null.
CREATE TABLE alarms (
    id                  TEXT    NOT NULL PRIMARY KEY,
    rule                TEXT    NOT NULL,
    edition             TEXT    NOT NULL,
    device              TEXT    NOT NULL,
    site                TEXT    NOT NULL,
    severity            TEXT    NOT NULL CHECK (CASE severity
                                    WHEN 'warning' THEN TRUE
                                    WHEN 'minor' THEN TRUE
                                    WHEN 'major' THEN TRUE
                                    WHEN 'critical' THEN TRUE
                                    ELSE FALSE
                                END),
    state               TEXT    NOT NULL CHECK (CASE state
                                    WHEN 'active' THEN TRUE
                                    WHEN 'acknowledged' THEN TRUE
                                    WHEN 'cleared' THEN TRUE
                                    ELSE FALSE
                                END),
    why                 TEXT    NOT NULL,
    since_ms            INTEGER NOT NULL,
    raised_at_ms        INTEGER NOT NULL,
    count               INTEGER NOT NULL CHECK (count >= 1),
    last_value          REAL,
    last_at_ms          INTEGER NOT NULL,
    escalations         INTEGER NOT NULL CHECK (escalations >= 0),
    acknowledged_at_ms  INTEGER,
    cleared_at_ms       INTEGER,
    cleared_by          TEXT    NOT NULL,
    note                TEXT    NOT NULL,
    CHECK ((state = 'cleared') = (cleared_at_ms IS NOT NULL)),
    CHECK ((state = 'cleared') = (cleared_by <> ''))
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX alarms_open ON alarms (rule, device) WHERE state <> 'cleared';
CREATE INDEX alarms_open_by_id ON alarms (id) WHERE state <> 'cleared';
CREATE INDEX alarms_by_device ON alarms (device, id);
CREATE INDEX alarms_by_rule ON alarms (rule, id);
CREATE INDEX alarms_by_end ON alarms (cleared_at_ms) WHERE state = 'cleared';
