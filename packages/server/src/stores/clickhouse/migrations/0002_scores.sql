-- A score is looked up by its trace, its session or its id; ids are unique in a project, and a score does not move.
CREATE TABLE IF NOT EXISTS scores ON CLUSTER '{cluster}' (
  project_id LowCardinality(String),
  id String,
  name LowCardinality(String),
  data_type LowCardinality(String),
  value Float64,
  string_value String,
  long_string_value String CODEC(ZSTD(1)),
  source LowCardinality(String),
  trace_id String,
  observation_id String,
  session_id String,
  dataset_run_id String,
  comment String CODEC(ZSTD(1)),
  metadata Map(LowCardinality(String), String) CODEC(ZSTD(1)),
  config_id LowCardinality(String),
  queue_id LowCardinality(String),
  author_user_id LowCardinality(String),
  execution_trace_id String,
  environment LowCardinality(String),
  clocks String CODEC(ZSTD(1)),
  timestamp DateTime64(6, 'UTC'),
  created_at DateTime64(6, 'UTC'),
  updated_at DateTime64(6, 'UTC'),
  row_version UInt64,
  is_deleted UInt8,
  INDEX i_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 4,
  INDEX i_session session_id TYPE bloom_filter(0.01) GRANULARITY 4,
  INDEX i_time timestamp TYPE minmax GRANULARITY 4
) ENGINE = ReplacingMergeTree(row_version, is_deleted)
ORDER BY (project_id, id)
SETTINGS index_granularity = 1024, old_parts_lifetime = 60;
