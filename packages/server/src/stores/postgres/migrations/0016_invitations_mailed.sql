-- Whether the link went to the mailbox and to nobody else: then who has it has shown that the mailbox is theirs.
ALTER TABLE invitations ADD COLUMN is_mailed boolean NOT NULL DEFAULT false;
