-- Sign-in at an identity provider: who is who there, links that wait for a proof, logouts that were told.

-- A person at a provider. The subject never changes, the address may.
CREATE TABLE identities (
  issuer          text        NOT NULL,
  subject         text        NOT NULL,
  user_id         text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  provider        text        NOT NULL, -- id of the provider, as in the path of its callback
  email           text,
  email_verified  boolean     NOT NULL,
  created_at      timestamptz NOT NULL,
  last_login_at   timestamptz NOT NULL,
  PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);

-- Somebody signed in at a provider with the address of an account that is not theirs until they prove it.
CREATE TABLE pending_links (
  token_hash  bytea       PRIMARY KEY, -- SHA-256 of the cookie
  user_id     text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  identity    jsonb       NOT NULL,
  expires_at  timestamptz NOT NULL
);
CREATE INDEX pending_links_user ON pending_links (user_id);

-- Logouts that a provider told us of: none counts twice, and a sign-in that arrives after its own logout is refused.
CREATE TABLE logout_tokens (
  issuer      text        NOT NULL,
  jti         text        NOT NULL,
  sid         text,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (issuer, jti)
);
CREATE INDEX logout_tokens_session ON logout_tokens (issuer, sid);

-- Where a logout token names the person alone.
CREATE INDEX sessions_subject ON sessions (issuer, subject);
