import { diffArrays, diffLines, diffWordsWithSpace } from 'diff';
import type { ChatMessage, PromptText } from '@tracehouse/contract/prompts';

/** Text that is in both, only after, or only before. */
export type ChangeKind = 'same' | 'added' | 'removed';

export interface DiffPart {
  text: string;
  kind: ChangeKind;
}

/** A line of one side or of both; the parts that changed within it are not `same`. */
export interface DiffLine {
  kind: ChangeKind;
  parts: DiffPart[];
}

/** Text, one message, or the config. */
export interface DiffBlock {
  /** "system", "user → assistant", "placeholder", "config"; empty: the text. */
  title: string;
  kind: ChangeKind | 'changed';
  lines: DiffLine[];
  /** The same as one running text, cut where words differ. */
  words: DiffPart[];
}

export interface PromptDiff {
  blocks: DiffBlock[];
  config: DiffBlock;
  /** Lines that are only on one side, config included. */
  changedLines: number;
  isSame: boolean;
}

export interface Compared {
  prompt: PromptText;
  config: unknown;
}

/** What differs between two versions; messages that are equal, or stand in the same place with the same role, are paired. */
export function diffPrompts(before: Compared, after: Compared): PromptDiff {
  const blocks = diffContents(before.prompt, after.prompt);
  const config = diffTexts('config', sortedJson(before.config), sortedJson(after.config));
  const all = [...blocks, config];
  return {
    blocks,
    config,
    changedLines: all.flatMap(({ lines }) => lines).filter(({ kind }) => kind !== 'same').length,
    isSame: all.every(({ kind }) => kind === 'same'),
  };
}

function diffContents(before: PromptText, after: PromptText): DiffBlock[] {
  if (typeof before === 'string' && typeof after === 'string') return [diffTexts('', before, after)];
  return pairMessages(messagesOf(before), messagesOf(after)).map(([one, other]) => {
    const title = one && other && one.title !== other.title ? `${one.title} → ${other.title}` : '';
    const block = diffTexts(title || (other ?? one)?.title || '', one?.text ?? '', other?.text ?? '');
    if (!one) return { ...block, kind: 'added' };
    if (!other) return { ...block, kind: 'removed' };
    return title === '' ? block : { ...block, kind: 'changed' };
  });
}

interface Message {
  title: string;
  text: string;
}

const messagesOf = (content: PromptText): Message[] =>
  typeof content === 'string'
    ? [{ title: 'text', text: content }]
    : content.map((message: ChatMessage) =>
        'content' in message
          ? { title: message.role, text: message.content }
          : { title: 'placeholder', text: message.name },
      );

type Pair = [before: Message | undefined, after: Message | undefined];

function pairMessages(before: Message[], after: Message[]): Pair[] {
  const pairs: Pair[] = [];
  let removed: Message[] = [];
  let added: Message[] = [];
  const settle = () => {
    pairs.push(...pairBetween(removed, added));
    [removed, added] = [[], []];
  };
  const isEqual = (one: Message, other: Message) => one.title === other.title && one.text === other.text;
  for (const change of diffArrays(before, after, { comparator: isEqual })) {
    if (change.removed) removed.push(...change.value);
    else if (change.added) added.push(...change.value);
    else {
      settle();
      pairs.push(...change.value.map((message): Pair => [message, message]));
    }
  }
  settle();
  return pairs;
}

/** Between equal messages: of the same role in order; a lone one on each side is one that changed its role. */
function pairBetween(removed: Message[], added: Message[]): Pair[] {
  if (removed.length === 1 && added.length === 1) return [[removed[0], added[0]]];
  const pairs: Pair[] = [];
  let rest = removed;
  for (const message of added) {
    const at = rest.findIndex(({ title }) => title === message.title);
    if (at >= 0) {
      pairs.push(...rest.slice(0, at).map((gone): Pair => [gone, undefined]), [rest[at], message]);
      rest = rest.slice(at + 1);
    } else pairs.push([undefined, message]);
  }
  return [...pairs, ...rest.map((gone): Pair => [gone, undefined])];
}

// What cannot be aligned in this time has nothing in common: it is shown whole, before and after.
const MAX_MS = 150;

/** Two texts, as lines and as words. */
export function diffTexts(title: string, before: string, after: string): DiffBlock {
  if (before === after) {
    return {
      title,
      kind: 'same',
      lines: linesOf(before, 'same'),
      words: [{ text: before, kind: 'same' }],
    };
  }
  return { title, kind: 'changed', lines: alignLines(before, after), words: alignWords(before, after) };
}

const linesOf = (text: string, kind: ChangeKind): DiffLine[] =>
  text === ''
    ? []
    : text
        .replace(/\n$/u, '')
        .split('\n')
        .map((line) => ({ kind, parts: [{ text: line, kind }] }));

function alignLines(before: string, after: string): DiffLine[] {
  // A last line without its end is the same line.
  const changes = diffLines(`${before}\n`, `${after}\n`, { timeout: MAX_MS });
  if (!changes) return [...linesOf(before, 'removed'), ...linesOf(after, 'added')];
  const lines: DiffLine[] = [];
  let removed: string[] = [];
  for (const change of changes) {
    const texts = change.value.replace(/\n$/u, '').split('\n');
    if (change.removed) removed = texts;
    else if (change.added) {
      lines.push(...alignWithin(removed, texts));
      removed = [];
    } else {
      lines.push(...removed.map(wholeLine('removed')), ...texts.map(wholeLine('same')));
      removed = [];
    }
  }
  return [...lines, ...removed.map(wholeLine('removed'))];
}

const wholeLine =
  (kind: ChangeKind) =>
  (text: string): DiffLine => ({ kind, parts: [{ text, kind }] });

/** Removed lines beside the added ones that took their place: as many in number, each with the words that differ. */
function alignWithin(removed: string[], added: string[]): DiffLine[] {
  if (removed.length !== added.length) return [...removed.map(wholeLine('removed')), ...added.map(wholeLine('added'))];
  return removed.flatMap((before, at): DiffLine[] => {
    const words = alignWords(before, added[at] ?? '');
    return [
      { kind: 'removed', parts: words.filter(({ kind }) => kind !== 'added') },
      { kind: 'added', parts: words.filter(({ kind }) => kind !== 'removed') },
    ];
  });
}

function alignWords(before: string, after: string): DiffPart[] {
  const changes = diffWordsWithSpace(before, after, { timeout: MAX_MS });
  if (!changes) {
    return [
      { text: before, kind: 'removed' },
      { text: after, kind: 'added' },
    ];
  }
  return joined(
    changes.map(({ value, added, removed }) => ({ text: value, kind: added ? 'added' : removed ? 'removed' : 'same' })),
  );
}

/** Blanks between words that all changed go with them: "everything you need" is one change, not three. */
function joined(parts: DiffPart[]): DiffPart[] {
  const found: DiffPart[] = [];
  let removed = '';
  let added = '';
  const settle = () => {
    if (removed !== '') found.push({ text: removed, kind: 'removed' });
    if (added !== '') found.push({ text: added, kind: 'added' });
    [removed, added] = ['', ''];
  };
  parts.forEach(({ text, kind }, at) => {
    const next = parts[at + 1];
    if (kind === 'removed') removed += text;
    else if (kind === 'added') added += text;
    else if (removed !== '' && added !== '' && next !== undefined && /^[^\S\n]+$/u.test(text)) {
      removed += text;
      added += text;
    } else {
      settle();
      found.push({ text, kind });
    }
  });
  settle();
  return found;
}

/** Keys in order, so that only what means something else differs. */
const sortedJson = (value: unknown): string =>
  JSON.stringify(
    value ?? {},
    (_, inner: unknown) =>
      typeof inner === 'object' && inner !== null && !Array.isArray(inner)
        ? Object.fromEntries(Object.entries(inner).toSorted(([one], [other]) => (one < other ? -1 : 1)))
        : inner,
    2,
  );
