-- One row per trace, resolved from its rows. Written from stores/clickhouse/resolved-traces.ts (its test compares the two).
CREATE OR REPLACE VIEW traces ON CLUSTER '{cluster}' AS
SELECT r.project_id AS project_id, r.trace_id AS trace_id, countIf(r.kind = 'trace' AND r.source = 'json') > 0 AS has_trace_event,
  if(argMaxIf((toString(multiIf(r.trace_name != '', r.trace_name, r.kind = 'trace' OR r.is_root, r.name, '')), if(r.trace_name != '', greatest(3, r.trace_rank), r.trace_rank)), (if(r.trace_name != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(r.trace_name != '', r.trace_name, r.kind = 'trace' OR r.is_root, r.name, '') != '').2 = 0 AND has_trace_event, '', argMaxIf((toString(multiIf(r.trace_name != '', r.trace_name, r.kind = 'trace' OR r.is_root, r.name, '')), if(r.trace_name != '', greatest(3, r.trace_rank), r.trace_rank)), (if(r.trace_name != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(r.trace_name != '', r.trace_name, r.kind = 'trace' OR r.is_root, r.name, '') != '').1) AS name,
  argMaxIf(r.user_id, (r.trace_rank, r.is_root, r.event_time, r.id), r.user_id != '') AS user_id,
  argMaxIf(r.session_id, (r.trace_rank, r.is_root, r.event_time, r.id), r.session_id != '') AS session_id,
  argMaxIf(r.release, (r.trace_rank, r.is_root, r.event_time, r.id), r.release != '') AS release,
  if(argMaxIf((toString(r.version), r.trace_rank), (r.trace_rank, r.is_root, r.event_time, r.id), r.version != '').2 = 0 AND has_trace_event, '', argMaxIf((toString(r.version), r.trace_rank), (r.trace_rank, r.is_root, r.event_time, r.id), r.version != '').1) AS version,
  if(if(argMaxIf((toString(if(r.environment = 'default', '', r.environment)), r.trace_rank), (r.trace_rank, r.is_root, r.event_time, r.id), if(r.environment = 'default', '', r.environment) != '').2 = 0 AND has_trace_event, '', argMaxIf((toString(if(r.environment = 'default', '', r.environment)), r.trace_rank), (r.trace_rank, r.is_root, r.event_time, r.id), if(r.environment = 'default', '', r.environment) != '').1) AS said_environment = '', 'default', said_environment) AS environment,
  arraySort(groupUniqArrayArray(r.tags)) AS tags,
  ifNull(argMaxIf(r.public, (r.event_time, r.id), r.public IS NOT NULL), 0) AS public,
  ifNull(argMaxIf(r.bookmarked, (r.event_time, r.id), r.bookmarked IS NOT NULL), 0) AS bookmarked,
  if(argMaxIf((toString(multiIf(r.trace_input != '', r.trace_input, r.kind = 'trace' OR r.is_root, r.input, '')), if(r.trace_input != '', greatest(3, r.trace_rank), r.trace_rank)), (if(r.trace_input != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(r.trace_input != '', r.trace_input, r.kind = 'trace' OR r.is_root, r.input, '') != '').2 = 0 AND has_trace_event, '', argMaxIf((toString(multiIf(r.trace_input != '', r.trace_input, r.kind = 'trace' OR r.is_root, r.input, '')), if(r.trace_input != '', greatest(3, r.trace_rank), r.trace_rank)), (if(r.trace_input != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(r.trace_input != '', r.trace_input, r.kind = 'trace' OR r.is_root, r.input, '') != '').1) AS input,
  if(argMaxIf((toString(multiIf(r.trace_output != '', r.trace_output, r.kind = 'trace' OR r.is_root, r.output, '')), if(r.trace_output != '', greatest(3, r.trace_rank), r.trace_rank)), (if(r.trace_output != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(r.trace_output != '', r.trace_output, r.kind = 'trace' OR r.is_root, r.output, '') != '').2 = 0 AND has_trace_event, '', argMaxIf((toString(multiIf(r.trace_output != '', r.trace_output, r.kind = 'trace' OR r.is_root, r.output, '')), if(r.trace_output != '', greatest(3, r.trace_rank), r.trace_rank)), (if(r.trace_output != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(r.trace_output != '', r.trace_output, r.kind = 'trace' OR r.is_root, r.output, '') != '').1) AS output,
  if(argMaxIf((toString(multiIf(substringUTF8(r.trace_input, 1, 200) != '', substringUTF8(r.trace_input, 1, 200), r.kind = 'trace' OR r.is_root, r.input_preview, '')), if(substringUTF8(r.trace_input, 1, 200) != '', greatest(3, r.trace_rank), r.trace_rank)), (if(substringUTF8(r.trace_input, 1, 200) != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(substringUTF8(r.trace_input, 1, 200) != '', substringUTF8(r.trace_input, 1, 200), r.kind = 'trace' OR r.is_root, r.input_preview, '') != '').2 = 0 AND has_trace_event, '', argMaxIf((toString(multiIf(substringUTF8(r.trace_input, 1, 200) != '', substringUTF8(r.trace_input, 1, 200), r.kind = 'trace' OR r.is_root, r.input_preview, '')), if(substringUTF8(r.trace_input, 1, 200) != '', greatest(3, r.trace_rank), r.trace_rank)), (if(substringUTF8(r.trace_input, 1, 200) != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(substringUTF8(r.trace_input, 1, 200) != '', substringUTF8(r.trace_input, 1, 200), r.kind = 'trace' OR r.is_root, r.input_preview, '') != '').1) AS input_preview,
  if(argMaxIf((toString(multiIf(substringUTF8(r.trace_output, 1, 200) != '', substringUTF8(r.trace_output, 1, 200), r.kind = 'trace' OR r.is_root, r.output_preview, '')), if(substringUTF8(r.trace_output, 1, 200) != '', greatest(3, r.trace_rank), r.trace_rank)), (if(substringUTF8(r.trace_output, 1, 200) != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(substringUTF8(r.trace_output, 1, 200) != '', substringUTF8(r.trace_output, 1, 200), r.kind = 'trace' OR r.is_root, r.output_preview, '') != '').2 = 0 AND has_trace_event, '', argMaxIf((toString(multiIf(substringUTF8(r.trace_output, 1, 200) != '', substringUTF8(r.trace_output, 1, 200), r.kind = 'trace' OR r.is_root, r.output_preview, '')), if(substringUTF8(r.trace_output, 1, 200) != '', greatest(3, r.trace_rank), r.trace_rank)), (if(substringUTF8(r.trace_output, 1, 200) != '', greatest(3, r.trace_rank), r.trace_rank), r.is_root, r.event_time, r.id), multiIf(substringUTF8(r.trace_output, 1, 200) != '', substringUTF8(r.trace_output, 1, 200), r.kind = 'trace' OR r.is_root, r.output_preview, '') != '').1) AS output_preview,
  arrayFold(
    (merged, one) -> mapUpdate(merged, one.2),
    arraySort(one -> one.1, arrayFilter(one -> NOT (one.1.1 = 0 AND has_trace_event), arrayConcat(
      groupArrayIf(((greatest(3, r.trace_rank), r.is_root, r.event_time, r.id), CAST(r.trace_metadata, 'Map(String, String)')), notEmpty(r.trace_metadata)),
      groupArrayIf(((r.trace_rank, r.is_root, r.event_time, r.id), CAST(r.metadata, 'Map(String, String)')), notEmpty(r.metadata) AND (r.kind = 'trace' OR r.is_root))
    ))),
    CAST(map(), 'Map(String, String)')
  ) AS metadata,
  arrayFold(
    (merged, one) -> mapUpdate(merged, one.2),
    arraySort(one -> one.1, arrayFilter(one -> NOT (one.1.1 = 0 AND has_trace_event), arrayConcat(
      groupArrayIf(((greatest(3, r.trace_rank), r.is_root, r.event_time, r.id), CAST(r.trace_metadata, 'Map(String, String)')), notEmpty(r.trace_metadata)),
      groupArrayIf(((r.trace_rank, r.is_root, r.event_time, r.id), CAST(r.metadata, 'Map(String, String)')), notEmpty(r.metadata) AND (r.kind = 'trace'))
    ))),
    CAST(map(), 'Map(String, String)')
  ) AS said_metadata,
  argMaxIf(CAST(r.attributes, 'Map(String, String)'), (r.event_time, r.id), r.is_root AND r.source = 'otlp') AS root_attributes,
  argMaxIf(CAST(r.resource_attributes, 'Map(String, String)'), (r.event_time, r.id), r.is_root AND r.source = 'otlp') AS root_resource_attributes,
  argMaxIf((r.scope_name, r.scope_version, r.scope_attributes), (r.event_time, r.id), r.is_root AND r.source = 'otlp') AS root_scope,
  countIf(r.is_root AND r.source = 'otlp') > 0 AS has_otlp_root,
  has_otlp_root = 0 AND countIf(r.kind = 'trace' AND r.source = 'json' AND (r.trace_input != '' OR r.trace_output != '' OR notEmpty(r.trace_metadata))) > 0 AS has_trace_root,
  if(has_trace_event, minIf(r.start_time, r.kind = 'trace' AND r.source = 'json'), min(r.start_time)) AS timestamp,
  minIf(r.start_time, r.kind = 'observation') AS first_start,
  maxIf(greatest(ifNull(r.end_time, r.start_time), r.start_time), r.kind = 'observation') AS last_end,
  countIf(r.kind = 'observation' AND r.end_time IS NOT NULL) AS ended_count,
  countIf(r.is_root AND r.end_time IS NULL AND r.type != 'EVENT') > 0 AS running,
  countIf(r.kind = 'observation') AS observation_count,
  groupArrayIf(r.id, r.kind = 'observation') AS observation_ids,
  sumIf(r.total_cost, r.kind = 'observation') AS total_cost,
  sumIf(arraySum(mapValues(mapFilter((key, usd) -> key LIKE '%input%', r.cost))), r.kind = 'observation') AS input_cost,
  sumIf(arraySum(mapValues(mapFilter((key, usd) -> key LIKE '%output%', r.cost))), r.kind = 'observation') AS output_cost,
  sumIf(r.input_tokens, r.kind = 'observation') AS input_tokens,
  sumIf(r.output_tokens, r.kind = 'observation') AS output_tokens,
  sumIf(r.total_tokens, r.kind = 'observation') AS total_tokens,
  countIf(r.kind = 'observation' AND r.type IN ('GENERATION', 'EMBEDDING') AND r.model != '') AS calls,
  countIf(r.kind = 'observation' AND r.type IN ('GENERATION', 'EMBEDDING') AND r.model != '' AND r.total_cost IS NULL AND r.total_tokens > 0) AS unpriced_calls,
  arraySort(groupUniqArrayIf(r.model, r.model != '')) AS models,
  arraySort(groupUniqArrayIf(r.provider, r.provider != '')) AS providers,
  countIf(r.kind = 'observation' AND r.level = 'ERROR') AS error_count,
  countIf(r.kind = 'observation' AND r.level = 'WARNING') AS warning_count,
  countIf(r.kind = 'observation' AND r.level = 'DEFAULT') AS default_count,
  countIf(r.kind = 'observation' AND r.level = 'DEBUG') AS debug_count,
  multiIf(countIf(r.kind = 'observation' AND r.level = 'ERROR') > 0, 'ERROR', countIf(r.kind = 'observation' AND r.level = 'WARNING') > 0, 'WARNING', countIf(r.kind = 'observation' AND r.level = 'DEFAULT') > 0 OR countIf(r.kind = 'observation' AND r.level = 'DEBUG') = 0, 'DEFAULT', 'DEBUG') AS level,
  argMinIf(r.status_message, (r.start_time, r.id), r.level = 'ERROR' AND r.status_message != '') AS error_message,
  anyIf(r.experiment_dataset_id, r.experiment_dataset_id != '') AS dataset_id,
  min(r.created_at) AS created_at,
  max(r.updated_at) AS updated_at,
  arraySort(groupUniqArrayArray(r.payload_blobs)) AS payload_blobs
FROM (
  SELECT project_id, trace_id, kind, id, parent_id, type, name, start_time, end_time, completion_start_time, event_time, environment, version, release, level, status_message, trace_name, user_id, session_id, tags, public, bookmarked, trace_input, trace_output, trace_metadata, is_app_root, model, provider, model_id, input_tokens, output_tokens, total_tokens, cost, total_cost, cost_source, prompt_name, prompt_version, input, output, input_preview, output_preview, metadata, attributes, resource_attributes, tool_definitions, tool_calls, tool_call_names, experiment_id, experiment_name, experiment_dataset_id, source, sdk_name, sdk_version, service_name, service_version, scope_name, scope_version, scope_attributes, created_at, updated_at, row_version, is_deleted, payload_blobs, (kind = 'observation' AND (parent_id = '' OR is_app_root = 1)) AS is_root,
    multiIf(kind = 'trace', 4, source = 'json', 0, is_root, 2, 1) AS trace_rank
  FROM (
    SELECT project_id, trace_id, kind, id, parent_id, type, name, start_time, end_time, completion_start_time, event_time, environment, version, release, level, status_message, trace_name, user_id, session_id, tags, public, bookmarked, trace_input, trace_output, trace_metadata, is_app_root, model, provider, model_id, input_tokens, output_tokens, total_tokens, cost, total_cost, cost_source, prompt_name, prompt_version, input, output, input_preview, output_preview, metadata, attributes, resource_attributes, tool_definitions, tool_calls, tool_call_names, experiment_id, experiment_name, experiment_dataset_id, source, sdk_name, sdk_version, service_name, service_version, scope_name, scope_version, scope_attributes, created_at, updated_at, row_version, is_deleted, payload_blobs
    FROM observations
    ORDER BY row_version DESC
    LIMIT 1 BY project_id, trace_id, kind, id, if(kind = 'trace', intDiv(toUnixTimestamp64Micro(start_time), 3600000000), 0)
  )
  WHERE is_deleted = 0
) AS r
GROUP BY r.project_id, r.trace_id;
