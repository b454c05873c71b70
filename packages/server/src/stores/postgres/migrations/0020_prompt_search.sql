-- What a search looks through: the texts of a version without the JSON around them.
ALTER TABLE prompt_versions ADD COLUMN plain_text text NOT NULL DEFAULT '';
