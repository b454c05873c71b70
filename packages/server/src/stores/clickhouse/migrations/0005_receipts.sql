-- The ledger: one row per request for ingestion, written with its rows. A corrected receipt is a newer version of the same row.
-- The time of a receipt is in its id, so that it is found by the key.
CREATE TABLE IF NOT EXISTS receipts ON CLUSTER '{cluster}' (
  project_id LowCardinality(String),
  id String,
  time DateTime64(3, 'UTC'),
  door LowCardinality(String),
  route LowCardinality(String),
  status UInt32,
  outcome LowCardinality(String),
  requests UInt32,
  received UInt32,
  stored UInt32,
  rejected UInt32,
  acknowledged_only UInt32,
  adjusted UInt32,
  codes Array(LowCardinality(String)),
  problems String CODEC(ZSTD(1)),
  public_key LowCardinality(String),
  sdk_name String CODEC(ZSTD(1)),
  sdk_version String CODEC(ZSTD(1)),
  user_agent String CODEC(ZSTD(1)),
  trace_ids Array(String) CODEC(ZSTD(1)),
  trace_count UInt32,
  body_bytes UInt64,
  handled_us UInt64,
  row_version UInt64,
  INDEX i_traces trace_ids TYPE bloom_filter(0.01) GRANULARITY 1,
  INDEX i_version row_version TYPE minmax GRANULARITY 1
) ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toYYYYMMDD(time)
ORDER BY (project_id, time, id)
TTL toDateTime(time) + INTERVAL 7 DAY
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, old_parts_lifetime = 60;

-- What was refused, as it was sent. Its own table, because it goes earlier, and with the traces it names.
CREATE TABLE IF NOT EXISTS refused_bodies ON CLUSTER '{cluster}' (
  project_id LowCardinality(String),
  receipt_id String,
  time DateTime64(3, 'UTC'),
  encoding LowCardinality(String),
  items Array(String) CODEC(ZSTD(1)),
  is_cut UInt8,
  trace_ids Array(String) CODEC(ZSTD(1)),
  row_version UInt64
) ENGINE = ReplacingMergeTree(row_version)
PARTITION BY toYYYYMMDD(time)
ORDER BY (project_id, time, receipt_id)
TTL toDateTime(time) + INTERVAL 3 DAY
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, old_parts_lifetime = 60;
