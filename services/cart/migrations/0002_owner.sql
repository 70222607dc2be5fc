-- To whom a cart belongs, as kit::Owner writes it. The carts there are belong to the shop: nobody
-- proved who they were when these were made, so only staff sees them until they expire.

ALTER TABLE carts ADD COLUMN owner TEXT NOT NULL DEFAULT '';
