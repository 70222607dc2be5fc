-- To whom an order belongs, as kit::Owner writes it; empty: only staff sees it. A customer owns the
-- orders that were placed for them before there were owners.

ALTER TABLE orders ADD COLUMN owner TEXT NOT NULL DEFAULT '';

UPDATE orders SET owner = 'user:' || customer WHERE customer <> '';

-- An order for a customer belongs to that customer, so this finds theirs, too.
CREATE INDEX orders_by_owner ON orders (owner, id) WHERE owner <> '';
DROP INDEX orders_by_customer;
