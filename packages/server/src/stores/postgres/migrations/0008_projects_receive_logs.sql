-- Whether the project sends GenAI events as log records. Its spans are then merged with what is stored of them.

ALTER TABLE projects ADD COLUMN receives_logs boolean NOT NULL DEFAULT false;
