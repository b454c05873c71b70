-- Set: gone for everyone. The row stays until a job has removed the project's data (docs/organizations.md).
ALTER TABLE projects ADD COLUMN deleted_at timestamptz;
CREATE INDEX projects_organization ON projects (organization_id);

-- Sessions that tell of it end.
ALTER TABLE users ADD COLUMN last_sign_in_at timestamptz;
