-- Devices that offer themselves to customers, if their kind lets them; wrong codes are counted.
ALTER TABLE profiles ADD COLUMN offers INTEGER NOT NULL DEFAULT 0 CHECK (offers IN (0, 1));
ALTER TABLE claims ADD COLUMN tries INTEGER NOT NULL DEFAULT 0 CHECK (tries >= 0);

-- By which secret somebody was let in, so that a connection ends when its secret speaks no more.
ALTER TABLE connections ADD COLUMN digest BLOB NOT NULL DEFAULT x'';
