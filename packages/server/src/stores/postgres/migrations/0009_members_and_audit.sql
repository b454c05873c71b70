-- Where a role comes from: person (given by one), invitation, default (S9.3), scim, role-sync, claims, init.
ALTER TABLE organization_memberships ADD COLUMN source text NOT NULL DEFAULT 'person';
ALTER TABLE project_memberships ADD COLUMN source text NOT NULL DEFAULT 'person';

-- An address that may become a member. The link holds the token; the row its SHA-256.
CREATE TABLE invitations (
  id               text         PRIMARY KEY,
  organization_id  text         NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  project_id       text,
  email            text         NOT NULL CHECK (email = lower(email)),
  role             text         NOT NULL CHECK (role IN ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE')), -- of the organization
  project_role     text         CHECK (project_role IN ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE')),
  token_hash       bytea        NOT NULL UNIQUE,
  invited_by       text         REFERENCES users (id) ON DELETE SET NULL,
  created_at       timestamptz  NOT NULL,
  expires_at       timestamptz  NOT NULL,
  UNIQUE (organization_id, email),
  CHECK ((project_id IS NULL) = (project_role IS NULL)),
  FOREIGN KEY (organization_id, project_id) REFERENCES projects (organization_id, id) ON DELETE CASCADE
);
CREATE INDEX invitations_email ON invitations (email);

-- Who did what to which object, or was refused it. Names and ids are plain text: they outlive what they name.
CREATE TABLE audit_log (
  id               text         PRIMARY KEY,
  at               timestamptz  NOT NULL,
  organization_id  text         REFERENCES organizations (id) ON DELETE CASCADE, -- NULL: of a person's own account
  project_id       text,
  actor_kind       text         NOT NULL CHECK (actor_kind IN ('person', 'projectKey', 'organizationKey', 'adminKey', 'system')),
  actor_id         text,
  actor_name       text,        -- e-mail, public key, or what part of the program
  session_id       text,
  ip               text,
  user_agent       text,
  action           text         NOT NULL,
  object_type      text         NOT NULL,
  object_id        text,
  before           jsonb,
  after            jsonb,
  refused_for      text         -- NULL: done
);
CREATE INDEX audit_log_organization ON audit_log (organization_id, at DESC, id DESC);
CREATE INDEX audit_log_project ON audit_log (project_id, at DESC, id DESC);
CREATE INDEX audit_log_actor ON audit_log (actor_id, at DESC);
CREATE INDEX audit_log_time ON audit_log (at);
