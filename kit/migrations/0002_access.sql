-- Whom a service believes: learnt from what sign-in tells, so that it can verify a token by itself.

CREATE TABLE signing_key (
    id              TEXT    NOT NULL PRIMARY KEY,
    public_key      BLOB    NOT NULL CHECK (length(public_key) = 32),
    valid_until_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Sessions that were ended while tokens of them may still be about.
CREATE TABLE revoked_session (
    id        TEXT    NOT NULL PRIMARY KEY,
    until_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
