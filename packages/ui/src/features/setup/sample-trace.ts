/** A realistic support turn as an OTLP/JSON request: agent, retrieval, tool calls, two model calls, an error that is handled. */

type Value = { stringValue: string } | { intValue: string } | { doubleValue: number } | { boolValue: boolean };

interface SampleSpan {
  key: string;
  parent?: string;
  name: string;
  type: string;
  /** Milliseconds after the start of the trace. */
  start: number;
  end: number;
  attributes?: Record<string, string | number | boolean | object>;
  error?: string;
}

const question = 'Where is my refund? I sent order A-10482 back 9 days ago.';
const answer =
  'Your return arrived on Monday and €89.00 is approved. The payment service was busy for a moment; the money is on its way now.';
const system = {
  role: 'system',
  content:
    'You help customers of a shoe shop. Look things up before you answer. Send a refund only for returns that arrived.',
};
const user = { role: 'user', content: question };
const orderCall = {
  role: 'assistant',
  content: null,
  tool_calls: [
    {
      id: 'call_order',
      type: 'function',
      function: { name: 'get_order', arguments: '{"id":"A-10482","with":["returns","payments"]}' },
    },
  ],
};
const order = {
  state: 'return received',
  received_on: '2026-11-23',
  paid: 89,
  currency: 'EUR',
  refunded: 0,
  days_since_return: 9,
};
const orderResult = { role: 'tool', tool_call_id: 'call_order', content: JSON.stringify(order) };
const refundCall = {
  role: 'assistant',
  content: 'The return is here and inside the 30 days. I will send the refund.',
  tool_calls: [
    {
      id: 'call_refund',
      type: 'function',
      function: { name: 'create_refund', arguments: '{"order":"A-10482","amount":89.00}' },
    },
  ],
};
const refundResult = { role: 'tool', tool_call_id: 'call_refund', content: '{"refund":"R-5521","state":"queued"}' };
const tools = ['get_order', 'create_refund', 'search_docs'];

const model = (name: string, input: number, cached: number, output: number) => ({
  'langfuse.observation.model.name': name,
  'langfuse.observation.model.parameters': { temperature: 0.2, max_tokens: 800 },
  'langfuse.observation.usage_details': { input: input - cached, input_cached_tokens: cached, output },
});

// oxfmt-ignore
const spans: SampleSpan[] = [
  { key: 'root', name: 'support-agent', type: 'agent', start: 0, end: 7420, attributes: { 'langfuse.observation.input': question, 'langfuse.observation.output': answer } },
  { key: 'guard', parent: 'root', name: 'input-check', type: 'guardrail', start: 12, end: 94, attributes: { 'langfuse.observation.input': question, 'langfuse.observation.output': { passed: true, topics: ['refund'] } } },
  { key: 'plan', parent: 'root', name: 'plan', type: 'chain', start: 110, end: 1490 },
  { key: 'plan-llm', parent: 'plan', name: 'choose-tools', type: 'generation', start: 130, end: 1480, attributes: { 'langfuse.observation.input': [system, user], 'langfuse.observation.output': orderCall, ...model('gpt-5-mini', 1204, 896, 118), 'langfuse.observation.metadata.tools_offered': tools } },
  { key: 'lookup', parent: 'root', name: 'look-up', type: 'span', start: 1500, end: 3120 },
  { key: 'order', parent: 'lookup', name: 'get_order', type: 'tool', start: 1510, end: 1880, attributes: { 'langfuse.observation.input': { id: 'A-10482', with: ['returns', 'payments'] }, 'langfuse.observation.output': order } },
  { key: 'policy', parent: 'lookup', name: 'returns-policy', type: 'retriever', start: 1890, end: 2470, attributes: { 'langfuse.observation.input': 'refund after return, days', 'langfuse.observation.output': [ { id: 'policy-4', score: 0.91, text: 'Refunds are sent within 30 days after a return has arrived.' }, { id: 'policy-7', score: 0.72, text: 'Sale items are refunded as a voucher.' } ] } },
  { key: 'embed', parent: 'policy', name: 'embed-query', type: 'embedding', start: 1896, end: 2040, attributes: { 'langfuse.observation.input': 'refund after return, days', 'langfuse.observation.model.name': 'text-embedding-3-small', 'langfuse.observation.usage_details': { input: 8 } } },
  { key: 'decide', parent: 'root', name: 'decide', type: 'generation', start: 3140, end: 5020, attributes: { 'langfuse.observation.input': [system, user, orderCall, orderResult], 'langfuse.observation.output': refundCall, ...model('gpt-5', 2816, 1024, 212) } },
  { key: 'refund-1', parent: 'root', name: 'create_refund', type: 'tool', start: 5040, end: 5660, error: '429 Too Many Requests: 5 calls a minute allowed', attributes: { 'langfuse.observation.input': { order: 'A-10482', amount: 89 } } },
  { key: 'retry', parent: 'root', name: 'retry in 500 ms', type: 'event', start: 5670, end: 5670 },
  { key: 'refund-2', parent: 'root', name: 'create_refund', type: 'tool', start: 6180, end: 6320, attributes: { 'langfuse.observation.input': { order: 'A-10482', amount: 89 }, 'langfuse.observation.output': { refund: 'R-5521', state: 'queued' } } },
  { key: 'answer', parent: 'root', name: 'answer', type: 'generation', start: 6330, end: 7390, attributes: { 'langfuse.observation.input': [system, user, orderCall, orderResult, refundCall, refundResult], 'langfuse.observation.output': { role: 'assistant', content: answer }, ...model('gpt-5-mini', 1610, 1408, 96) } },
];

export interface SampleTrace {
  traceId: string;
  /** Body of `POST /api/public/otel/v1/traces`, JSON. */
  request: object;
}

/** A trace that has just ended; `randomHex(bytes)` makes the ids. */
export function sampleTrace(now: Date, randomHex: (bytes: number) => string): SampleTrace {
  const traceId = randomHex(16);
  const ids = new Map(spans.map(({ key }) => [key, randomHex(8)]));
  const start = now.getTime() - 7500;
  const nanos = (ms: number) => `${start + ms}000000`;
  const shared = {
    'langfuse.trace.name': 'support-agent',
    'user.id': 'u-2041',
    'session.id': 's-81',
    'langfuse.trace.tags': ['sample', 'returns'],
    'langfuse.trace.metadata.tenant': 'shop-eu',
    'langfuse.trace.metadata.channel': 'chat',
    'langfuse.release': '2026.11.2',
  };
  const toSpan = (span: SampleSpan) => ({
    traceId,
    spanId: ids.get(span.key),
    ...(span.parent && { parentSpanId: ids.get(span.parent) }),
    name: span.name,
    kind: 1,
    startTimeUnixNano: nanos(span.start),
    endTimeUnixNano: nanos(span.end),
    attributes: [
      ...attributes({ ...shared, 'langfuse.observation.type': span.type, ...span.attributes }),
      ...(span.type === 'generation'
        ? attributes({
            'langfuse.observation.completion_start_time': new Date(
              start + span.start + 0.27 * (span.end - span.start),
            ).toISOString(),
          })
        : []),
    ],
    status: span.error ? { code: 2, message: span.error } : {},
  });
  return {
    traceId,
    request: {
      resourceSpans: [
        {
          resource: { attributes: attributes({ 'service.name': 'tracehouse-sample', 'service.version': '1.0.0' }) },
          scopeSpans: [{ scope: { name: 'tracehouse-sample', version: '1.0.0' }, spans: spans.map(toSpan) }],
        },
      ],
    },
  };
}

function attributes(
  values: Record<string, string | number | boolean | object>,
): { key: string; value: Value | object }[] {
  return Object.entries(values).map(([key, value]) => ({ key, value: attributeValue(value) }));
}

function attributeValue(value: string | number | boolean | object): Value | object {
  if (typeof value === 'boolean') return { boolValue: value };
  if (typeof value === 'number') return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    return { arrayValue: { values: value.map((item) => ({ stringValue: item })) } };
  }
  return { stringValue: typeof value === 'string' ? value : JSON.stringify(value) };
}
