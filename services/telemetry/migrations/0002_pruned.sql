-- Before which time buckets of a step are removed, in minutes since 1970. A reading that comes later for such a time
-- makes no bucket: it would look like all that was measured then.
CREATE TABLE pruned (
    step           INTEGER NOT NULL PRIMARY KEY,
    before_minute  INTEGER NOT NULL
) STRICT;
