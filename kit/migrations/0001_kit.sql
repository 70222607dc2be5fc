-- The tables that every service has beside its own.

-- What this database is. `origin` is new for every new file, so that hearers start a new count.
CREATE TABLE meta (
    name   TEXT NOT NULL PRIMARY KEY,
    value  TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Row n is message n of the service's stream. Append only; the newest row is never removed, because
-- the next number follows from it.
CREATE TABLE outbox (
    seq       INTEGER NOT NULL PRIMARY KEY,
    id        TEXT    NOT NULL,
    subject   TEXT    NOT NULL,
    key       TEXT    NOT NULL,
    body      BLOB    NOT NULL,
    trace_id  BLOB    NOT NULL,
    span_id   INTEGER NOT NULL,
    sampled   INTEGER NOT NULL,
    at_us     INTEGER NOT NULL,
    checksum  INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_by_trace ON outbox (trace_id);

-- How far each source has been heard. Written in the transaction of the effects: this is the inbox.
CREATE TABLE position (
    source    TEXT    NOT NULL,
    origin    TEXT    NOT NULL,
    sequence  INTEGER NOT NULL,
    PRIMARY KEY (source, origin)
) STRICT, WITHOUT ROWID;

-- Events that could not be acted on, and those of the same key that wait behind them.
CREATE TABLE dead_letter (
    id         INTEGER NOT NULL PRIMARY KEY,
    state      TEXT    NOT NULL CHECK (state IN ('dead', 'parked')),
    source     TEXT    NOT NULL,
    origin     TEXT    NOT NULL,
    sequence   INTEGER NOT NULL,
    event_id   TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    body       BLOB    NOT NULL,
    trace_id   BLOB    NOT NULL,
    span_id    INTEGER NOT NULL,
    reason     TEXT    NOT NULL,
    message    TEXT    NOT NULL,
    attempts   INTEGER NOT NULL,
    first_at_ms INTEGER NOT NULL,
    last_at_ms  INTEGER NOT NULL,
    UNIQUE (source, origin, sequence)
) STRICT;
CREATE INDEX dead_letter_by_key ON dead_letter (source, key, id);

CREATE TABLE timer (
    kind       TEXT    NOT NULL,
    key        TEXT    NOT NULL,
    due_at_ms  INTEGER NOT NULL,
    attempts   INTEGER NOT NULL,
    trace_id   BLOB    NOT NULL,
    span_id    INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX timer_by_due ON timer (due_at_ms);

-- Work on the outside world that is to be done, with the key under which it is asked for.
CREATE TABLE effect (
    id          INTEGER NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    about       TEXT    NOT NULL,
    body        BLOB    NOT NULL,
    state       TEXT    NOT NULL CHECK (state IN ('due', 'given_up')),
    attempts    INTEGER NOT NULL,
    due_at_ms   INTEGER NOT NULL,
    -- A try has begun whose end is not recorded: it may have been done.
    trying      INTEGER NOT NULL,
    maybe_done  INTEGER NOT NULL,
    reason      TEXT    NOT NULL,
    trace_id    BLOB    NOT NULL,
    span_id     INTEGER NOT NULL,
    UNIQUE (name, key)
) STRICT;
CREATE INDEX effect_by_due ON effect (state, due_at_ms);

-- The answer that was given under an idempotency key. `code` 200 has a body, others are errors.
CREATE TABLE stored_reply (
    caller   TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    digest   BLOB    NOT NULL,
    code     INTEGER NOT NULL,
    reason   TEXT    NOT NULL,
    message  TEXT    NOT NULL,
    body     BLOB    NOT NULL,
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (caller, key)
) STRICT;
CREATE INDEX stored_reply_by_time ON stored_reply (at_ms);

-- What was done, one row a piece of work: this is what a trace is drawn from.
CREATE TABLE journal (
    id           INTEGER NOT NULL PRIMARY KEY,
    kind         TEXT    NOT NULL CHECK (kind IN ('request', 'event', 'timer', 'effect')),
    subject      TEXT    NOT NULL,
    key          TEXT    NOT NULL,
    trace_id     BLOB    NOT NULL,
    span_id      INTEGER NOT NULL,
    parent_id    INTEGER NOT NULL,
    caller       TEXT    NOT NULL,
    source       TEXT    NOT NULL,
    sequence     INTEGER NOT NULL,
    attempt      INTEGER NOT NULL,
    outcome      TEXT    NOT NULL,
    received_us  INTEGER NOT NULL,
    started_us   INTEGER NOT NULL,
    finished_us  INTEGER NOT NULL,
    group_id     INTEGER NOT NULL
) STRICT;
CREATE INDEX journal_by_trace ON journal (trace_id);
CREATE INDEX journal_by_key ON journal (key) WHERE key <> '';

-- A group of jobs that shared one commit. The row of a group is written by the next one, because
-- the time of a commit is known only after it.
CREATE TABLE commit_group (
    id            INTEGER NOT NULL PRIMARY KEY,
    jobs          INTEGER NOT NULL,
    began_us      INTEGER NOT NULL,
    committed_us  INTEGER NOT NULL
) STRICT;
