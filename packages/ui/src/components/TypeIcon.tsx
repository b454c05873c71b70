import type { ObservationTypeName } from '@tracehouse/contract/x-traces';
import {
  Binary,
  Bot,
  Diamond,
  FileSearch,
  Link2,
  MessageSquareText,
  Scale,
  ShieldCheck,
  SquareDashed,
  Waypoints,
  Wrench,
  type LucideIcon,
} from 'lucide-react';
import { Icon } from './Icon.tsx';

export type RowType = ObservationTypeName | 'TRACE';

/** Word, icon and colour of each type: always all three, so that colour is never the only sign. */
// oxfmt-ignore
const looks: Record<RowType, { word: string; icon: LucideIcon; text: string; color: string }> = {
  TRACE:      { word: 'trace',      icon: Waypoints,         text: 'text-type-trace',      color: 'var(--color-type-trace)' },
  SPAN:       { word: 'span',       icon: SquareDashed,      text: 'text-type-span',       color: 'var(--color-type-span)' },
  GENERATION: { word: 'generation', icon: MessageSquareText, text: 'text-type-generation', color: 'var(--color-type-generation)' },
  AGENT:      { word: 'agent',      icon: Bot,               text: 'text-type-agent',      color: 'var(--color-type-agent)' },
  TOOL:       { word: 'tool',       icon: Wrench,            text: 'text-type-tool',       color: 'var(--color-type-tool)' },
  CHAIN:      { word: 'chain',      icon: Link2,             text: 'text-type-chain',      color: 'var(--color-type-chain)' },
  RETRIEVER:  { word: 'retriever',  icon: FileSearch,        text: 'text-type-retriever',  color: 'var(--color-type-retriever)' },
  EMBEDDING:  { word: 'embedding',  icon: Binary,            text: 'text-type-embedding',  color: 'var(--color-type-embedding)' },
  EVALUATOR:  { word: 'evaluator',  icon: Scale,             text: 'text-type-evaluator',  color: 'var(--color-type-evaluator)' },
  GUARDRAIL:  { word: 'guardrail',  icon: ShieldCheck,       text: 'text-type-guardrail',  color: 'var(--color-type-guardrail)' },
  EVENT:      { word: 'event',      icon: Diamond,           text: 'text-type-event',      color: 'var(--color-type-event)' },
};

/** CSS colour of a type, for bars. */
export const typeColor = (type: RowType): string => looks[type].color;
/** Its word, as in running text. */
export const typeWord = (type: RowType): string => looks[type].word;

export const TypeIcon = ({ type }: { type: RowType }) => (
  <Icon of={looks[type].icon} small className={looks[type].text} label={looks[type].word} />
);
