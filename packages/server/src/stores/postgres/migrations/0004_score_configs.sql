-- What scores of a project have agreed to be. Never deleted, only archived: scores name them. A name may be there twice.
CREATE TABLE score_configs (
  id           text              PRIMARY KEY,
  project_id   text              NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name         text              NOT NULL,
  data_type    text              NOT NULL CHECK (data_type IN ('NUMERIC', 'CATEGORICAL', 'BOOLEAN', 'TEXT')),
  is_archived  boolean           NOT NULL DEFAULT false,
  description  text,
  min_value    double precision,
  max_value    double precision,
  categories   jsonb,            -- [{label, value}], of CATEGORICAL and BOOLEAN
  created_at   timestamptz       NOT NULL,
  updated_at   timestamptz       NOT NULL
);
CREATE INDEX score_configs_project ON score_configs (project_id, created_at DESC, id DESC);
