-- Work that goes on after the answer (docs/decisions/0006-jobs.md).

CREATE TABLE jobs (
  id                text        PRIMARY KEY,
  project_id        text        NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  kind              text        NOT NULL,
  subject           text        NOT NULL, -- what of the project it is about, of its kind
  payload           jsonb       NOT NULL,
  state             text        NOT NULL, -- queued, running, done, failed, cancelled
  attempts          integer     NOT NULL DEFAULT 0, -- since it last got on
  run_at            timestamptz NOT NULL,
  lease             text,                 -- whose it is while it runs
  leased_until      timestamptz,
  cancel_requested  boolean     NOT NULL DEFAULT false,
  progress_done     bigint      NOT NULL DEFAULT 0,
  progress_total    bigint,
  counts            jsonb       NOT NULL DEFAULT '{}',
  checkpoint        json,                 -- where it goes on; NULL: at the beginning
  error             text,                 -- of the last attempt, in words for the person who asked
  created_at        timestamptz NOT NULL,
  started_at        timestamptz,
  finished_at       timestamptz
);
CREATE UNIQUE INDEX jobs_one_at_a_time ON jobs (project_id, kind, subject) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_due ON jobs (run_at) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_of_project ON jobs (project_id, created_at DESC);
