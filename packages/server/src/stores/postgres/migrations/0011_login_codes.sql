-- Codes sent to a mailbox; the mail has the code, the row its hash. One a purpose: reset (a new password), verify (the address).

CREATE TABLE login_codes (
  id          text        PRIMARY KEY,
  email       text        NOT NULL CHECK (email = lower(email)),
  purpose     text        NOT NULL CHECK (purpose IN ('reset', 'verify')),
  code_hash   text        NOT NULL, -- argon2id
  tries       integer     NOT NULL DEFAULT 0,
  expires_at  timestamptz NOT NULL,
  UNIQUE (email, purpose)
);
