/*
 * The thread that counts tokens (see token-counts.ts). One piece of one text at a time, projects in turn; between two pieces
 * it takes what has come in meanwhile.
 */
import { parentPort } from 'node:worker_threads';
import type { Tokenizer } from './price-book.ts';

export interface CountRequest extends Tokenizer {
  id: number;
  projectId: string;
  text: string;
}
export interface CountReply {
  id: number;
  /** Null when it could not be counted. */
  tokens: number | null;
}
export type WorkerMessage = CountRequest | { cancel: number };

type Encoding = 'o200k_base' | 'o200k_harmony' | 'cl100k_base' | 'p50k_base' | 'r50k_base';

/** Which encoding a model of OpenAI's uses, by the beginning of its name; a newer one uses the newest. */
// oxfmt-ignore
const encodings: readonly (readonly [RegExp, Encoding])[] = [
  [/^gpt-oss/,                                                                        'o200k_harmony'],
  [/^(gpt-4o|gpt-4\.|chatgpt-4o)/,                                                    'o200k_base'],
  [/^(gpt-4|gpt-3\.5|gpt-35|text-embedding-3|text-embedding-ada-002|davinci-002|babbage-002)/, 'cl100k_base'],
  [/^(text-davinci-00[23]|code-|davinci-codex|cushman-codex)/,                        'p50k_base'],
  [/^(davinci|curie|babbage|ada|text-)/,                                              'r50k_base'],
];

type Count = (text: string) => number;

/** Each is 2 MB of table, read when it is first needed. */
const loaders: Record<Encoding, () => Promise<{ countTokens: (text: string, options: object) => number }>> = {
  o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
  o200k_harmony: () => import('gpt-tokenizer/encoding/o200k_harmony'),
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
  p50k_base: () => import('gpt-tokenizer/encoding/p50k_base'),
  r50k_base: () => import('gpt-tokenizer/encoding/r50k_base'),
};

async function counterOf(model: string): Promise<Count> {
  const name = model.slice(model.lastIndexOf('/') + 1).toLowerCase();
  const encoding = encodings.find(([pattern]) => pattern.test(name))?.[1] ?? 'o200k_base';
  const { countTokens } = await loaders[encoding]();
  // What looks like a special token is text here: it came from a user.
  const options = { disallowedSpecial: new Set() };
  return (text) => countTokens(text, options);
}

/** What is left to do of a request. */
interface Task {
  id: number;
  tokens: number;
  pieces: string[];
  count: Count;
}

const queues = new Map<string, Task[]>();
const cancelled = new Set<number>();
let isRunning = false;

parentPort?.on('message', (message: WorkerMessage) => {
  if ('cancel' in message) {
    cancelled.add(message.cancel);
    return;
  }
  void accept(message);
});

async function accept(request: CountRequest): Promise<void> {
  try {
    const task = { id: request.id, ...partsOf(request), count: await counterOf(request.model) };
    const queue = queues.get(request.projectId);
    if (queue) queue.push(task);
    else queues.set(request.projectId, [task]);
    if (!isRunning) run();
  } catch {
    reply(request.id, null);
  }
}

const reply = (id: number, tokens: number | null): void => {
  cancelled.delete(id);
  parentPort?.postMessage({ id, tokens } satisfies CountReply, []);
};

/** One piece of the first project's first task; the project then goes to the end. */
function run(): void {
  const [next] = queues;
  isRunning = next !== undefined;
  if (!next) {
    cancelled.clear();
    return;
  }
  const [projectId, tasks] = next;
  queues.delete(projectId);
  const task = tasks[0]!;
  const piece = cancelled.has(task.id) ? undefined : task.pieces.pop();
  if (piece !== undefined) task.tokens += countPiece(piece, task.count);
  if (piece === undefined || task.pieces.length === 0) {
    tasks.shift();
    reply(task.id, piece === undefined && cancelled.has(task.id) ? null : task.tokens);
  }
  if (tasks.length > 0) queues.set(projectId, tasks);
  setImmediate(run);
}

/** Characters counted in one go: 5 ms of ordinary text. */
const PIECE = 64 * 1024;
/** Byte pairs are merged in quadratic time of a word's length; a longer run than this is cut, which costs a token at the most. */
const LONGEST_WORD = 400;
const WORDS = /[\p{L}\p{M}]+|[^\p{L}\p{N}]+/gu;

function countPiece(piece: string, count: Count): number {
  for (const [word] of piece.matchAll(WORDS)) if (word.length > LONGEST_WORD) return countChopped(piece, count);
  return count(piece);
}

function countChopped(piece: string, count: Count): number {
  let tokens = 0;
  for (let at = 0; at < piece.length; at += LONGEST_WORD) tokens += count(piece.slice(at, at + LONGEST_WORD));
  return tokens;
}

/** The texts that are counted, and what the form adds: a list of messages counts as OpenAI's chat format does. */
function partsOf({ text, tokensPerMessage, tokensPerName }: CountRequest): { tokens: number; pieces: string[] } {
  const messages = messagesIn(text);
  if (!messages) return { tokens: 0, pieces: cut(text) };
  const pieces: string[] = [];
  let tokens = 3; // every reply is primed with <|start|>assistant<|message|>
  for (const message of messages) {
    tokens += tokensPerMessage ?? 3;
    for (const [key, value] of Object.entries(message)) {
      if (value === null || value === undefined) continue;
      if (key === 'name') tokens += tokensPerName ?? 1;
      pieces.push(...cut(typeof value === 'string' ? value : JSON.stringify(value)));
    }
  }
  return { tokens, pieces };
}

function messagesIn(text: string): Record<string, unknown>[] | null {
  if (!text.startsWith('[')) return null;
  try {
    const value: unknown = JSON.parse(text);
    const isChat = Array.isArray(value) && value.length > 0 && value.every(isMessage);
    return isChat ? value : null;
  } catch {
    return null;
  }
}

const isMessage = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && 'role' in value && 'content' in value;

/** Between two words, where tokens end too. */
function cut(text: string): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > PIECE) {
    const space = rest.lastIndexOf(' ', PIECE);
    const end = space > PIECE / 2 ? space : PIECE;
    pieces.push(rest.slice(0, end));
    rest = rest.slice(end);
  }
  if (rest !== '') pieces.push(rest);
  return pieces;
}
