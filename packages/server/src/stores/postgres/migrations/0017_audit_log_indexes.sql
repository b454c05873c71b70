-- What people do to their accounts, newest first, without a look at every line of an organization between two of them.
CREATE INDEX audit_log_accounts ON audit_log (at DESC, id DESC) WHERE organization_id IS NULL;
-- The history of one object.
CREATE INDEX audit_log_object ON audit_log (object_id, at DESC, id DESC);
