/** A difference that we stand by, with the class of `differences.md` it belongs to. */
export interface Accepted {
  /** `group/number` or `fixtures/<name>/<read>`, `*` for any text. */
  case: string | readonly string[];
  field: string | readonly string[];
  class: 'D1' | 'D2' | 'D3' | 'D4' | 'D5' | 'D6' | 'D7' | 'D8' | 'D9' | 'D10' | 'D11' | 'D12';
  reason: string;
}

const bullJob = [
  ...['name', 'data', 'opts', 'id', 'progress', 'returnvalue', 'stacktrace', 'failedReason', 'priority', 'delay'],
  ...['attemptsStarted', 'attemptsMade', 'stalledCounter', 'timestamp', 'queueQualifiedName', 'parentKey', 'parent'],
];

/** At most 40. An entry that explains no difference fails the replay. */
export const accepted: readonly Accepted[] = [
  {
    case: 'prompts/20',
    field: ['status', 'header *', 'body'],
    class: 'D5',
    reason: 'clients.md 2.2: SDK 2 leaves the slashes of a name as they are, and is answered',
  },
  {
    case: 'prompts/74',
    field: ['status', 'message', 'error'],
    class: 'D6',
    reason: 'a version that is no number is 400',
  },
  {
    case: [
      'otel/1',
      'otel/2',
      'otel/3',
      'otel/4',
      'otel/5',
      'otel/6',
      'otel/7',
      'otel/8',
      'otel/9',
      'otel/10',
      'otel/11',
      'otel/12',
      'otel/21',
    ],
    field: bullJob,
    class: 'D4',
    reason: 'an ExportTraceServiceResponse, not the receipt of a queue',
  },
  {
    case: ['otel/20', 'otel/23'],
    field: ['status', 'header content-type', '', 'error'],
    class: 'D4',
    reason: 'protobuf is answered in protobuf; a span without ids is refused alone, in partialSuccess',
  },
  {
    case: ['models/1', 'models/17'],
    field: '*',
    class: 'D8',
    reason: "the built-in list is not Langfuse's: other ids, names, patterns and prices",
  },
  {
    case: ['health/6', 'health/7', 'health/10', 'scores/29', 'prompts/43'],
    field: ['status', 'header *', 'body'],
    class: 'D5',
    reason: 'an unknown route and a body that is no JSON are answered in JSON, a trailing slash is served',
  },
  {
    case: ['projects-auth/13', 'projects-auth/16', 'projects-auth/19', 'projects-auth/22', 'projects-auth/25'],
    field: ['status', 'error'],
    class: 'D1',
    reason: 'projects and their keys are managed by the key of their organization, without a licence',
  },
  {
    case: ['4', '8', '12', '16', '20', '24', '28', '32'].map((n) => `organizations/${n}`),
    field: ['status', 'error'],
    class: 'D1',
    reason: 'members, projects and keys of an organization are managed by its key, without a licence',
  },
  {
    case: ['fixtures/otel-genai-json/reply-2', 'fixtures/otel-genai-proto/reply-2'],
    field: 'status',
    class: 'D9',
    reason: 'S1.1: logs are accepted',
  },
  {
    case: ['observations-v2/14', 'observations-v2/15', 'observations-v2/28'],
    field: 'data[*]',
    class: 'D9',
    reason: 'S1.10: what any span says about its trace filters all its observations',
  },
  {
    case: [
      'traces/*',
      'fixtures/otel-genai-*',
      'fixtures/v5-tracing/trace-2c56*',
      'fixtures/openinference-json/trace-0caf*',
    ],
    field: [
      ...[
        'name',
        'timestamp',
        'version',
        'sessionId',
        'release',
        'input',
        'metadata.resourceAttributes',
        'metadata.scope',
      ],
      ...[
        'metadata.attributes.llm.tools.0.tool.json_schema',
        'data[conv_1]',
        'data[9af7651916cd43dd8448eb211c80319c].timestamp',
      ],
      ...['data[0af7651916cd43dd8448eb211c80319c].observations*', 'data[0af7651916cd43dd8448eb211c80319c].totalCost'],
      ...['data[0af7651916cd43dd8448eb211c80319c].latency'],
    ],
    class: 'D9',
    reason:
      'S1.10, D9: a trace is read from all its rows, the root before other spans, whatever the filter; it begins at its first start',
  },
  {
    case: ['traces/*', 'sessions/6', 'fixtures/v5-tracing/trace-a523*'],
    field: ['public', 'data[gt-1].public', 'traces[gt-1].public'],
    class: 'D9',
    reason: 'S10.6: a later statement without `public` does not withdraw it',
  },
  {
    case: ['traces/14', 'traces/40', 'traces/46', 'traces/57', 'traces/61', 'traces/62', 'observations-v2/17'],
    field: [
      ...[
        'input',
        'metadata.a',
        'metadata.attributes.*',
        'observations[a8ad6b7169203301].*',
        'data[8af7651916cd43dd8448eb211c80319c].*',
      ],
      ...['data[8af7651916cd43dd8448eb211c80319c/a8ad6b7169203301#2]'],
    ],
    class: 'D3',
    reason:
      'a span sent twice: the recording merged both in its old tables and lists both in the new one; here the later replaces the earlier',
  },
  {
    case: ['traces/5', 'traces/46'],
    field: ['status', 'message', 'error', 'data[gt-implicit]', 'data[gs-orphan]'],
    class: 'D3',
    reason: 'observations make their trace, no row of a table of traces is needed',
  },
  {
    case: ['fixtures/v3-core/reply-2*', 'fixtures/v3-core/trace-trace-v3-1', 'fixtures/v3-core/v2'],
    field: '*',
    class: 'D2',
    reason:
      'read before the recording server had processed them; and of a batch whose updates precede their creates it lost the creates',
  },
  {
    case: 'fixtures/v3-langchain/v2',
    field: 'data[*',
    class: 'D3',
    reason: 'a synthetic root only for a trace without one of its own',
  },
  {
    case: ['observations/14', 'sessions/4', 'fixtures/v3-langchain/trace-e9b6*'],
    field: ['traceId', 'timestamp', 'data[*]', 'meta.total*'],
    class: 'D10',
    reason:
      'a generated trace id; sessions made today, not on the day of recording; two statements of the same millisecond',
  },
  {
    case: [
      'fixtures/openinference-json/trace-2bc1*',
      'fixtures/openinference-json/v2',
      'fixtures/otel-genai-*',
      'fixtures/vercel7-otlp-proto/*',
    ],
    field: [
      ...['*.model', '*odelId', '*.totalPrice', '*.completionStartTime', '*.timeToFirstToken'],
      ...['*[69aca9d7dafc7e5f].usage*', '*[69aca9d7dafc7e5f].*Usage', '*[69aca9d7dafc7e5f].*Tokens'],
      ...['*[69aca9d7dafc7e5f].costDetails.total', '*[69aca9d7dafc7e5f].*otalCost', 'totalCost'],
    ],
    class: 'D9',
    reason:
      'clients.md 2.9, 3: embedding.model_name and gen_ai.client.operation.time_to_first_chunk are read; with a model its tokens are counted (S3.2)',
  },
  {
    case: ['traces/24', 'traces/43', 'traces/44', 'traces/46', 'traces/57', 'traces/61', 'traces/62'],
    field: ['data[0af855b4-67e3-4e24-8d83-a39b8ed9c416].timestamp', 'data[]'],
    class: 'D10',
    reason: 'a trace that states no time has that of its receipt, which was another day',
  },
  {
    case: 'traces/24',
    field: ['data[9af7651916cd43dd8448eb211c80319c]', 'data[WvdlGRbNQ92ESOshHIAxnA==]'],
    class: 'D9',
    reason: 'the third of a page: a trace begins at its first start',
  },
  {
    case: ['traces/46', 'traces/57', 'traces/62'],
    field: 'meta.total*',
    class: 'D3',
    reason: 'two traces that observations alone make are counted',
  },
  {
    case: 'ingestion/11',
    field: 'body',
    class: 'D5',
    reason: 'text that is no JSON is answered in JSON',
  },
  {
    case: ['scores/21', 'scores/22', 'scores/24', 'scores/25', 'ingestion/7', 'fixtures/v5-client/reply-24'],
    field: ['status', 'id', 'successes*', 'errors*'],
    class: 'D7',
    reason: 'a score that its config refuses is refused, not dropped',
  },
  {
    case: ['scores-v2/35', 'scores-v3/2', 'scores-v3/16', 'metrics/13', 'metrics-v2/13'],
    field: ['meta.total*', 'data[ev-58]', 'data["b"]'],
    class: 'D7',
    reason: 'a score event without an id of its own is stored under that of the event, not dropped',
  },
  {
    case: ['fixtures/v5-client/reply-22', 'fixtures/v5-client/trace-d113*'],
    field: ['successes*', 'errors*', 'scores[*'],
    class: 'D9',
    reason: 'clients.md 2.1: a published SDK sends a boolean as it is, and it is stored as one',
  },
  {
    case: ['deletes/10', 'deletes/11', 'fixtures/v5-client/reply-40'],
    field: '*',
    class: 'D2',
    reason: 'what is deleted is gone at once, what was sent is there at once',
  },
  {
    case: 'fixtures/v5-client/reply-12',
    field: ['status', 'message', 'error', ''],
    class: 'D6',
    reason: 'the recording had no bucket to upload to; ours is there',
  },
  {
    case: 'fixtures/v5-client/reply-57',
    field: ['meta.totalItems', 'meta.totalPages', 'data*'],
    class: 'D8',
    reason: 'our list of built-in models',
  },
  {
    case: [
      ...['1', '2', '3', '5', '6', '21'].map((n) => `metrics/${n}`),
      ...['metrics-v2/8', 'metrics-v2/10', 'metrics-daily/1', 'metrics-daily/7'],
    ],
    field: [
      ...['data[].*', 'data[0].count', 'data["implicit trace"]', 'data["orphan"]', 'data[null,"default"].count_count'],
      ...['data["2026-11-20T10:00:00Z"].count_count', 'data[2026-11-20].*', 'data["SPAN"].count_count'],
    ],
    class: 'D3',
    reason: 'two traces that observations alone make are counted; a span sent twice is one',
  },
  {
    case: ['metrics/10', 'metrics-daily/1', 'metrics-daily/2'],
    field: ['data[].histogram_latency*', 'data[1970-01-01]', 'data[20*]'],
    class: 'D10',
    reason:
      'the bins of the engine follow the order of the values, all 51 are in them; a trace that states no time has that of its receipt, not of 1970',
  },
  {
    case: ['metrics/2', 'metrics-v2/25'],
    field: ['data["tn1"]', 'data["second-name"]', 'data["root"]', 'data[*].count_count'],
    class: 'D9',
    reason: 'S1.10: what any span says about its trace holds for it and all its observations',
  },
  {
    case: [
      ...['fixtures/v5-client/reply-61', 'fixtures/v5-client/reply-1', 'fixtures/v5-client/reply-2'],
      ...[
        'fixtures/v5-client/reply-3',
        'fixtures/v3-core/reply-5',
        'fixtures/v3-core/reply-6',
        'fixtures/v3-core/reply-7',
      ],
    ],
    field: 'id',
    class: 'D10',
    reason: 'a generated id',
  },
  {
    case: ['fixtures/py-v2-core/reply-20', 'fixtures/py-v5-client/reply-7'],
    field: 'status',
    class: 'D10',
    reason: 'the client recorded without a server was told of a version 3 that it had not made',
  },
  {
    case: ['scim/16', 'scim/20', 'scim/24', 'scim/28'],
    field: ['status', 'header content-type', '', 'schemas*', 'detail'],
    class: 'D1',
    reason: 'provisioning works without a licence',
  },
  {
    case: ['scim/4', 'scim/8', 'scim/12'],
    field: ['patch.supported', 'totalResults', 'Resources*'],
    class: 'D9',
    reason: 'S9.6: PATCH is supported, and more attributes of users',
  },
];
