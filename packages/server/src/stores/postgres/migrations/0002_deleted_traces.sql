-- For 24 hours the doors acknowledge what still arrives for a deleted trace and do not store it.
CREATE TABLE deleted_traces (
  project_id  text        NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  trace_id    text        NOT NULL,
  deleted_at  timestamptz NOT NULL,
  PRIMARY KEY (project_id, trace_id)
);
CREATE INDEX deleted_traces_time ON deleted_traces (deleted_at);
