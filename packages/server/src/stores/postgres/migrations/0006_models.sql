-- What a project says its models cost. The built-in list is not here: it comes with the program.

CREATE TABLE models (
  id                text        PRIMARY KEY,
  project_id        text        NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  model_name        text        NOT NULL,
  match_pattern     text        NOT NULL, -- RE2, found anywhere in a call's model name
  start_date        timestamptz,          -- NULL: holds since ever
  unit              text        NOT NULL,
  tokenizer_id      text,
  tokenizer_config  jsonb,
  pricing_tiers     jsonb       NOT NULL, -- as on the wire; the default one first
  created_at        timestamptz NOT NULL,
  UNIQUE (project_id, model_name)
);
