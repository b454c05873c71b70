-- What an identity provider has said of a person by the key of an organization. It is the organization's own record: the account
-- stays as it is, and whoever is no member any more is known by it, as deactivated.
CREATE TABLE scim_users (
  organization_id  text        NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  user_id          text        NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  user_name        text        NOT NULL,
  external_id      text,
  attributes       jsonb       NOT NULL, -- displayName, name, emails
  role             text        CHECK (role IN ('OWNER', 'ADMIN', 'MEMBER', 'VIEWER', 'NONE')), -- once a member again; NULL of members
  waits            boolean     NOT NULL DEFAULT false, -- a member once the address is proved
  created_at       timestamptz NOT NULL,
  updated_at       timestamptz NOT NULL,
  PRIMARY KEY (organization_id, user_id)
);
CREATE UNIQUE INDEX scim_users_name ON scim_users (organization_id, lower(user_name));
CREATE INDEX scim_users_waiting ON scim_users (user_id) WHERE waits;
