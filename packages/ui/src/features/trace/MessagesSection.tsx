import { Wrench } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';
import { classes } from '../../components/class-names.ts';
import { formatCount } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { isObject, scalarText, writeJson, type Json, type Payload } from './json.ts';
import { TextWithMedia } from './MediaFile.tsx';
import { isToken } from './media-tokens.ts';
import { readConversation, type Message, type MessagePart } from './messages.ts';
import { Section } from './PanelFrame.tsx';
import { usePayload } from './usePayload.ts';

interface MessagesSectionProps {
  title?: string;
  /** As received; null when nothing was sent. */
  input: string | null;
  output: string | null;
  /** Tool name to its JSON text. */
  toolDefinitions: Record<string, string>;
  /** The observation has not ended, so output may still come. */
  running: boolean;
}

/** Input and output as what was said: roles at the left, tool calls with their arguments, anything else as it is. */
export function MessagesSection({ title, input, output, toolDefinitions, running }: MessagesSectionProps) {
  const asked = usePayload(input);
  const answered = usePayload(output);
  const sent = useMemo(() => asked && readConversation(asked), [asked]);
  const received = useMemo(() => answered && readConversation(answered), [answered]);
  const tools = {
    ...toolDefinitions,
    ...Object.fromEntries(sent?.tools.map(({ name, definition }) => [name, writeJson(definition)]) ?? []),
  };
  const isChat = sent !== null && sent !== undefined;
  return (
    <Section title={title}>
      {Object.keys(tools).length > 0 && <ToolDefinitions tools={tools} />}
      {input === null ? (
        <Row who="input" muted>
          <p className="text-text-3">No input was sent.</p>
        </Row>
      ) : asked === undefined ? (
        <Row who="input">Reading …</Row>
      ) : isChat ? (
        sent.messages.map((message, index) => <MessageRow key={index} message={message} />)
      ) : (
        <Row who="input">
          <PayloadView payload={asked as Payload} />
        </Row>
      )}
      {output === null ? (
        <Row who="output" muted>
          <p className="text-text-3">{running ? 'Output not received yet.' : 'No output was sent.'}</p>
        </Row>
      ) : answered === undefined ? (
        <Row who="output">Reading …</Row>
      ) : received ? (
        received.messages.map((message, index) => <MessageRow key={index} message={message} isOutput />)
      ) : (
        <Row who="output" isOutput>
          <PayloadView payload={answered as Payload} />
        </Row>
      )}
    </Section>
  );
}

const SYSTEM_LINES = 12;
const OTHER_LINES = 40;
/** Characters that fit a line of the panel, to count the lines of text without line breaks. */
const LINE_CHARACTERS = 88;

function Row({
  who,
  isOutput = false,
  muted = false,
  children,
}: {
  who: string;
  isOutput?: boolean;
  muted?: boolean;
  children: ReactNode;
}) {
  return (
    <div className="grid grid-cols-role gap-x-3 border-t py-1.5 first-of-type:border-t-0">
      <div
        className={classes(
          'truncate text-small leading-5',
          isOutput ? 'font-medium text-text' : 'text-text-3',
          muted && 'text-text-3',
        )}
      >
        {who}
      </div>
      <div className="flex min-w-0 flex-col gap-1">{children}</div>
    </div>
  );
}

function MessageRow({ message: { role, parts }, isOutput = false }: { message: Message; isOutput?: boolean }) {
  const label = isOutput && role === 'assistant' ? 'output' : role;
  return (
    <Row who={label} isOutput={isOutput}>
      {parts.length === 0 ? (
        <p className="text-text-3">Empty message.</p>
      ) : (
        parts.map((part, index) => (
          <PartView key={index} part={part} isSystem={role === 'system' || role === 'developer'} />
        ))
      )}
    </Row>
  );
}

function PartView({ part, isSystem }: { part: MessagePart; isSystem: boolean }) {
  switch (part.kind) {
    case 'text':
      return <LongText text={part.text} mostLines={isSystem ? SYSTEM_LINES : OTHER_LINES} folded={isSystem} />;
    case 'reasoning':
      return (
        <details>
          <summary className="text-small text-text-3">Reasoning</summary>
          <LongText text={part.text} mostLines={OTHER_LINES} />
        </details>
      );
    case 'call':
      return (
        <div className="code break-words whitespace-pre-wrap">
          <Icon of={Wrench} small className="mr-1.5 inline text-type-tool" label="Tool call" />
          <span className="font-medium text-type-tool">{part.name}</span> <Values payload={part.arguments} />
        </div>
      );
    case 'result':
      return (
        <div className={classes('code break-words whitespace-pre-wrap', part.isError && 'text-danger')}>
          <Values payload={part.result} />
        </div>
      );
    case 'media':
      return (
        <div className="text-text-2">
          {part.what}{' '}
          {isToken(part.source) ? (
            <TextWithMedia text={part.source} />
          ) : (
            <span className="data break-all text-text-3">{part.source}</span>
          )}
        </div>
      );
    case 'json':
      return <JsonText value={part.value} />;
  }
}

const FIRST_VALUES = 5;

/** A flat object as names and values in a line, anything deeper as JSON. */
function Values({ payload }: { payload: Payload }) {
  const [showsAll, setShowsAll] = useState(false);
  if (payload.kind === 'text') return <LongText text={payload.text} mostLines={OTHER_LINES} mono />;
  const entries = flatEntries(payload.value);
  if (!entries) return <JsonText value={payload.value} />;
  const shown = showsAll ? entries : entries.slice(0, FIRST_VALUES);
  return (
    <>
      {shown.map(([key, value]) => (
        <span key={key} className="mr-3 inline-block max-w-full align-top">
          <span className="text-text-3">{key}</span> <Scalar value={value} />
        </span>
      ))}
      {entries.length > shown.length && (
        <button
          type="button"
          className="font-sans text-small tracking-normal text-accent hover:underline"
          onClick={() => setShowsAll(true)}
        >
          {entries.length - shown.length} more
        </button>
      )}
    </>
  );
}

/** Null when a value has structure of its own; a list of scalars reads as a comma list. */
function flatEntries(value: Json): [string, Json][] | null {
  if (!isObject(value)) return null;
  const entries = Object.entries(value);
  const isFlat = ([, item]: [string, Json]) =>
    scalarText(item) !== null ||
    (Array.isArray(item) && item.length <= 8 && item.every((one) => scalarText(one) !== null));
  return entries.every(isFlat) ? entries : null;
}

function Scalar({ value }: { value: Json }) {
  if (Array.isArray(value))
    return <span className="text-type-retriever">{value.map((item) => scalarText(item)).join(', ')}</span>;
  const text = scalarText(value) ?? '';
  if (typeof value === 'string') {
    return <span className="text-type-retriever">{value === '' ? '""' : <TextWithMedia text={text} />}</span>;
  }
  return <span className="text-type-chain">{text}</span>;
}

function PayloadView({ payload }: { payload: Payload }) {
  return payload.kind === 'text' ? (
    <LongText text={payload.text} mostLines={OTHER_LINES} />
  ) : (
    <JsonText value={payload.value} />
  );
}

const JsonText = ({ value }: { value: Json }) => <LongText text={writeJson(value)} mostLines={OTHER_LINES} mono />;

/** Text with a limit that says so and opens in place. A folded one shows its first line only. */
function LongText({
  text,
  mostLines,
  folded = false,
  mono = false,
}: {
  text: string;
  mostLines: number;
  folded?: boolean;
  mono?: boolean;
}) {
  const [showsAll, setShowsAll] = useState(false);
  const lines = useMemo(() => countLines(text), [text]);
  const isLong = lines > mostLines;
  const shown = !isLong || showsAll ? text : cutLines(text, folded ? 1 : mostLines);
  return (
    <div className={classes('max-w-prose', mono && 'code')}>
      <div className="break-words whitespace-pre-wrap" dir="auto">
        <TextWithMedia text={shown} />
        {isLong && !showsAll && ' …'}
      </div>
      {isLong && (
        <button
          type="button"
          className="font-sans text-body tracking-normal text-accent hover:underline"
          onClick={() => setShowsAll(!showsAll)}
        >
          {showsAll
            ? 'Show less'
            : `Showing ${folded ? 1 : mostLines} of ${formatCount(lines)} lines. Show all ${formatCount(lines)} lines`}
        </button>
      )}
    </div>
  );
}

const countLines = (text: string) =>
  text.split('\n').reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / LINE_CHARACTERS)), 0);

function cutLines(text: string, most: number): string {
  let left = most;
  const kept: string[] = [];
  for (const line of text.split('\n')) {
    if (left <= 0) break;
    kept.push(line.slice(0, left * LINE_CHARACTERS));
    left -= Math.max(1, Math.ceil(line.length / LINE_CHARACTERS));
  }
  return kept.join('\n');
}

function ToolDefinitions({ tools }: { tools: Record<string, string> }) {
  const entries = Object.entries(tools);
  return (
    <details className="pb-1">
      <summary className="text-small text-text-3">
        {formatCount(entries.length)} {entries.length === 1 ? 'tool' : 'tools'} offered
      </summary>
      <ul className="mt-1">
        {entries.map(([name, definition]) => (
          <li key={name}>
            <details>
              <summary className="code text-type-tool">{name}</summary>
              <LongText text={definition} mostLines={OTHER_LINES} mono />
            </details>
          </li>
        ))}
      </ul>
    </details>
  );
}
