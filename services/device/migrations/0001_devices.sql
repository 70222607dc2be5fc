-- Devices: their kinds, who they are, what they connect with, and what they are to be like.

-- A kind of devices. `secret` is the digest of what they register themselves with; empty: they may not. How many
-- did so is counted in a window of time.
CREATE TABLE profiles (
    name            TEXT    NOT NULL PRIMARY KEY,
    site            TEXT    NOT NULL,
    silence_s       INTEGER NOT NULL CHECK (silence_s >= 0),
    secret          BLOB    NOT NULL,
    window_from_ms  INTEGER NOT NULL,
    registered      INTEGER NOT NULL CHECK (registered >= 0),
    changed_at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A device. `since_ms` is since when it is there or is not, 0 if it was never there; `left_at_ms` is when its last
-- connection ended, 0 while it has one or never had; `flaps` counts how often it came back soon after it had left.
CREATE TABLE devices (
    id             TEXT    NOT NULL PRIMARY KEY,
    profile        TEXT    NOT NULL REFERENCES profiles (name),
    hardware       TEXT    NOT NULL,
    site           TEXT    NOT NULL,
    state          TEXT    NOT NULL,
    owner          TEXT    NOT NULL,
    labels         TEXT    NOT NULL,
    online         INTEGER NOT NULL CHECK (online IN (0, 1)),
    since_ms       INTEGER NOT NULL,
    left_at_ms     INTEGER NOT NULL,
    flaps          INTEGER NOT NULL CHECK (flaps >= 0),
    last_seen_ms   INTEGER NOT NULL,
    made_at_ms     INTEGER NOT NULL,
    changed_at_ms  INTEGER NOT NULL,
    CHECK (CASE state
        WHEN 'new'       THEN 1
        WHEN 'claimed'   THEN owner <> ''
        WHEN 'active'    THEN 1
        WHEN 'suspended' THEN 1
        WHEN 'retired'   THEN 1
        ELSE 0
    END)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX devices_by_hardware ON devices (hardware) WHERE hardware <> '';

-- What a device connects with, as a digest. `until_ms` is 0 unless it was replaced.
CREATE TABLE credentials (
    device      TEXT    NOT NULL REFERENCES devices (id),
    digest      BLOB    NOT NULL,
    made_at_ms  INTEGER NOT NULL,
    until_ms    INTEGER NOT NULL,
    PRIMARY KEY (device, digest)
) STRICT, WITHOUT ROWID;

-- Who was let in, by the number that the broker gave the connection. It is there before the broker is answered,
-- so that whoever is connected can be disconnected.
CREATE TABLE connections (
    server       TEXT    NOT NULL,
    number       INTEGER NOT NULL,
    device       TEXT    NOT NULL REFERENCES devices (id),
    admitted_ms  INTEGER NOT NULL,
    PRIMARY KEY (server, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX connections_by_device ON connections (device);

-- Codes by which customers claim devices, as digests.
CREATE TABLE claims (
    device    TEXT    NOT NULL PRIMARY KEY REFERENCES devices (id),
    digest    BLOB    NOT NULL,
    until_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What a device is to be like and says it is like, as JSON objects, and when each field was set.
CREATE TABLE states (
    device         TEXT    NOT NULL PRIMARY KEY REFERENCES devices (id),
    version        INTEGER NOT NULL CHECK (version > 0),
    desired        TEXT    NOT NULL,
    reported       TEXT    NOT NULL,
    desired_at     TEXT    NOT NULL,
    reported_at    TEXT    NOT NULL,
    changed_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
