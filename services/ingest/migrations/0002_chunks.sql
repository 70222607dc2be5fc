-- Readings of a series that lie together become one row: a quarter of the room, and a fraction of the pages that a batch
-- changes. The rows there are so far are turned by `store/turn.rs`, which then drops the table `readings`.

-- `data` holds the readings by their time, as `chunk.rs` writes them: `readings` of them, from `first_ms` to `last_ms` by
-- the device's clock. Whatever lies from one chunk's beginning up to the next one's is in the first of the two. The
-- numbers grow as chunks begin, so those that are written together lie together.
CREATE TABLE chunks (
    number    INTEGER NOT NULL PRIMARY KEY,
    series    INTEGER NOT NULL,
    first_ms  INTEGER NOT NULL,
    last_ms   INTEGER NOT NULL,
    readings  INTEGER NOT NULL,
    data      BLOB    NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunks_by_time ON chunks (series, first_ms);
