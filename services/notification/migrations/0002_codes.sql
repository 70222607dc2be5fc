-- Mails about accounts carry a code that is not kept here: the ticket whose code sign-in is asked for
-- when the mail is sent, or an empty text. A ticket is written about once, whatever the address.

ALTER TABLE notifications ADD COLUMN code_of TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX notifications_by_code ON notifications (code_of) WHERE code_of <> '';
