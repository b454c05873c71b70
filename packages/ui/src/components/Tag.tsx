import type { ReactNode } from 'react';
import { classes } from './class-names.ts';

const tones = {
  plain: 'bg-hover text-text-2',
  ok: 'bg-ok-bg text-ok',
  info: 'bg-info-bg text-info',
};

interface TagProps {
  tone?: keyof typeof tones;
  title?: string | undefined;
  children: ReactNode;
}

/** A word that was given to something: a label, a tag, a state. */
export const Tag = ({ tone = 'plain', title, children }: TagProps) => (
  <span
    dir="auto"
    title={title}
    className={classes('inline-block max-w-full truncate rounded-control px-1.5 text-small', tones[tone])}
  >
    {children}
  </span>
);
