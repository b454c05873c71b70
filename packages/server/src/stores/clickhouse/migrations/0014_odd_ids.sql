-- Where ids are no hexadecimal numbers. A text with other characters is in no other id (text-search.ts), and most ids are such.
ALTER TABLE observations ON CLUSTER '{cluster}' ADD INDEX IF NOT EXISTS m_ids match(concat(id, trace_id), '[^0-9a-f-]') TYPE minmax GRANULARITY 8;
ALTER TABLE observations ON CLUSTER '{cluster}' MATERIALIZE INDEX m_ids;
