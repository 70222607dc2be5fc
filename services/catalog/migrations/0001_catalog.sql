-- What the shop sells, and the words by which it is found.

CREATE TABLE products (
    id             INTEGER NOT NULL PRIMARY KEY,
    sku            TEXT    NOT NULL UNIQUE,
    name           TEXT    NOT NULL CHECK (name <> ''),
    description    TEXT    NOT NULL,
    category       TEXT    NOT NULL CHECK (category <> ''),
    amount         INTEGER NOT NULL CHECK (amount >= 0),
    currency       TEXT    NOT NULL CHECK (length(currency) = 3),
    state          TEXT    NOT NULL CHECK (state IN ('active', 'retired')),
    version        INTEGER NOT NULL CHECK (version >= 1),
    changed_at_ms  INTEGER NOT NULL
) STRICT;

-- Pages of active products, and of a category with or without the retired ones. The counts of the
-- categories are read from the last of them alone.
CREATE INDEX products_active ON products (sku) WHERE state = 'active';
CREATE INDEX products_by_category ON products (category, sku);
CREATE INDEX products_active_by_category ON products (category, sku) WHERE state = 'active';

-- The index of words holds active products only, so that what is out of sale is neither found nor
-- counted when words are weighed. The view is what it is an index of: 'rebuild' and
-- 'integrity-check' read it.
CREATE VIEW active_products AS
    SELECT id, sku, name, category, description FROM products WHERE state = 'active';

CREATE VIRTUAL TABLE product_words USING fts5 (
    sku,
    name,
    category,
    description,
    content = 'active_products',
    content_rowid = 'id',
    prefix = '1 2 3',
    tokenize = 'unicode61 remove_diacritics 2'
);

-- Triggers, so that no statement can change a product and forget its words. Taking words out needs
-- the very texts that were put in, hence before the update; putting them in comes after it.
CREATE TRIGGER products_inserted AFTER INSERT ON products WHEN new.state = 'active' BEGIN
    INSERT INTO product_words (rowid, sku, name, category, description)
    VALUES (new.id, new.sku, new.name, new.category, new.description);
END;

CREATE TRIGGER products_updating BEFORE UPDATE ON products WHEN old.state = 'active' BEGIN
    INSERT INTO product_words (product_words, rowid, sku, name, category, description)
    VALUES ('delete', old.id, old.sku, old.name, old.category, old.description);
END;

CREATE TRIGGER products_updated AFTER UPDATE ON products WHEN new.state = 'active' BEGIN
    INSERT INTO product_words (rowid, sku, name, category, description)
    VALUES (new.id, new.sku, new.name, new.category, new.description);
END;

-- A product is kept for the orders that name it.
CREATE TRIGGER products_are_kept BEFORE DELETE ON products BEGIN
    SELECT raise(ABORT, 'a product is retired, never deleted');
END;
