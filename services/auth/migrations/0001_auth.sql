-- Accounts, the codes that were sent to them, sessions, failed tries, and the keys that sign tokens.

-- What codes, refresh tokens and salts are derived from. One row, made at the first start.
CREATE TABLE secrets (
    name   TEXT  NOT NULL PRIMARY KEY,
    value  BLOB  NOT NULL CHECK (length(value) = 32)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
    -- Begins with the time of making, so the order of identifiers is the order of making.
    id                  TEXT    NOT NULL PRIMARY KEY,
    -- The address by which it is found: in lower case. `email` is as it was first written, and the
    -- only one to which anything is sent.
    address             TEXT    NOT NULL UNIQUE,
    email               TEXT    NOT NULL,
    role                TEXT    NOT NULL CHECK (role IN ('customer', 'operator', 'admin')),
    confirmed           INTEGER NOT NULL CHECK (confirmed IN (0, 1)),
    disabled            INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    -- A PHC string. Empty until the address was confirmed: before that each registration has its own.
    password_hash       TEXT    NOT NULL,
    -- 0 as long as there is none.
    password_set_at_ms  INTEGER NOT NULL,
    created_at_ms       INTEGER NOT NULL,
    CHECK ((confirmed = 1) = (password_hash <> '')),
    CHECK ((password_hash <> '') = (password_set_at_ms > 0)),
    -- Nobody is staff by an address that may not be theirs.
    CHECK (confirmed = 1 OR role = 'customer')
) STRICT, WITHOUT ROWID;

CREATE INDEX accounts_by_role ON accounts (role, id);
CREATE INDEX accounts_unconfirmed ON accounts (created_at_ms) WHERE confirmed = 0;

-- Codes, without the codes: these are derived from the number and the secret.
CREATE TABLE tickets (
    id              TEXT    NOT NULL PRIMARY KEY,
    account         TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    purpose         TEXT    NOT NULL CHECK (purpose IN
                        ('confirm_address', 'already_registered', 'reset_password')),
    -- The password that was chosen when it was made; empty for a reset, which brings its own.
    password_hash   TEXT    NOT NULL,
    made_at_ms      INTEGER NOT NULL,
    valid_until_ms  INTEGER NOT NULL,
    -- 0 until it was used.
    used_at_ms      INTEGER NOT NULL,
    -- Whether it became worthless before its time, because another one was used.
    closed          INTEGER NOT NULL CHECK (closed IN (0, 1)),
    CHECK ((password_hash = '') = (purpose = 'reset_password'))
) STRICT, WITHOUT ROWID;

CREATE INDEX tickets_by_account ON tickets (account, made_at_ms);
CREATE INDEX tickets_by_time ON tickets (made_at_ms);

-- Sessions that have not been ended. What ends is removed, and told.
CREATE TABLE sessions (
    id             TEXT    NOT NULL PRIMARY KEY,
    account        TEXT    NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
    device         TEXT    NOT NULL,
    source         TEXT    NOT NULL,
    -- What its refresh tokens are derived from, together with the secret.
    material       BLOB    NOT NULL CHECK (length(material) = 32),
    -- The number of the newest refresh token.
    generation     INTEGER NOT NULL CHECK (generation >= 1),
    began_at_ms    INTEGER NOT NULL,
    -- When the newest refresh token was given.
    used_at_ms     INTEGER NOT NULL,
    expires_at_ms  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_account ON sessions (account, id);
CREATE INDEX sessions_by_expiry ON sessions (expires_at_ms);

-- Tries that failed, by account and by source: also of accounts that do not exist.
CREATE TABLE tries (
    name             TEXT    NOT NULL PRIMARY KEY,
    -- Since `since_ms`.
    failures         INTEGER NOT NULL CHECK (failures >= 0),
    since_ms         INTEGER NOT NULL,
    -- How often it was locked in a row.
    locks            INTEGER NOT NULL CHECK (locks >= 0),
    -- 0 if it never was.
    locked_until_ms  INTEGER NOT NULL,
    failed_at_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX tries_by_time ON tries (failed_at_ms);

CREATE TABLE own_keys (
    id              TEXT    NOT NULL PRIMARY KEY,
    secret          BLOB    NOT NULL CHECK (length(secret) = 32),
    signs_from_ms   INTEGER NOT NULL,
    -- Until when others were told to believe it.
    valid_until_ms  INTEGER NOT NULL,
    told_at_ms      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
