-- `scores` is sorted by id, which says nothing of time or trace. Two narrow tables beside it say where to look; they hold what a
-- score was in every version, so that what they name is always compared with `scores` itself.

-- Lists: what a score can be chosen by, by the hour.
CREATE TABLE IF NOT EXISTS score_times ON CLUSTER '{cluster}' (
  project_id LowCardinality(String),
  timestamp DateTime64(6, 'UTC'),
  id String CODEC(ZSTD(1)),
  name LowCardinality(String),
  data_type LowCardinality(String),
  value Float64,
  string_value String CODEC(ZSTD(1)),
  source LowCardinality(String),
  trace_id String CODEC(ZSTD(1)),
  observation_id String CODEC(ZSTD(1)),
  session_id String CODEC(ZSTD(1)),
  dataset_run_id String CODEC(ZSTD(1)),
  config_id LowCardinality(String),
  queue_id LowCardinality(String),
  author_user_id LowCardinality(String),
  environment LowCardinality(String),
  row_version UInt64,
  is_deleted UInt8,
  INDEX i_trace trace_id TYPE bloom_filter(0.001) GRANULARITY 4
) ENGINE = ReplacingMergeTree(row_version, is_deleted)
ORDER BY (project_id, toStartOfHour(timestamp), id)
SETTINGS index_granularity = 1024, old_parts_lifetime = 60;

-- Scores of a trace, a session or a run: 16 bytes of hashes and the id.
CREATE TABLE IF NOT EXISTS score_targets ON CLUSTER '{cluster}' (
  project_id LowCardinality(String),
  target UInt64,
  id String CODEC(ZSTD(1))
) ENGINE = ReplacingMergeTree
ORDER BY (project_id, target, id)
SETTINGS index_granularity = 1024, old_parts_lifetime = 60;

CREATE MATERIALIZED VIEW IF NOT EXISTS score_times_view ON CLUSTER '{cluster}' TO score_times AS
SELECT project_id, timestamp, id, name, data_type, value, string_value, source, trace_id, observation_id, session_id,
  dataset_run_id, config_id, queue_id, author_user_id, environment, row_version, is_deleted
FROM scores;

CREATE MATERIALIZED VIEW IF NOT EXISTS score_targets_view ON CLUSTER '{cluster}' TO score_targets AS
SELECT project_id, multiIf(trace_id != '', cityHash64('trace', trace_id), session_id != '', cityHash64('session', session_id), cityHash64('run', dataset_run_id)) AS target, id
FROM scores;

-- What is there already; a second time changes nothing.
INSERT INTO score_times
SELECT project_id, timestamp, id, name, data_type, value, string_value, source, trace_id, observation_id, session_id,
  dataset_run_id, config_id, queue_id, author_user_id, environment, row_version, is_deleted
FROM scores;

INSERT INTO score_targets
SELECT project_id, multiIf(trace_id != '', cityHash64('trace', trace_id), session_id != '', cityHash64('session', session_id), cityHash64('run', dataset_run_id)), id
FROM scores;
