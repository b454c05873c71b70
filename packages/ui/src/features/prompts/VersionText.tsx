import { Link } from '@tanstack/react-router';
import type { PromptVersionDetail } from '@tracehouse/contract/x-prompts';
import { useState, type ReactNode } from 'react';
import { Focusable } from 'react-aria-components/Focusable';
import { Tooltip, TooltipTrigger } from 'react-aria-components/Tooltip';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { formatCount } from '../../components/formats.ts';
import { layerClass } from '../../components/layer.ts';
import { lastPart } from './folders.ts';
import { textParts, type TextPart } from './prompt-text.ts';

type Included = PromptVersionDetail['included'];

interface VersionTextProps {
  prompt: PromptVersionDetail['prompt'];
  included: Included;
  /** Shows what is included in its place. */
  isResolved: boolean;
}

/** A text, or the messages of a chat, with what the caller fills in and what is included marked. */
export function VersionText({ prompt, included, isResolved }: VersionTextProps) {
  const text = (content: string) => <MarkedText text={content} included={included} isResolved={isResolved} />;
  if (typeof prompt === 'string') return <Row who="text">{text(prompt)}</Row>;
  if (prompt.length === 0) return <p className="text-text-3">A chat without messages.</p>;
  return prompt.map((message, index) =>
    'content' in message ? (
      <Row key={index} who={message.role}>
        {text(message.content)}
      </Row>
    ) : (
      <Row key={index} who="placeholder">
        <Variable>{message.name}</Variable> <span className="text-text-3">messages that the caller gives</span>
      </Row>
    ),
  );
}

const Row = ({ who, children }: { who: string; children: ReactNode }) => (
  <div className="grid grid-cols-role gap-x-3 border-t py-2 first:border-t-0">
    <div className="truncate text-small leading-5 text-text-3" dir="auto" title={who}>
      {who}
    </div>
    <div className="min-w-0">{children}</div>
  </div>
);

const MOST_CHARACTERS = 20_000;

function MarkedText({ text, included, isResolved }: { text: string; included: Included; isResolved: boolean }) {
  const [showsAll, setShowsAll] = useState(false);
  if (text === '') return <p className="text-text-3">Empty.</p>;
  const isCut = text.length > MOST_CHARACTERS && !showsAll;
  const shown = isCut ? text.slice(0, MOST_CHARACTERS) : text;
  return (
    <>
      <div className="max-w-prose break-words whitespace-pre-wrap" dir="auto">
        {textParts(shown).map((part, index) => (
          <Part key={index} part={part} included={included} isResolved={isResolved} />
        ))}
        {isCut && ' …'}
      </div>
      {isCut && (
        <Button compact className="mt-1" onClick={() => setShowsAll(true)}>
          Show all {formatCount(text.length)} characters
        </Button>
      )}
    </>
  );
}

function Part({ part, included, isResolved }: { part: TextPart; included: Included; isResolved: boolean }) {
  if (part.kind === 'text') return part.text;
  if (part.kind === 'variable') return <Variable>{part.text}</Variable>;
  const found = included.find(({ tag }) => tag === part.text);
  if (isResolved && found?.text != null) {
    return (
      <span className="bg-hover" title={`Included from ${found.name}`}>
        {textParts(found.text).map((inner, index) =>
          inner.kind === 'variable' ? <Variable key={index}>{inner.text}</Variable> : inner.text,
        )}
      </span>
    );
  }
  return <Reference part={part} found={found} />;
}

const Variable = ({ children }: { children: ReactNode }) => (
  <span className="code border-b border-dashed border-current text-type-generation">{children}</span>
);

interface ReferenceProps {
  part: TextPart & { kind: 'reference' };
  found: Included[number] | undefined;
}

/** What stands for another prompt: leads there, and shows its text while it is pointed at or has the focus. */
function Reference({ part: { name, label, version }, found }: ReferenceProps) {
  const { project } = useProject();
  const which = label === null ? { version: String(version) } : { label };
  const words = label ?? `v${version}`;
  return (
    <TooltipTrigger delay={150} closeDelay={100}>
      <Focusable>
        <Link
          to="/project/$projectId/prompts/$promptName"
          params={{ projectId: project.id, promptName: name }}
          search={which}
          className="code underline decoration-dotted"
        >
          @<bdi>{name}</bdi> <span className="text-text-3">({words})</span>
        </Link>
      </Focusable>
      <Tooltip
        offset={4}
        placement="bottom start"
        className={`${layerClass} flex max-h-80 max-w-120 flex-col gap-1 overflow-auto p-3`}
      >
        <span className="text-small text-text-3">
          <bdi>{lastPart(name)}</bdi> {words}
          {found?.version != null && label !== null && `, now v${found.version}`}
        </span>
        <span className="break-words whitespace-pre-wrap" dir="auto">
          {found?.text ?? 'It cannot be resolved.'}
        </span>
      </Tooltip>
    </TooltipTrigger>
  );
}
