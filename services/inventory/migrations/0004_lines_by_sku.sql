-- The lines of a product, for the audit of its stock: without it each page of products walked along the lines of all
-- holds. It covers what is asked, so that no line is looked up.
CREATE INDEX hold_lines_by_sku ON hold_lines (sku, hold, quantity);
