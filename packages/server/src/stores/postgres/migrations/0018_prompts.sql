-- Prompts (S5). A name has a type and tags; its versions never change but for what points at them.

CREATE TABLE prompts (
  project_id  text    NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  name        text    NOT NULL,
  type        text    NOT NULL CHECK (type IN ('text', 'chat')),
  tags        text[]  NOT NULL DEFAULT '{}',
  PRIMARY KEY (project_id, name)
);

CREATE TABLE prompt_versions (
  project_id      text        NOT NULL,
  name            text        NOT NULL,
  version         integer     NOT NULL CHECK (version > 0),
  id              text        NOT NULL UNIQUE,
  prompt          json        NOT NULL, -- a text, or the messages of a chat; json keeps what jsonb cannot (\u0000)
  config          json        NOT NULL,
  commit_message  text,
  created_by      text,                 -- the id of a person, who may be gone; NULL: a key
  created_at      timestamptz NOT NULL,
  updated_at      timestamptz NOT NULL, -- also when a label came or went, or the tags of the name changed
  PRIMARY KEY (project_id, name, version),
  FOREIGN KEY (project_id, name) REFERENCES prompts (project_id, name) ON DELETE CASCADE
);

-- A label points to exactly one version of a name: the key sees to that.
CREATE TABLE prompt_labels (
  project_id  text     NOT NULL,
  name        text     NOT NULL,
  label       text     NOT NULL,
  version     integer  NOT NULL,
  position    integer  NOT NULL, -- among the labels of its version, as the wire lists them
  PRIMARY KEY (project_id, name, label),
  FOREIGN KEY (project_id, name, version) REFERENCES prompt_versions (project_id, name, version) ON DELETE CASCADE
);
CREATE INDEX prompt_labels_version ON prompt_labels (project_id, name, version);

-- What the text of a version includes: of another name the version that a label points to, or one by its number.
CREATE TABLE prompt_dependencies (
  project_id     text     NOT NULL,
  name           text     NOT NULL,
  version        integer  NOT NULL,
  child_name     text     NOT NULL,
  child_label    text,
  child_version  integer,
  CHECK ((child_label IS NULL) <> (child_version IS NULL)),
  FOREIGN KEY (project_id, name, version) REFERENCES prompt_versions (project_id, name, version) ON DELETE CASCADE
);
CREATE INDEX prompt_dependencies_parent ON prompt_dependencies (project_id, name, version);
CREATE INDEX prompt_dependencies_child ON prompt_dependencies (project_id, child_name);

CREATE TABLE protected_prompt_labels (
  project_id  text  NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  label       text  NOT NULL,
  PRIMARY KEY (project_id, label)
);
