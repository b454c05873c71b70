-- What runs of `tracehouse role-sync` told at their end; the last 100 of an organization.
CREATE TABLE role_sync_runs (
  id               text         PRIMARY KEY,
  organization_id  text         NOT NULL REFERENCES organizations (id) ON DELETE CASCADE,
  received_at      timestamptz  NOT NULL, -- by our clock; the others are the job's
  started_at       timestamptz  NOT NULL,
  duration_ms      bigint       NOT NULL,
  result           text         NOT NULL CHECK (result IN ('success', 'partial', 'stopped', 'failed')),
  dry_run          boolean      NOT NULL,
  message          text,        -- NULL: it did not end early
  problems         text[]       NOT NULL,
  counts           jsonb        NOT NULL
);
CREATE INDEX role_sync_runs_organization ON role_sync_runs (organization_id, received_at DESC, id DESC);
