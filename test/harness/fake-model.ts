import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the fake model says, and the tokens it claims, the same for every call. */
export const ANSWER = 'The capital of France is Paris.';
export const TOOL = { name: 'get_weather', arguments: { city: 'Paris' } } as const;
/** As OpenAI counts: cached tokens are part of the prompt's, reasoning tokens part of the completion's. */
export const USAGE = { prompt: 120, cached: 20, completion: 48, reasoning: 8, total: 168, embedding: 6 } as const;
/** What those tokens cost at list prices: `chat` with gpt-4o-mini, `embedding` with text-embedding-3-small. */
export const COST_USD = {
  chat: (100 * 0.15 + 20 * 0.075 + 48 * 0.6) / 1e6,
  embedding: (6 * 0.02) / 1e6,
} as const;
/** Length of a vector: as short as code that looks at it tolerates. */
const DIMENSIONS = 8;

/** A model server that speaks OpenAI's API on 127.0.0.1. */
export interface FakeModel {
  /** Base URL as OpenAI clients want it, with `/v1`. */
  readonly url: string;
  /** Paths and bodies received so far. */
  readonly requests: readonly { path: string; body: Body }[];
  stop(): Promise<void>;
}

type Body = Record<string, unknown>;
interface Message {
  readonly role: string;
  readonly content?: unknown;
}

/**
 * Starts it on a free port. It answers a chat with tools with a call of `TOOL`, unless the result of a tool came last; a message
 * holding `fail 429` (any status from 400 on) with that error, one holding `say <<words>>` with those words. Streams end with a
 * usage chunk when asked for one.
 */
export async function startFakeModel(): Promise<FakeModel> {
  const requests: { path: string; body: Body }[] = [];
  const server = createServer((request, response) => {
    answer(request, response, requests).catch((error: unknown) => {
      response
        .writeHead(500, { 'content-type': 'application/json' })
        .end(JSON.stringify({ error: { message: String(error) } }));
    });
  });
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    requests,
    stop: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  requests: { path: string; body: Body }[],
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  const body = (text === '' ? {} : JSON.parse(text)) as Body;
  const path = request.url?.split('?')[0] ?? '';
  requests.push({ path, body });
  const status = Number(/fail (4\d\d|5\d\d)/.exec(text)?.[1] ?? 200);
  if (status >= 400) return send(response, status, errorBody(status));
  const route = routes[path];
  if (!route) return send(response, 404, errorBody(404));
  const reply = route(body);
  return Array.isArray(reply) ? stream(response, reply) : send(response, 200, reply);
}

/** What to answer: one body, or the events of a stream. */
type Route = (body: Body) => Body | StreamEvent[];
interface StreamEvent {
  readonly event?: string;
  readonly data: unknown;
}

const routes: Record<string, Route> = {
  '/v1/models': () => ({
    object: 'list',
    data: [{ id: 'gpt-4o-mini', object: 'model', created: 0, owned_by: 'fake' }],
  }),
  '/v1/chat/completions': (body) => (body['stream'] === true ? chatChunks(body) : chat(body)),
  '/v1/responses': (body) => (body['stream'] === true ? responseEvents(body) : response(body, 'completed')),
  '/v1/embeddings': embeddings,
};

const modelName = (body: Body): string => String(body['model'] ?? 'gpt-4o-mini');
const nowS = (): number => Math.floor(Date.now() / 1000);

const chatUsage = {
  prompt_tokens: USAGE.prompt,
  completion_tokens: USAGE.completion,
  total_tokens: USAGE.total,
  prompt_tokens_details: { cached_tokens: USAGE.cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: USAGE.reasoning, audio_tokens: 0 },
};

function wantsTool(body: Body): boolean {
  const last = (body['messages'] as Message[] | undefined)?.at(-1);
  return Array.isArray(body['tools']) && body['tools'].length > 0 && last?.role !== 'tool';
}

const wordsFor = (body: Body): string =>
  /say <<(.*?)>>/s.exec(JSON.stringify(body['messages']))?.[1]?.replaceAll(String.raw`\n`, '\n') ?? ANSWER;

const toolCall = {
  id: 'call_1',
  type: 'function',
  function: { name: TOOL.name, arguments: JSON.stringify(TOOL.arguments) },
};

const chat = (body: Body): Body => ({
  id: 'chatcmpl-fake',
  object: 'chat.completion',
  created: nowS(),
  model: modelName(body),
  choices: [
    wantsTool(body)
      ? { index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', content: null, tool_calls: [toolCall] } }
      : { index: 0, finish_reason: 'stop', message: { role: 'assistant', content: wordsFor(body), refusal: null } },
  ],
  usage: chatUsage,
});

function chatChunks(body: Body): StreamEvent[] {
  const base = { id: 'chatcmpl-fake', object: 'chat.completion.chunk', created: nowS(), model: modelName(body) };
  const deltas = wantsTool(body)
    ? [
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ index: 0, ...toolCall, function: { name: TOOL.name, arguments: '' } }],
        },
        { tool_calls: [{ index: 0, function: { arguments: toolCall.function.arguments } }] },
      ]
    : [{ role: 'assistant', content: '' }, ...pieces.map((content) => ({ content }))];
  const finish = wantsTool(body) ? 'tool_calls' : 'stop';
  const asked = (body['stream_options'] as { include_usage?: boolean } | undefined)?.include_usage === true;
  return [
    ...deltas.map((delta) => ({ data: { ...base, choices: [{ index: 0, delta, finish_reason: null }] } })),
    { data: { ...base, choices: [{ index: 0, delta: {}, finish_reason: finish }] } },
    ...(asked ? [{ data: { ...base, choices: [], usage: chatUsage } }] : []),
    { data: '[DONE]' },
  ];
}

/** The answer as a stream brings it. */
const pieces = ANSWER.split(/(?<= )/);

const response = (body: Body, status: string): Body => ({
  id: 'resp_fake',
  object: 'response',
  created_at: nowS(),
  status,
  model: modelName(body),
  output: status === 'completed' ? [wantsFunction(body) ? functionCall : message] : [],
  parallel_tool_calls: true,
  tools: [],
  usage: status === 'completed' ? responseUsage : null,
  error: null,
  incomplete_details: null,
  instructions: body['instructions'] ?? null,
  metadata: {},
});
const part = { type: 'output_text', text: ANSWER, annotations: [] };
const message = { id: 'msg_fake', type: 'message', role: 'assistant', status: 'completed', content: [part] };
const functionCall = {
  ...toolCall.function,
  id: 'fc_fake',
  type: 'function_call',
  call_id: toolCall.id,
  status: 'completed',
};
function wantsFunction(body: Body): boolean {
  const last = [body['input']].flat().at(-1) as { type?: string } | undefined;
  const tools = body['tools'] as { name?: string }[] | undefined;
  return (
    body['stream'] !== true &&
    tools?.some(({ name }) => name === TOOL.name) === true &&
    last?.type !== 'function_call_output'
  );
}
const responseUsage = {
  input_tokens: USAGE.prompt,
  input_tokens_details: { cached_tokens: USAGE.cached },
  output_tokens: USAGE.completion,
  output_tokens_details: { reasoning_tokens: USAGE.reasoning },
  total_tokens: USAGE.total,
};

function responseEvents(body: Body): StreamEvent[] {
  const where = { item_id: message.id, output_index: 0, content_index: 0 };
  const events: Body[] = [
    { type: 'response.created', response: response(body, 'in_progress') },
    { type: 'response.output_item.added', output_index: 0, item: { ...message, status: 'in_progress', content: [] } },
    { type: 'response.content_part.added', ...where, part: { ...part, text: '' } },
    ...pieces.map((delta) => Object.assign({ type: 'response.output_text.delta', delta }, where)),
    { type: 'response.output_text.done', ...where, text: ANSWER },
    { type: 'response.content_part.done', ...where, part },
    { type: 'response.output_item.done', output_index: 0, item: message },
    { type: 'response.completed', response: response(body, 'completed') },
  ];
  return events.map((data, index) => ({ event: String(data['type']), data: { ...data, sequence_number: index } }));
}

function embeddings(body: Body): Body {
  const inputs = [body['input']].flat();
  const vector = Float32Array.from({ length: DIMENSIONS }, (_, index) => (index + 1) / 16);
  const embedding = body['encoding_format'] === 'base64' ? Buffer.from(vector.buffer).toString('base64') : [...vector];
  return {
    object: 'list',
    model: modelName(body),
    data: inputs.map((_, index) => ({ object: 'embedding', index, embedding })),
    usage: { prompt_tokens: USAGE.embedding, total_tokens: USAGE.embedding },
  };
}

const errorBody = (status: number): Body => ({
  error: {
    message: `The fake model was asked to fail with ${status}`,
    type: 'fake_error',
    param: null,
    code: `fake_${status}`,
  },
});

function send(response: ServerResponse, status: number, body: Body): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Pauses between events, so that a first token comes measurably before the last. */
async function stream(response: ServerResponse, events: readonly StreamEvent[]): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const { event, data } of events) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    response.write(
      `${event === undefined ? '' : `event: ${event}\n`}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    );
  }
  response.end();
}
