// Conversations as the GenAI conventions and the Vercel AI SDK spread them over attributes and span events.
import type { Attributes, AttributeValue, DecodedEvent } from '../otlp/span.ts';
import type { SpanContext } from './convention.ts';
import { pythonScopes } from './openinference-python.ts';
import { isObject, parseJson, toText } from './readers.ts';

export interface Payload {
  input: string;
  output: string;
}

/** Answers undefined when the source says nothing; `{'', ''}` ends the search with nothing. */
export type MessageReader = (context: SpanContext) => Payload | undefined;

/** One that looks at the span's events alone. */
type EventReader = (context: { span: Pick<SpanContext['span'], 'events'>; scopeName: string }) => Payload | undefined;

const some = (payload: Payload): Payload | undefined => (payload.input || payload.output ? payload : undefined);

/** Text of an attribute, empty for what a payload cannot be. */
const textOf = (value: AttributeValue | undefined): string => (value ? toText(value) : '');

const firstOf = (attributes: Attributes, names: readonly string[]): string => {
  for (const name of names) {
    const text = textOf(attributes.get(name));
    if (text) return text;
  }
  return '';
};

/** S1.5 row 18, GenAI 1.37 and later: whole lists; the system's words come separately and go in front. */
export const structuredMessages: MessageReader = ({ span: { attributes } }) => some(structured(attributes));

function structured(attributes: Attributes): Payload {
  const input = withSystem(attributes.get('gen_ai.input.messages'), attributes.get('gen_ai.system_instructions'));
  return { input, output: textOf(attributes.get('gen_ai.output.messages')) };
}

function withSystem(messages: AttributeValue | undefined, instructions: AttributeValue | undefined): string {
  const system = systemText(instructions);
  if (!system) return textOf(messages);
  const list = typeof messages === 'string' ? parseJson(messages) : messages;
  if (list !== undefined && list !== null && !Array.isArray(list)) return textOf(messages);
  const given = list ?? [];
  const hasSystem = given.some((message) => isObject(message) && message['role'] === 'system');
  return hasSystem ? textOf(messages) : JSON.stringify([{ role: 'system', content: system }, ...given]);
}

/** Instructions are text, or parts `{type, content}`. */
function systemText(instructions: AttributeValue | undefined): string {
  const parts = typeof instructions === 'string' ? (parseJson(instructions) ?? instructions) : (instructions ?? '');
  if (!Array.isArray(parts)) return isObject(parts) ? partText(parts) : textOf(parts);
  return parts.map(partText).filter(Boolean).join('\n');
}

function partText(part: AttributeValue): string {
  if (!isObject(part)) return textOf(part);
  return textOf(part['content'] ?? part['text'] ?? null);
}

/** S1.5 row 5: the whole call on one event, under the same names as on a span. Several events: a later one's side wins. */
export const operationDetails: EventReader = ({ span: { events } }) => {
  const payload: Payload = { input: '', output: '' };
  for (const event of events) {
    if (event.name !== 'gen_ai.client.inference.operation.details') continue;
    const { input, output } = structured(event.attributes);
    if (input) payload.input = input;
    if (output) payload.output = output;
  }
  return some(payload);
};

const roles = new Map([
  ['gen_ai.system.message', 'system'],
  ['gen_ai.user.message', 'user'],
  ['gen_ai.assistant.message', 'assistant'],
  ['gen_ai.tool.message', 'tool'],
]);

/** S1.5 row 6, conventions 1.28 to 1.36: one event a message, one a choice. */
export const messageEvents: EventReader = ({ span: { events }, scopeName }) => {
  if (events.length === 0) return undefined;
  const messages: unknown[] = [];
  const choices: unknown[] = [];
  for (const { name, attributes } of events) {
    const role = roles.get(name);
    if (role === undefined && name !== 'gen_ai.choice') continue;
    const said = scopeName === STRANDS ? parsedMembers(attributes) : asObject(attributes);
    if (role === undefined) choices.push(said);
    else messages.push({ role, ...said });
  }
  return some({
    input: messages.length > 0 ? JSON.stringify(messages) : '',
    output: choices.length > 0 ? JSON.stringify(choices.length === 1 ? choices[0] : choices) : '',
  });
};

/** The same of events that came without their span, as log records do. */
export function messagesOfEvents(events: DecodedEvent[]): Payload {
  const context = { span: { events }, scopeName: '' };
  return operationDetails(context) ?? messageEvents(context) ?? contentEvents(context) ?? { input: '', output: '' };
}

const STRANDS = 'strands.telemetry.tracer';

/** Strands writes the content of its messages as JSON text. */
function parsedMembers(attributes: Attributes): Record<string, AttributeValue> {
  const object = asObject(attributes);
  for (const [key, value] of attributes) {
    if (typeof value === 'string' && (value.startsWith('[') || value.startsWith('{'))) {
      object[key] = parseJson(value) ?? value;
    }
  }
  return object;
}

/** S1.5 row 7, before 1.28: all prompts on one event, all completions on another. */
export const contentEvents: EventReader = ({ span: { events } }) =>
  some({
    input: contentOf(
      events.find(({ name }) => name === 'gen_ai.content.prompt'),
      'gen_ai.prompt',
    ),
    output: contentOf(
      events.find(({ name }) => name === 'gen_ai.content.completion'),
      'gen_ai.completion',
    ),
  });

function contentOf(event: DecodedEvent | undefined, prefix: string): string {
  if (event === undefined) return '';
  return numbered(event.attributes, prefix) || JSON.stringify(asObject(event.attributes));
}

/** S1.5 row 17: messages taken apart into numbered keys. */
export const numberedMessages: MessageReader = ({ span: { attributes } }) =>
  some({ input: numbered(attributes, 'gen_ai.prompt'), output: numbered(attributes, 'gen_ai.completion') }) ??
  some({ input: numbered(attributes, 'llm.input_messages'), output: numbered(attributes, 'llm.output_messages') });

/** S1.5 row 9: a run of an agent of Pydantic AI in its older formats. */
export const agentRun: MessageReader = ({ span: { attributes } }) => {
  const prompt = textOf(attributes.get('prompt'));
  const all = textOf(attributes.get('all_messages_events'));
  if (!prompt && !all) return undefined;
  const said = textOf(attributes.get('final_result')) || (prompt && all) || structured(attributes).output;
  return { input: prompt || all, output: said };
};

/** S1.5 row 11: events as one attribute, a list or JSON text of one. */
export const listedEvents: MessageReader = ({ span: { attributes } }) => {
  const given = attributes.get('events');
  const list = typeof given === 'string' ? parseJson(given) : given;
  if (!Array.isArray(list)) return undefined;
  const events = list.filter(isObject);
  const isChoice = (event: Record<string, AttributeValue>): boolean => event['event.name'] === 'gen_ai.choice';
  const asked = events.filter((event) => !isChoice(event));
  const answered = events.filter(isChoice);
  return some({
    input: asked.length > 0 ? JSON.stringify(asked) : '',
    output: answered.length > 0 ? JSON.stringify(answered.length === 1 ? answered[0] : answered) : '',
  });
};

/** S1.5 row 16: a run of an agent of Pydantic AI. */
export const pydanticMessages: MessageReader = ({ span: { attributes } }) => {
  const messages = attributes.get('pydantic_ai.all_messages');
  if (messages === undefined) return undefined;
  const input = withSystem(messages, attributes.get('gen_ai.system_instructions'));
  return some({ input, output: textOf(attributes.get('final_result')) });
};

const python: ReadonlySet<string> = new Set(pythonScopes);

/**
 * Model calls of OpenInference's instrumentations for Python. There `input.value` holds objects as Python prints them
 * (`ChatMessage(role=…`), while the numbered keys have the messages; they are given in the form of a chat API.
 */
export const pythonMessages: MessageReader = ({ span: { attributes }, scopeName }) => {
  if (!python.has(scopeName) || attributes.get('openinference.span.kind') !== 'LLM') return undefined;
  const input = chatOf(numbered(attributes, 'llm.input_messages'));
  const output = chatOf(numbered(attributes, 'llm.output_messages'));
  if (!input && !output) return undefined;
  return {
    input: input || textOf(attributes.get('input.value')),
    output: output || textOf(attributes.get('output.value')),
  };
};

const WRAPPERS = ['message', 'message_content', 'tool_call'] as const;

/** `[{message: {role, tool_calls: [{tool_call: …}]}}]` → `[{role, tool_calls: […]}]` */
function chatOf(messages: string): string {
  return messages && JSON.stringify(unwrapped(parseJson(messages) ?? messages));
}

function unwrapped(value: AttributeValue): AttributeValue {
  if (Array.isArray(value)) return value.map(unwrapped);
  if (!isObject(value)) return value;
  const [only, ...others] = Object.keys(value);
  const wrapper = WRAPPERS.find((each) => each === only);
  if (wrapper !== undefined && others.length === 0) return unwrapped(value[wrapper]!);
  const plain = Object.create(null) as Record<string, AttributeValue>;
  for (const [key, inner] of Object.entries(value)) plain[key === 'contents' ? 'content' : key] = unwrapped(inner);
  return plain;
}

const SLOTS = 10_001; // array slots over all arrays of one side; an index of a million must not allocate them

/** `prefix.0.role`, `prefix.0.content` → `[{role, content}]` as JSON text. The bare prefix wins when it has a value. */
function numbered(attributes: Attributes, prefix: string): string {
  const whole = textOf(attributes.get(prefix));
  if (whole) return whole;
  const root: Node = new Map();
  let found = false;
  for (const [key, value] of attributes) {
    if (key.length <= prefix.length + 1 || !key.startsWith(prefix) || key[prefix.length] !== '.') continue;
    found = insert(root, key.slice(prefix.length + 1).split('.'), value) || found;
  }
  return found ? JSON.stringify(build(root, { left: SLOTS }, 0)) : '';
}

type Node = Map<string, Node | { leaf: AttributeValue }>;

const DEPTH = 32;

function insert(root: Node, path: string[], value: AttributeValue): boolean {
  if (
    path.length > DEPTH ||
    path.some((step) => step === '__proto__' || step === 'constructor' || step === 'prototype')
  ) {
    return false;
  }
  let node = root;
  for (const step of path.slice(0, -1)) {
    const next = node.get(step);
    if (next instanceof Map) node = next;
    else {
      const child: Node = new Map();
      node.set(step, child);
      node = child;
    }
  }
  const last = path.at(-1)!;
  if (!(node.get(last) instanceof Map)) node.set(last, { leaf: value });
  return true;
}

const INDEX = /^\d{1,6}$/;

function build(node: Node, slots: { left: number }, depth: number): unknown {
  const keys = [...node.keys()];
  const valueOf = (key: string): unknown => {
    const child = node.get(key)!;
    return child instanceof Map ? build(child, slots, depth + 1) : child.leaf;
  };
  if (!keys.every((key) => INDEX.test(key))) {
    const object = Object.create(null) as Record<string, unknown>;
    for (const key of keys) object[key] = valueOf(key);
    return object;
  }
  const array: unknown[] = [];
  for (const key of keys) {
    const index = Number(key);
    const needed = index + 1 - array.length;
    if (needed > slots.left) continue;
    if (needed > 0) {
      slots.left -= needed;
      while (array.length <= index) array.push(null);
    }
    array[index] = valueOf(key);
  }
  return array;
}

/** S1.5 row 3. What the SDK's own attributes leave open is asked of the GenAI ones, and the search ends here. */
export const vercelMessages: MessageReader = ({ span: { attributes } }) => {
  if (!attributes.has('ai.operationId')) return undefined;
  const fallback = structured(attributes);
  return {
    input: firstOf(attributes, ['ai.prompt.messages', 'ai.prompt', 'ai.toolCall.args']) || fallback.input,
    output: vercelOutput(attributes) || fallback.output,
  };
};

function vercelOutput(attributes: Attributes): string {
  const text = attributes.get('ai.response.text');
  const toolCalls = attributes.get('ai.response.toolCalls');
  if (text !== undefined && toolCalls !== undefined) {
    const calls = typeof toolCalls === 'string' ? (parseJson(toolCalls) ?? toolCalls) : toolCalls;
    return JSON.stringify({ role: 'assistant', content: text, tool_calls: calls });
  }
  return firstOf(attributes, [
    'ai.response.text',
    'ai.result.text',
    'ai.toolCall.result',
    'ai.response.object',
    'ai.result.object',
    'ai.response.toolCalls',
    'ai.result.toolCalls',
  ]);
}

function asObject(attributes: Attributes): Record<string, AttributeValue> {
  const object = Object.create(null) as Record<string, AttributeValue>;
  for (const [key, value] of attributes) object[key] = value;
  return object;
}
