import type { Level, ObservationType } from '../observation.ts';
import type { Convention, SpanContext } from './convention.ts';
import {
  countMap,
  entries,
  entry,
  exactPayload,
  flag,
  identity,
  instant,
  instantText,
  integer,
  metadataText,
  onlyTrue,
  oneOf,
  parameters,
  payload,
  special,
  tags,
  text,
  usdMap,
} from './readers.ts';

const types = oneOf<ObservationType>({
  span: 'SPAN',
  generation: 'GENERATION',
  event: 'EVENT',
  embedding: 'EMBEDDING',
  agent: 'AGENT',
  tool: 'TOOL',
  chain: 'CHAIN',
  retriever: 'RETRIEVER',
  guardrail: 'GUARDRAIL',
  evaluator: 'EVALUATOR',
});

// Python SDK 3.0 to 3.3 called a generation "span" when it was made by start_as_current_span and updated later.
const generationOnly = [
  'langfuse.observation.model.name',
  'langfuse.observation.cost_details',
  'langfuse.observation.usage_details',
  'langfuse.observation.completion_start_time',
  'langfuse.observation.model.parameters',
  'langfuse.observation.prompt.name',
  'langfuse.observation.prompt.version',
];

const isEarlyPythonSdk = ({ scopeName, scopeVersion, resource }: SpanContext): boolean =>
  scopeName === 'langfuse-sdk' &&
  resource.get('telemetry.sdk.language') === 'python' &&
  (scopeVersion === '' || /^([0-2]\.|3\.[0-3](\.|$))/.test(scopeVersion));

/** S1.4 rows 0 and 1. */
const observationType = special<ObservationType>(types.label, (value, context, key) => {
  const type = types(value, context, key);
  const { attributes } = context.span;
  return type === 'SPAN' && isEarlyPythonSdk(context) && generationOnly.some((name) => attributes.has(name))
    ? 'GENERATION'
    : type;
});

/** S1.7: words of common log libraries. */
const level = oneOf<Level>({
  debug: 'DEBUG',
  trace: 'DEBUG',
  verbose: 'DEBUG',
  default: 'DEFAULT',
  info: 'DEFAULT',
  log: 'DEFAULT',
  notice: 'DEFAULT',
  ok: 'DEFAULT',
  success: 'DEFAULT',
  warning: 'WARNING',
  warn: 'WARNING',
  error: 'ERROR',
  fatal: 'ERROR',
  critical: 'ERROR',
});

/** Langfuse SDKs, Python 3 to 5 and JavaScript 4 to 6, and everything that speaks to Langfuse on purpose (LiteLLM, Mastra). */
export const langfuse = {
  name: 'langfuse',
  source: 'langfuse.com/integrations/native/opentelemetry, read 2026-11-23; SDK 5 recorded',
  // oxfmt-ignore
  rules: [
    // attribute                                    field                     read as          known from
    ['langfuse.observation.type',                  'type',                   observationType, 'seen'],
    ['langfuse.observation.level',                 'level',                  level,           'seen'],
    ['langfuse.observation.status_message',        'statusMessage',          text,            'seen'],
    ['langfuse.observation.input',                 'input',                  exactPayload,    'seen'],
    ['langfuse.observation.output',                'output',                 exactPayload,    'seen'],
    ['langfuse.observation.metadata',              'metadata',               entries,         'documentation'],
    ['langfuse.observation.metadata.*',            'metadata',               entry,           'seen'],
    ['langfuse.metadata',                          'metadata',               entries,         'documentation'],
    ['langfuse.metadata',                          'traceMetadata',          entries,         'documentation'],
    ['langfuse.metadata.*',                        'metadata',               entry,           'documentation'],
    ['langfuse.metadata.*',                        'traceMetadata',          entry,           'documentation'],

    ['langfuse.observation.model.name',            'model',                  text,            'seen'],
    ['langfuse.observation.model.parameters',      'modelParameters',        parameters,      'seen'],
    ['langfuse.observation.usage_details',         'usage',                  countMap,        'seen'],
    ['langfuse.observation.cost_details',          'cost',                   usdMap,          'seen'],
    ['langfuse.observation.completion_start_time', 'completionStartTime',    instant,         'seen'],
    ['langfuse.observation.prompt.name',           'promptName',             text,            'seen'],
    ['langfuse.observation.prompt.version',        'promptVersion',          integer,         'seen'],
    ['langfuse.prompt.name',                       'promptName',             text,            'documentation'],
    ['langfuse.prompt.version',                    'promptVersion',          integer,         'documentation'],

    ['langfuse.trace.name',                        'traceName',              text,            'seen'],
    ['langfuse.trace.input',                       'traceInput',             payload,         'seen'],
    ['langfuse.trace.output',                      'traceOutput',            payload,         'seen'],
    ['langfuse.trace.tags',                        'tags',                   tags,            'seen'],
    ['langfuse.tags',                              'tags',                   tags,            'seen'],
    ['langfuse.trace.public',                      'public',                 flag,            'seen'],
    ['langfuse.public',                            'public',                 flag,            'documentation'],
    ['langfuse.trace.metadata',                    'traceMetadata',          entries,         'seen'],
    ['langfuse.trace.metadata.*',                  'traceMetadata',          entry,           'seen'],
    ['resource:langfuse.trace.metadata',           'traceMetadata',          entries,         'documentation'],
    ['resource:langfuse.trace.metadata.*',         'traceMetadata',          entry,           'documentation'],
    ['langfuse.user.id',                           'userId',                 text,            'seen'],
    ['user.id',                                    'userId',                 identity,        'seen'],
    ['langfuse.session.id',                        'sessionId',              text,            'seen'],
    ['session.id',                                 'sessionId',              identity,        'seen'],
    // Python's OpenAI wrapper and the LangChain handlers can say it nowhere else.
    ['langfuse.observation.metadata.langfuse_user_id',    'userId',          metadataText,            'seen'],
    ['langfuse.trace.metadata.langfuse_user_id',          'userId',          metadataText,            'documentation'],
    ['langfuse.observation.metadata.langfuse_session_id', 'sessionId',       metadataText,            'seen'],
    ['langfuse.trace.metadata.langfuse_session_id',       'sessionId',       metadataText,            'documentation'],
    ['langfuse.observation.metadata.langfuse_tags',       'tags',            tags,            'seen'],
    ['langfuse.trace.metadata.langfuse_tags',             'tags',            tags,            'documentation'],
    ['langfuse.internal.is_app_root',              'isAppRoot',              onlyTrue,        'seen'],
    ['langfuse.internal.as_root',                  'isAppRoot',              onlyTrue,        'documentation'],

    ['langfuse.environment',                       'environment',            text,            'seen'],
    ['resource:langfuse.environment',              'environment',            text,            'seen'],
    ['langfuse.version',                           'version',                text,            'seen'],
    ['langfuse.release',                           'release',                text,            'seen'],
    ['resource:langfuse.release',                  'release',                text,            'seen'],

    ['langfuse.experiment.id',                        'experimentId',                 text,        'seen'],
    ['langfuse.experiment.name',                      'experimentName',               text,        'seen'],
    ['langfuse.experiment.description',               'experimentDescription',        text,        'seen'],
    ['langfuse.experiment.metadata',                  'experimentMetadata',           entries,     'seen'],
    ['langfuse.experiment.metadata.*',                'experimentMetadata',           entry,       'seen'],
    ['langfuse.experiment.dataset.id',                'experimentDatasetId',          text,        'seen'],
    ['langfuse.experiment.item.id',                   'experimentItemId',             text,        'seen'],
    ['langfuse.experiment.item.version',              'experimentItemVersion',        instantText, 'documentation'],
    ['langfuse.experiment.item.metadata',             'experimentItemMetadata',       entries,     'seen'],
    ['langfuse.experiment.item.metadata.*',           'experimentItemMetadata',       entry,       'documentation'],
    ['langfuse.experiment.item.root_observation_id',  'experimentItemRootId',         text,        'seen'],
    ['langfuse.experiment.item.expected_output',      'experimentItemExpectedOutput', payload,     'seen'],
  ],
} as const satisfies Convention;
