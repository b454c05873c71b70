import type { ObservationType } from '../observation.ts';
import type { Convention, MetadataEntries } from './convention.ts';
import { count, identity, oneOf, special, text, unquotedPayload } from './readers.ts';

const kind = oneOf<ObservationType>({ workflow: 'CHAIN', task: 'SPAN', agent: 'AGENT', tool: 'TOOL' });
const request = oneOf<ObservationType>({
  chat: 'GENERATION',
  completion: 'GENERATION',
  embedding: 'EMBEDDING',
  rerank: 'RETRIEVER',
});

const identities: ReadonlySet<string> = new Set(['user_id', 'userId', 'session_id', 'sessionId']);
const property = special<MetadataEntries>('one key, but the user and the session', (value, _context, key) =>
  key === '' || identities.has(key) ? undefined : [[key, value]],
);

/**
 * OpenLLMetry (Traceloop's SDKs): what it adds to the GenAI attributes. User and session have no attribute of their own there,
 * only properties of an association, under whatever name the application chose; these are the ones its documentation uses.
 */
export const traceloop = {
  name: 'traceloop',
  source: 'traceloop.com/docs/openllmetry, read 2026-11-30; JavaScript 0.27 and Python 0.62 recorded',
  // oxfmt-ignore
  rules: [
    // attribute                                        field            read as          known from
    ['traceloop.span.kind',                            'type',          kind,            'seen'],
    ['llm.request.type',                               'type',          request,         'seen'],
    ['traceloop.workflow.name',                        'traceName',     text,            'seen'],
    ['traceloop.entity.input',                         'input',         unquotedPayload, 'seen'],
    ['traceloop.entity.output',                        'output',        unquotedPayload, 'seen'],
    ['traceloop.association.properties.user_id',       'userId',        identity,        'seen'],
    ['traceloop.association.properties.userId',        'userId',        identity,        'documentation'],
    ['traceloop.association.properties.session_id',    'sessionId',     identity,        'seen'],
    ['traceloop.association.properties.sessionId',     'sessionId',     identity,        'documentation'],
    ['traceloop.association.properties.*',             'traceMetadata', property,        'seen'],
    ['llm.usage.total_tokens',                         'usage.total',   count,           'documentation'],
  ],
} as const satisfies Convention;
