import { useState } from 'react';
import { Button } from '../../../components/Button.tsx';
import { classes } from '../../../components/class-names.ts';
import { formatCount } from '../../../components/formats.ts';
import { foldedRuns } from './folded.ts';
import type { ChangeKind, DiffBlock, DiffLine, DiffPart, PromptDiff } from './prompt-diff.ts';

/** Whole lines with what changed in them marked, or one running text. */
export type DiffMode = 'lines' | 'words';

export const diffModes: readonly { id: DiffMode; label: string }[] = [
  { id: 'lines', label: 'Lines' },
  { id: 'words', label: 'Words' },
];

interface DiffViewProps {
  diff: PromptDiff;
  mode: DiffMode;
  /** Leaves out messages and a config that are the same. */
  onlyChanged?: boolean;
}

/** What differs between two versions: text or messages, then the config. Blue with + is new, orange with − is gone. */
export function DiffView({ diff, mode, onlyChanged = false }: DiffViewProps) {
  const blocks = onlyChanged ? diff.blocks.filter(({ kind }) => kind !== 'same') : diff.blocks;
  const same = diff.blocks.length - blocks.length;
  return (
    <div className="flex min-w-0 flex-col gap-3">
      {blocks.map((block, at) => (
        <Block key={at} block={block} mode={mode} />
      ))}
      {same > 0 && blocks.length > 0 && (
        <p className="text-small text-text-3">{same === 1 ? '1 message is' : `${same} messages are`} the same.</p>
      )}
      {(diff.config.kind !== 'same' || !onlyChanged) && <Block block={diff.config} mode={mode} />}
    </div>
  );
}

const said: Record<DiffBlock['kind'], string> = { same: 'the same', added: 'new', removed: 'removed', changed: '' };

function Block({ block, mode }: { block: DiffBlock; mode: DiffMode }) {
  const word = said[block.kind];
  return (
    <section className="min-w-0">
      {(block.title !== '' || word !== '') && (
        <h4 className="mb-1 flex items-baseline gap-2 text-small text-text-2">
          <span dir="auto">{block.title === '' ? 'text' : block.title}</span>
          {word !== '' && <span className="text-text-3">{word}</span>}
        </h4>
      )}
      {mode === 'words' ? <Words parts={block.words} /> : <Lines lines={block.lines} />}
    </section>
  );
}

function Lines({ lines }: { lines: DiffLine[] }) {
  const [opened, setOpened] = useState<ReadonlySet<number>>(new Set());
  return (
    <div className="code">
      {foldedRuns(lines).map((run) =>
        run.isFolded && !opened.has(run.from) ? (
          <Button
            key={run.from}
            compact
            look="quiet"
            className="my-0.5 w-full justify-start text-text-3"
            onClick={() => setOpened(new Set([...opened, run.from]))}
          >
            … {formatCount(run.lines.length)} lines the same
          </Button>
        ) : (
          run.lines.map((line, at) => <Line key={run.from + at} line={line} />)
        ),
      )}
    </div>
  );
}

const signs: Record<ChangeKind, string> = { same: ' ', added: '+', removed: '−' };
const lineColors: Record<ChangeKind, string> = { same: '', added: 'bg-diff-add', removed: 'bg-diff-del' };

const Line = ({ line }: { line: DiffLine }) => (
  <div className={classes('flex gap-2 px-1.5', lineColors[line.kind])}>
    <span aria-hidden="true" className="w-2 shrink-0 text-text-3 select-none">
      {signs[line.kind]}
    </span>
    {line.kind !== 'same' && <span className="sr-only">{line.kind === 'added' ? 'Added:' : 'Removed:'}</span>}
    <div dir="auto" className="min-w-0 flex-1 break-words whitespace-pre-wrap">
      {line.parts.length === 1
        ? line.parts[0]?.text || ' '
        : line.parts.map((part, at) => <Part key={at} part={part} look="no-underline" />)}
    </div>
  </div>
);

// Without a line of its own a change has no sign: what is gone is struck out, what is new is underlined.
const Words = ({ parts }: { parts: DiffPart[] }) => (
  <div dir="auto" className="code break-words whitespace-pre-wrap">
    {parts.map((part, at) => (
      <Part key={at} part={part} look={part.kind === 'removed' ? 'line-through' : 'underline'} />
    ))}
  </div>
);

function Part({ part: { kind, text }, look }: { part: DiffPart; look: string }) {
  if (kind === 'added') return <ins className={classes('bg-diff-add-strong', look)}>{text}</ins>;
  if (kind === 'removed') return <del className={classes('bg-diff-del-strong', look)}>{text}</del>;
  return text;
}
