-- Files that traces and items of datasets refer to. The bytes are a blob, one a project and hash.
CREATE TABLE media (
  project_id          text         NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
  id                  text         NOT NULL, -- the first 22 characters of the URL-safe base64 of the hash
  sha256              text         NOT NULL, -- base64
  content_type        text         NOT NULL, -- as its sender says
  content_length      bigint       NOT NULL, -- bytes
  blob_name           text         NOT NULL, -- of this row alone: what is deleted late is never another's
  stored_at           timestamptz,           -- since when the blob is there
  sniffed_type        text,                  -- image, audio or video by its first bytes; null: nothing that a page may show
  uploaded_at         timestamptz,           -- as its sender reports, else stored_at
  upload_http_status  integer,
  upload_http_error   text,
  created_at          timestamptz  NOT NULL,
  PRIMARY KEY (project_id, id)
);

-- Where a file is referred to; one that nothing refers to is deleted. Ids of traces and observations, or of datasets and items.
CREATE TABLE media_links (
  project_id  text         NOT NULL,
  media_id    text         NOT NULL,
  kind        text         NOT NULL CHECK (kind IN ('trace', 'dataset_item')),
  owner_id    text         NOT NULL, -- trace or dataset
  part_id     text         NOT NULL, -- observation or item; empty: the trace itself
  field       text         NOT NULL,
  created_at  timestamptz  NOT NULL,
  PRIMARY KEY (project_id, media_id, kind, owner_id, part_id, field),
  FOREIGN KEY (project_id, media_id) REFERENCES media (project_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX media_blob ON media (blob_name);
CREATE INDEX media_links_owner ON media_links (project_id, kind, owner_id);
