// S1.11: what tools a model was offered, and which it called.
import type { AttributeValue } from '../otlp/span.ts';
import { isObject, parseJson, toText } from './readers.ts';

/** The offered tools, from what an attribute holds: a list, JSON text of one, or a list of JSON texts. */
export function toDefinitions(value: AttributeValue): AttributeValue[] {
  const parsed = typeof value === 'string' ? parseJson(value) : value;
  if (parsed === undefined || parsed === null) return [];
  if (!Array.isArray(parsed)) return isObject(parsed) ? [parsed] : [];
  return parsed.flatMap((each) => (typeof each === 'string' ? toDefinitions(each) : [each]));
}

/** Puts tools that came beside the input into it, where a reader of the trace looks for them. */
export function withTools(input: string, tools: AttributeValue[]): string {
  if (input === '') return JSON.stringify({ tools });
  const parsed = parseJson(input);
  if (Array.isArray(parsed)) return JSON.stringify({ messages: parsed, tools });
  return isObject(parsed) ? input : JSON.stringify({ prompt: input, tools });
}

/** Tools inside the input itself, as chat APIs take them (`{messages, tools}`). */
export function toolsOfInput(input: string): AttributeValue[] {
  if (!input.startsWith('{') || !input.includes('"tools"')) return [];
  const parsed = parseJson(input);
  return isObject(parsed) && Array.isArray(parsed['tools']) ? parsed['tools'] : [];
}

/** Name → JSON text `{description, parameters}`; the first of a name stays. */
export function describeTools(tools: readonly AttributeValue[]): Record<string, string> {
  const described = Object.create(null) as Record<string, string>;
  for (const tool of tools) {
    if (!isObject(tool)) continue;
    const definition = isObject(tool['function']) ? tool['function'] : tool;
    const name = definition['name'];
    if (typeof name !== 'string' || name === '' || name in described) continue;
    described[name] = JSON.stringify({
      description: definition['description'] ?? '',
      parameters: definition['parameters'] ?? definition['inputSchema'] ?? definition['input_schema'] ?? {},
    });
  }
  return described;
}

export interface ToolCalls {
  calls: string[];
  names: string[];
}

const NODES = 5000; // an output may be megabytes of JSON that has nothing to do with tools
const DEPTH = 12;

/**
 * Calls inside an output, whatever API it came from: OpenAI chat and Responses, Anthropic, Vercel AI, LangChain, GenAI parts.
 * One id counts once.
 */
export function toolCallsOf(output: string): ToolCalls {
  const found: ToolCalls = { calls: [], names: [] };
  if (!output.includes('tool') && !output.includes('function_call')) return found;
  const parsed = parseJson(output);
  if (parsed !== undefined) visit(parsed, found, { seen: new Set(), left: NODES }, 0);
  return found;
}

const CALL_TYPES = new Set(['function_call', 'tool_use', 'tool-call', 'tool_call']);

function isCall(value: Record<string, AttributeValue>): boolean {
  return (
    (typeof value['type'] === 'string' && CALL_TYPES.has(value['type'])) ||
    (typeof value['toolName'] === 'string' && 'toolCallId' in value && !('result' in value || 'output' in value)) || // Vercel AI 5, 6
    (typeof value['name'] === 'string' && 'arguments' in value) // LiteLLM
  );
}

function visit(
  value: AttributeValue,
  found: ToolCalls,
  walk: { seen: Set<string>; left: number },
  depth: number,
): void {
  walk.left -= 1;
  if (walk.left < 0 || depth > DEPTH || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const each of value) visit(each, found, walk, depth + 1);
    return;
  }
  const { toolUse } = value; // Bedrock's Converse, Strands
  if (isObject(toolUse) && 'toolUseId' in toolUse) {
    add(toolUse, found, walk.seen);
    return;
  }
  if (isCall(value)) {
    add(value, found, walk.seen);
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'tool_calls' && Array.isArray(inner))
      inner.forEach((call) => isObject(call) && add(call, found, walk.seen));
    else visit(inner, found, walk, depth + 1);
  }
}

function add(call: Record<string, AttributeValue>, found: ToolCalls, seen: Set<string>): void {
  const wrapped = isObject(call['function']) ? call['function'] : call;
  const name = wrapped['name'] ?? wrapped['toolName'];
  if (typeof name !== 'string' || name === '') return;
  const id = call['id'] ?? call['call_id'] ?? call['toolCallId'] ?? call['toolUseId'] ?? '';
  const key = toText(id);
  if (key !== '' && seen.has(key)) return;
  seen.add(key);
  const given = wrapped['arguments'] ?? wrapped['input'] ?? wrapped['args'] ?? '';
  found.calls.push(JSON.stringify({ id: key, name, arguments: toText(given) }));
  found.names.push(name);
}
