-- Whether a device was told of that may not connect any more, until it is told of as there again: what it said before,
-- and that it is gone, raises nothing.
ALTER TABLE devices ADD COLUMN revoked INTEGER NOT NULL DEFAULT 0 CHECK (revoked IN (0, 1));
