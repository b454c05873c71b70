import { isObject, readPayload, scalarText, writeJson, type Json, type JsonObject, type Payload } from './json.ts';

/** A piece of a message. `arguments` and `result` are JSON when they were, else text. */
export type MessagePart =
  | { kind: 'text'; text: string }
  | { kind: 'reasoning'; text: string }
  | { kind: 'call'; id: string; name: string; arguments: Payload }
  | { kind: 'result'; id: string; name: string; result: Payload; isError: boolean }
  | { kind: 'media'; what: string; source: string }
  | { kind: 'json'; value: Json };

export interface Message {
  role: string;
  parts: MessagePart[];
}

/** Tools that the model was offered in the same payload: name to definition. */
export interface Conversation {
  messages: Message[];
  tools: { name: string; definition: Json }[];
}

/**
 * A payload as chat, in whichever of the usual shapes it came: OpenAI (chat and responses), Anthropic, Gemini, GenAI
 * semantic conventions, LangChain, Vercel AI SDK, OpenInference. Null when it is not chat.
 */
export function readConversation(payload: Payload): Conversation | null {
  if (payload.kind === 'text') return null;
  const messages = readMessages(payload.value);
  if (!messages || messages.length === 0) return null;
  return { messages: nameResults(messages), tools: readTools(payload.value) };
}

/** Results say which tool they come from, also where only the call named it. */
function nameResults(messages: Message[]): Message[] {
  const names = new Map<string, string>();
  return messages.map(({ role, parts }) => ({
    role,
    parts: parts.map((part) => {
      if (part.kind === 'call' && part.id) names.set(part.id, part.name);
      return part.kind === 'result' && !part.name ? { ...part, name: names.get(part.id) ?? '' } : part;
    }),
  }));
}

function readMessages(value: Json): Message[] | null {
  if (Array.isArray(value)) return readList(value);
  if (!isObject(value)) return null;
  for (const read of containers) {
    const messages = read(value);
    if (messages) return messages;
  }
  const single = readMessage(value);
  return single && [single];
}

/** A list counts as chat when every item is a message. LangChain nests one list per prompt. */
function readList(items: Json[]): Message[] | null {
  if (items.length === 0) return null;
  if (items.every(Array.isArray)) {
    const lists = items.map((item) => readList(item as Json[]));
    return lists.includes(null) ? null : lists.flatMap((list) => list ?? []);
  }
  const messages: Message[] = [];
  for (const item of items) {
    const message = readItem(item);
    if (!message) return null;
    messages.push(message);
  }
  return messages;
}

type Container = (value: JsonObject) => Message[] | null;

/** Objects that hold the messages somewhere inside, by what marks them. */
const containers: Container[] = [
  // Anthropic, OpenAI chat and most wrappers; `system` beside the messages.
  (value) => withSystem(value['system'] ?? value['instructions'], listIn(value['messages'])),
  // OpenAI responses, as sent.
  (value) =>
    typeof value['input'] === 'string'
      ? 'model' in value || 'instructions' in value
        ? withSystem(value['instructions'], [textMessage('user', value['input'])])
        : null
      : withSystem(value['instructions'], listIn(value['input'])),
  // OpenAI chat, as answered.
  (value) => {
    const choices = value['choices'];
    if (!Array.isArray(choices)) return null;
    return readList(
      choices.map((choice) => (isObject(choice) ? (choice['message'] ?? choice['delta'] ?? null) : null)),
    );
  },
  // OpenAI responses, as answered.
  (value) => listIn(value['output']),
  // Gemini, as sent and as answered.
  (value) =>
    withSystem(value['systemInstruction'] ?? value['system_instruction'], withRoles(value['contents'], 'user')),
  (value) => {
    const candidates = value['candidates'];
    if (!Array.isArray(candidates)) return null;
    return withRoles(
      candidates.map((one) => (isObject(one) ? (one['content'] ?? null) : null)),
      'model',
    );
  },
  // LangChain, as answered: one list of generations a prompt.
  (value) => {
    const generations = value['generations'];
    if (!Array.isArray(generations)) return null;
    const flat = generations.flatMap((one) => (Array.isArray(one) ? one : [one]));
    const messages = flat.map((one) => {
      if (!isObject(one)) return null;
      return (
        readItem(one['message'] ?? null) ??
        (typeof one['text'] === 'string' ? textMessage('assistant', one['text']) : null)
      );
    });
    return messages.every((message) => message !== null) ? messages : null;
  },
  // Vercel AI SDK, as answered.
  (value) => {
    const calls = value['toolCalls'];
    if (typeof value['text'] !== 'string' && !Array.isArray(calls)) return null;
    if (!('toolCalls' in value || 'finishReason' in value)) return null;
    const said = typeof value['text'] === 'string' && value['text'] !== '' ? [textPart(value['text'])] : [];
    const called = Array.isArray(calls) ? calls.map((call) => readPart(call)).filter((part) => part !== null) : [];
    return [{ role: 'assistant', parts: [...said, ...called] }];
  },
];

const listIn = (value: Json | undefined) => (Array.isArray(value) ? readList(value) : null);

/** Gemini allows contents without a role. */
const withRoles = (contents: Json | undefined, role: string) =>
  Array.isArray(contents) ? readList(contents.map((one) => (isObject(one) ? { role, ...one } : one))) : null;

function withSystem(system: Json | undefined, messages: Message[] | null): Message[] | null {
  if (!messages || system === undefined || system === null) return messages;
  const parts = isObject(system) && 'parts' in system ? readContent(system['parts']) : readContent(system);
  return parts.length > 0 ? [{ role: 'system', parts }, ...messages] : messages;
}

const textMessage = (role: string, text: string): Message => ({ role, parts: [textPart(text)] });
const textPart = (text: string): MessagePart => ({ kind: 'text', text });

/** One item of a list: a message, or one of the bare items of OpenAI's responses. */
function readItem(item: Json): Message | null {
  if (!isObject(item)) return null;
  // OpenInference wraps each message.
  if (isObject(item['message']) && Object.keys(item).length === 1) return readItem(item['message']);
  const type = item['type'];
  if (typeof type === 'string' && bareItems.has(type)) {
    const part = readPart(item);
    return part && { role: part.kind === 'result' ? 'tool' : 'assistant', parts: [part] };
  }
  return readMessage(item);
}

const bareItems = new Set([
  'function_call',
  'function_call_output',
  'reasoning',
  'custom_tool_call',
  'custom_tool_call_output',
]);

/** LangChain's kinds of messages by type or class. */
const langChainRoles = new Map(
  Object.entries({
    human: 'user',
    HumanMessage: 'user',
    HumanMessageChunk: 'user',
    ai: 'assistant',
    AIMessage: 'assistant',
    AIMessageChunk: 'assistant',
    system: 'system',
    SystemMessage: 'system',
    tool: 'tool',
    ToolMessage: 'tool',
    function: 'tool',
  }),
);

function readMessage(item: JsonObject): Message | null {
  // Serialized LangChain: {lc, type: "constructor", id: [..., "HumanMessage"], kwargs}.
  if (isObject(item['kwargs']) && Array.isArray(item['id'])) {
    const role = langChainRoles.get(String(item['id'].at(-1)));
    return role === undefined ? null : readMessage({ ...item['kwargs'], role });
  }
  // LangChain's messages as dicts: {type: "human", data: {content}}.
  if (isObject(item['data']) && langChainRoles.has(String(item['type']))) {
    return readMessage({ ...item['data'], role: item['type'] ?? '' });
  }
  const role = roleOf(item);
  if (role === null) return null;
  const id = firstText(item, ['tool_call_id', 'toolCallId', 'call_id']);
  const parts = readContent(item['content'] ?? item['parts'] ?? item['contents']);
  const calls = readCalls(item);
  const reasoning = firstText(item, ['reasoning_content', 'reasoning', 'thinking']);
  const refusal = item['refusal'];
  const all: MessagePart[] = [
    ...(reasoning ? [{ kind: 'reasoning' as const, text: reasoning }] : []),
    ...(id && role === 'tool' && !parts.some(({ kind }) => kind === 'result') ? [asResult(item, id, parts)] : parts),
    ...(typeof refusal === 'string' && refusal !== '' ? [textPart(refusal)] : []),
    ...calls,
  ];
  if (all.length === 0 && !('content' in item || 'parts' in item || 'tool_calls' in item)) return null;
  return { role, parts: all };
}

function roleOf(item: JsonObject): string | null {
  const { role, type } = item;
  if (typeof role === 'string') return langChainRoles.get(role) ?? (role === 'model' ? 'assistant' : role);
  return typeof type === 'string' && 'content' in item ? (langChainRoles.get(type) ?? null) : null;
}

function asResult(item: JsonObject, id: string, parts: MessagePart[]): MessagePart {
  const only = parts[0];
  const name = typeof item['name'] === 'string' ? item['name'] : '';
  const isError = item['status'] === 'error' || item['is_error'] === true;
  const result: Payload =
    parts.length === 1 && only?.kind === 'text'
      ? readPayload(only.text)
      : { kind: 'json', value: (item['content'] ?? null) as Json };
  return { kind: 'result', id, name, result, isError };
}

function readCalls(item: JsonObject): MessagePart[] {
  const calls = item['tool_calls'] ?? item['toolCalls'];
  if (Array.isArray(calls)) {
    return calls.map((call) => {
      // OpenInference wraps each call, too.
      const inner = isObject(call) && isObject(call['tool_call']) ? call['tool_call'] : call;
      return readCall(inner) ?? { kind: 'json', value: inner };
    });
  }
  const legacy = item['function_call'];
  return isObject(legacy) ? [readCall(legacy) ?? { kind: 'json', value: legacy }] : [];
}

function readCall(call: Json): MessagePart | null {
  if (!isObject(call)) return null;
  const about = isObject(call['function']) ? call['function'] : call;
  const name = firstText(about, ['name', 'toolName', 'tool_name']);
  if (!name) return null;
  const args = about['arguments'] ?? about['args'] ?? about['input'] ?? about['parameters'];
  return {
    kind: 'call',
    id: firstText(call, ['id', 'call_id', 'toolCallId', 'tool_call_id']),
    name,
    arguments: asPayload(args),
  };
}

/** Arguments and results come as values, or as JSON inside a string. */
function asPayload(value: Json | undefined): Payload {
  if (value === undefined) return { kind: 'text', text: '' };
  return typeof value === 'string' ? readPayload(value) : { kind: 'json', value };
}

function readContent(content: Json | undefined): MessagePart[] {
  if (content === undefined || content === null) return [];
  if (typeof content === 'string') return content === '' ? [] : [textPart(content)];
  if (!Array.isArray(content)) return [readPart(content) ?? { kind: 'json', value: content }];
  return content.map((part) => readPart(part) ?? { kind: 'json', value: part });
}

/** By the `type` of a part; Gemini's parts have no type and are told by their keys. */
const partReaders: Record<string, (part: JsonObject) => MessagePart | null> = {
  text: readText,
  input_text: readText,
  output_text: readText,
  refusal: (part) => textPart(firstText(part, ['refusal'])),
  reasoning: readReasoning,
  thinking: readReasoning,
  redacted_thinking: () => ({ kind: 'reasoning', text: 'Redacted by the provider.' }),
  tool_use: readCall,
  server_tool_use: readCall,
  tool_call: readCall,
  'tool-call': readCall,
  function_call: readCall,
  custom_tool_call: readCall,
  tool_result: readResult,
  'tool-result': readResult,
  tool_call_response: readResult,
  function_call_output: readResult,
  custom_tool_call_output: readResult,
  image: readMedia,
  image_url: readMedia,
  input_image: readMedia,
  input_audio: readMedia,
  audio: readMedia,
  file: readMedia,
  input_file: readMedia,
  document: readMedia,
  blob: readMedia,
  uri: readMedia,
  media: readMedia,
};

function readPart(part: Json): MessagePart | null {
  if (typeof part === 'string') return textPart(part);
  if (!isObject(part)) return null;
  const type = part['type'];
  if (typeof type === 'string')
    return (Object.hasOwn(partReaders, type) ? partReaders[type]?.(part) : null) ?? readUntyped(part);
  return readUntyped(part);
}

function readUntyped(part: JsonObject): MessagePart | null {
  const { functionCall, functionResponse, inlineData, fileData, text, toolUse, toolResult } = part;
  if (typeof text === 'string') return part['thought'] === true ? { kind: 'reasoning', text } : textPart(text);
  if (isObject(functionCall)) return readCall(functionCall);
  if (isObject(functionResponse)) return readResult(functionResponse);
  if (isObject(inlineData)) return readMedia({ ...inlineData, type: 'file' });
  // As Google's Python SDKs write it.
  if (isObject(part['inline_data'])) return readMedia({ ...part['inline_data'], type: 'file' });
  if (isObject(fileData)) return readMedia({ ...fileData, type: 'file' });
  // Bedrock's converse.
  if (isObject(toolUse)) return readCall({ ...toolUse, id: toolUse['toolUseId'] ?? '' });
  if (isObject(toolResult)) return readResult({ ...toolResult, id: toolResult['toolUseId'] ?? '' });
  if ('toolName' in part && ('args' in part || 'input' in part)) return readCall(part);
  const { content } = part;
  const isBare = Object.keys(part).every((key) => key === 'content' || key === 'type');
  return typeof content === 'string' && isBare ? textPart(content) : null;
}

function readText(part: JsonObject): MessagePart | null {
  const text = part['text'] ?? part['content'];
  if (typeof text === 'string') return textPart(text);
  return isObject(text) && typeof text['value'] === 'string' ? textPart(text['value']) : null;
}

function readReasoning(part: JsonObject): MessagePart | null {
  const { summary } = part;
  if (Array.isArray(summary)) {
    const text = summary.map((one) => (isObject(one) ? firstText(one, ['text']) : '')).join('\n\n');
    return { kind: 'reasoning', text: text || 'Not shown by the provider.' };
  }
  const text = firstText(part, ['thinking', 'text', 'content', 'reasoning']);
  return { kind: 'reasoning', text: text || 'Not shown by the provider.' };
}

function readResult(part: JsonObject): MessagePart {
  const content = part['result'] ?? part['response'] ?? part['output'] ?? part['content'];
  // A list of text parts is the text; Vercel wraps as {type, value}.
  const value =
    isObject(content) && typeof content['type'] === 'string' && 'value' in content ? content['value'] : content;
  const texts = Array.isArray(value)
    ? value.map((one) => (isObject(one) && one['type'] === 'text' ? scalarText(one['text'] ?? '') : null))
    : [null];
  const result: Payload = texts.every((text) => text !== null) ? readPayload(texts.join('\n')) : asPayload(value);
  const id = firstText(part, ['tool_use_id', 'tool_call_id', 'toolCallId', 'call_id', 'id']);
  return {
    kind: 'result',
    id,
    name: firstText(part, ['name', 'toolName', 'tool_name']),
    result,
    isError: part['is_error'] === true || part['isError'] === true || part['status'] === 'error',
  };
}

/** Where an image, sound or file is: an address, or what kind of data is inside. */
function readMedia(part: JsonObject): MessagePart {
  const nested = ['image_url', 'input_audio', 'file', 'source', 'image']
    .map((key) => part[key])
    .find((value) => value !== undefined && value !== null);
  const about = isObject(nested) ? nested : part;
  const address = typeof nested === 'string' ? nested : firstText(about, ['url', 'uri', 'fileUri', 'file_data']);
  const type =
    firstText(about, ['media_type', 'mime_type', 'mimeType', 'mediaType', 'format']) ||
    /^data:([^;,]+)/u.exec(address)?.[1];
  const uploaded = ['data', 'content', 'file_data', 'image']
    .map((key) => about[key])
    .find((value) => typeof value === 'string' && value.startsWith('@@@langfuseMedia:'));
  const inline =
    address.startsWith('data:') || (address === '' && ['data', 'content', 'file_id'].some((key) => key in about));
  return {
    kind: 'media',
    what: type ?? scalarText(part['type'] ?? 'file') ?? 'file',
    source: typeof uploaded === 'string' ? uploaded : inline ? 'inline data' : address || 'inline data',
  };
}

function readTools(value: Json): Conversation['tools'] {
  if (!isObject(value)) return [];
  const tools = value['tools'] ?? value['functions'];
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool) => {
    const declared =
      isObject(tool) && Array.isArray(tool['functionDeclarations']) ? tool['functionDeclarations'] : [tool];
    return declared.map((one) => {
      const about = isObject(one) && isObject(one['function']) ? one['function'] : one;
      return {
        name: isObject(about) ? firstText(about, ['name', 'type']) || 'tool' : writeJson(about, 0),
        definition: one,
      };
    });
  });
}

function firstText(value: JsonObject, keys: string[]): string {
  for (const key of keys) {
    const text = value[key];
    if (typeof text === 'string') return text;
  }
  return '';
}
