-- Who may do what: organizations, their projects, people with roles, sessions, API keys. Columns: docs of each service.

CREATE TABLE organizations (
  id          text        PRIMARY KEY,
  name        text        NOT NULL,
  metadata    jsonb       NOT NULL DEFAULT '{}',
  created_at  timestamptz NOT NULL,
  updated_at  timestamptz NOT NULL
);

CREATE TABLE projects (
  id               text        PRIMARY KEY,
  organization_id  text        NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  name             text        NOT NULL,
  metadata         jsonb       NOT NULL DEFAULT '{}',
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  UNIQUE (organization_id, id) -- target of project_memberships
);

CREATE TABLE users (
  id                 text        PRIMARY KEY,
  email              text        NOT NULL UNIQUE CHECK (email = lower(email)),
  name               text,
  password_hash      text,       -- argon2id, or bcrypt from elsewhere until the next sign-in; NULL: no password
  email_verified_at  timestamptz,
  disabled_at        timestamptz,
  created_at         timestamptz NOT NULL,
  updated_at         timestamptz NOT NULL
);

CREATE TABLE organization_memberships (
  organization_id  text        NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id          text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  role             text        NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE')),
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  PRIMARY KEY (organization_id, user_id)
);
CREATE INDEX organization_memberships_user ON organization_memberships (user_id);

-- Overrides the organization's role in one project. Whoever leaves the organization loses it: the key sees to that.
CREATE TABLE project_memberships (
  organization_id  text        NOT NULL,
  project_id       text        NOT NULL,
  user_id          text        NOT NULL,
  role             text        NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE')),
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  PRIMARY KEY (project_id, user_id),
  FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id) ON DELETE CASCADE,
  FOREIGN KEY (organization_id, user_id) REFERENCES organization_memberships (organization_id, user_id) ON DELETE CASCADE
);
CREATE INDEX project_memberships_member ON project_memberships (organization_id, user_id);

CREATE TABLE sessions (
  id                   text        PRIMARY KEY,
  token_hash           bytea       NOT NULL UNIQUE, -- SHA-256 of the cookie
  user_id              text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  method               text        NOT NULL,        -- password, or the id of a provider
  issuer               text,
  subject              text,
  provider_session     text,                        -- sid
  id_token             text,                        -- sealed, as refresh_token
  refresh_token        text,
  provider_checked_at  timestamptz,
  user_agent           text,
  ip                   text,
  created_at           timestamptz NOT NULL,
  last_seen_at         timestamptz NOT NULL,
  expires_at           timestamptz NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sessions_provider ON sessions (issuer, provider_session);
CREATE INDEX sessions_expiry ON sessions (expires_at);

CREATE TABLE api_keys (
  id                  text        PRIMARY KEY,
  project_id          text        REFERENCES projects (id) ON DELETE CASCADE,
  organization_id     text        REFERENCES organizations (id) ON DELETE CASCADE,
  public_key          text        NOT NULL UNIQUE,
  secret_hash         text        NOT NULL, -- bcrypt
  fast_hash           text        UNIQUE,   -- hex sha256(secret || hex sha256(SALT)); NULL: filled in at first use
  display_secret_key  text        NOT NULL,
  note                text,
  created_by          text        REFERENCES users (id) ON DELETE SET NULL,
  created_at          timestamptz NOT NULL,
  expires_at          timestamptz,
  last_used_at        timestamptz,
  CHECK (num_nonnulls(project_id, organization_id) = 1) -- a key of a project, or one of an organization
);
CREATE INDEX api_keys_project ON api_keys (project_id, created_at);
CREATE INDEX api_keys_organization ON api_keys (organization_id, created_at);

-- The form of rate-limiter-flexible; `expire` in milliseconds since 1970.
CREATE TABLE rate_limits (
  key     varchar(255) PRIMARY KEY,
  points  integer      NOT NULL DEFAULT 0,
  expire  bigint
);
CREATE INDEX rate_limits_expiry ON rate_limits (expire);
