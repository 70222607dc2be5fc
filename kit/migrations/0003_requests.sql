-- In which flow a request was answered, so that it is found by its idempotency key.
ALTER TABLE stored_reply ADD COLUMN trace_id BLOB NOT NULL DEFAULT x'';
