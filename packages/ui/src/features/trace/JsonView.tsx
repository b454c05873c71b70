import { useVirtualizer } from '@tanstack/react-virtual';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useMemo, useRef, useState } from 'react';
import { classes } from '../../components/class-names.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { formatCount } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { flattenJson, pathText, type JsonRow } from './json-rows.ts';
import { isExactNumber, readPayload, scalarText, writeJson, type Json } from './json.ts';
import { usePayload } from './usePayload.ts';

interface JsonPart {
  name: string;
  /** A payload as received; null when nothing was sent. */
  text?: string | null;
  /** A map whose values are bare strings or JSON text. */
  values?: Record<string, string>;
}

/** Everything received, as one virtual tree. Copy raw is the text as stored, byte for byte. */
export function JsonView({ parts }: { parts: JsonPart[] }) {
  const [input, output, ...maps] = parts;
  const inputPayload = usePayload(input?.text ?? null);
  const outputPayload = usePayload(output?.text ?? null);
  const roots = useMemo(
    () => [
      ...(input && inputPayload
        ? [
            {
              name: input.name,
              raw: input.text ?? '',
              value: inputPayload.kind === 'json' ? inputPayload.value : inputPayload.text,
            },
          ]
        : []),
      ...(output && outputPayload
        ? [
            {
              name: output.name,
              raw: output.text ?? '',
              value: outputPayload.kind === 'json' ? outputPayload.value : outputPayload.text,
            },
          ]
        : []),
      ...maps
        .filter(({ values }) => values && Object.keys(values).length > 0)
        .map(({ name, values = {} }) => toRoot(name, values)),
    ],
    // `parts` is made anew at each render; what it is made from is in the two payloads and the key of this view.
    // oxlint-disable-next-line react-hooks/exhaustive-deps
    [inputPayload, outputPayload],
  );
  const isReading = inputPayload === undefined || outputPayload === undefined;
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const rows = useMemo(() => flattenJson(roots, turned), [roots, turned]);
  const scroller = useRef<HTMLDivElement>(null);
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 24,
    overscan: 20,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const turn = (id: string) =>
    setTurned((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const digits = String(rows.length).length;
  return (
    <div
      ref={scroller}
      role="tabpanel"
      aria-label="JSON"
      tabIndex={0}
      className="min-h-0 flex-1 overflow-auto py-2 outline-inside"
    >
      {isReading && <p className="px-4 text-text-3">Reading …</p>}
      {!isReading && rows.length === 0 && <p className="px-4 text-text-3">Nothing was sent with this observation.</p>}
      <div className="code relative" style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map((item) => {
          const row = rows[item.index];
          return (
            row && (
              <div
                key={item.key}
                ref={virtualizer.measureElement}
                data-index={item.index}
                className="group absolute inset-x-0 flex min-h-6 items-start leading-6 hover:bg-hover"
                style={{ top: item.start }}
              >
                <span
                  className="shrink-0 pr-1 text-right text-text-3 select-none"
                  style={{ width: `calc(${digits}ch + 20px)` }}
                >
                  {item.index + 1}
                </span>
                <JsonLine row={row} onTurn={() => turn(row.id)} />
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

const toRoot = (name: string, values: Record<string, string>) => {
  const value: Record<string, Json> = {};
  for (const [key, text] of Object.entries(values)) {
    const payload = readPayload(text);
    value[key] = payload.kind === 'json' ? payload.value : payload.text;
  }
  return { name, raw: writeJson(value), value };
};

const WRAP_FROM = 60;

function JsonLine({ row, onTurn }: { row: JsonRow; onTurn: () => void }) {
  const { label, depth, value, isOpen, size, isRoot } = row;
  const isBranch = size !== null;
  const text = scalarText(value);
  const isLong = typeof value === 'string' && (value.length > WRAP_FROM || value.includes('\n'));
  return (
    <>
      <span className="shrink-0" style={{ width: depth * 14 }} />
      {isBranch || isLong ? (
        <button
          type="button"
          aria-expanded={isOpen}
          aria-label={`${isOpen ? 'Collapse' : 'Expand'} ${label}`}
          onClick={onTurn}
          className="flex size-6 shrink-0 items-center justify-center text-text-3"
        >
          <Icon of={isOpen ? ChevronDown : ChevronRight} small />
        </button>
      ) : (
        <span className="w-6 shrink-0" />
      )}
      <span className={classes('min-w-0 flex-1', isOpen && isLong ? 'break-words whitespace-pre-wrap' : 'truncate')}>
        <span className={isRoot ? 'font-medium text-text' : 'text-text-3'}>{label}</span>{' '}
        {isBranch ? (
          <span className="text-text-3">
            {Array.isArray(value) ? `[${formatCount(size)}]` : `{${formatCount(size)}}`}
          </span>
        ) : (
          <span
            dir="auto"
            className={classes(
              typeof value === 'string'
                ? 'text-type-retriever'
                : typeof value === 'number' || isExactNumber(value)
                  ? 'text-type-chain'
                  : 'text-text-2',
            )}
          >
            {value === '' ? '""' : text}
          </span>
        )}
      </span>
      <span className="flex shrink-0 pr-2 opacity-0 group-focus-within:opacity-100 group-hover:opacity-100">
        {isRoot ? (
          <>
            <CopyButton labelled label="Copy raw" text={row.raw ?? ''} />
            <CopyButton labelled label="Copy pretty" text={text ?? writeJson(value)} />
          </>
        ) : (
          <>
            <CopyButton labelled label="Value" text={text ?? writeJson(value)} />
            <CopyButton labelled label="Path" text={pathText(row.path)} />
          </>
        )}
      </span>
    </>
  );
}
