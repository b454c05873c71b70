-- What they are for and when they are built: stores/clickhouse/text-search.ts (its test compares the two), text-index.ts.
-- Built with each insert they would cost a third of the throughput, with each merge the processor for most of the day.
ALTER TABLE observations ON CLUSTER '{cluster}' MODIFY SETTING
  exclude_materialize_skip_indexes_on_merge = 't_input,w_input,t_output,w_output,t_said,w_said',
  text_index_posting_list_codec = 'bitpacking';
ALTER TABLE observations ON CLUSTER '{cluster}' ADD INDEX IF NOT EXISTS t_input input TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(input));
ALTER TABLE observations ON CLUSTER '{cluster}' ADD INDEX IF NOT EXISTS w_input toString(input) TYPE text(tokenizer = 'asciiCJK', preprocessor = replaceRegexpAll(toString(input), '[\\x00-\\x7F]+', ' '));
ALTER TABLE observations ON CLUSTER '{cluster}' ADD INDEX IF NOT EXISTS t_output output TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(output));
ALTER TABLE observations ON CLUSTER '{cluster}' ADD INDEX IF NOT EXISTS w_output toString(output) TYPE text(tokenizer = 'asciiCJK', preprocessor = replaceRegexpAll(toString(output), '[\\x00-\\x7F]+', ' '));
ALTER TABLE observations ON CLUSTER '{cluster}' ADD INDEX IF NOT EXISTS t_said arrayStringConcat(arrayConcat([trace_input, trace_output], mapValues(metadata), mapValues(trace_metadata)), '\n') TYPE text(tokenizer = 'splitByNonAlpha', preprocessor = lower(arrayStringConcat(arrayConcat([trace_input, trace_output], mapValues(metadata), mapValues(trace_metadata)), '\n')));
ALTER TABLE observations ON CLUSTER '{cluster}' ADD INDEX IF NOT EXISTS w_said toString(arrayStringConcat(arrayConcat([trace_input, trace_output], mapValues(metadata), mapValues(trace_metadata)), '\n')) TYPE text(tokenizer = 'asciiCJK', preprocessor = replaceRegexpAll(toString(arrayStringConcat(arrayConcat([trace_input, trace_output], mapValues(metadata), mapValues(trace_metadata)), '\n')), '[\\x00-\\x7F]+', ' '));
