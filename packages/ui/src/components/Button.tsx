import type { ComponentProps } from 'react';
import { classes } from './class-names.ts';

const looks = {
  default: 'border-control text-text hover:bg-hover hover:text-text',
  primary:
    'border-accent bg-accent font-medium text-on-accent hover:border-accent-hover hover:bg-accent-hover hover:text-on-accent',
  quiet: 'border-transparent text-text-2 hover:bg-hover hover:text-text',
  danger: 'border-control text-danger hover:bg-hover hover:text-danger',
};

export interface ButtonLook {
  look?: keyof typeof looks | undefined;
  /** 24 px high, for panels and rows. */
  compact?: boolean | undefined;
  /** As wide as high, for a lone icon. */
  square?: boolean | undefined;
}

/** Class names of a control that looks like a button, for links too. */
export const buttonClass = ({ look = 'default', compact = false, square = false }: ButtonLook = {}): string =>
  classes(
    'inline-flex shrink-0 cursor-default items-center justify-center gap-1.5 rounded-control border font-sans tracking-normal whitespace-nowrap no-underline hover:no-underline',
    'aria-disabled:cursor-not-allowed aria-disabled:border-line aria-disabled:bg-sunken aria-disabled:font-normal aria-disabled:text-text-3',
    'aria-pressed:border-accent aria-pressed:bg-selected aria-pressed:text-text',
    compact ? 'h-6 text-small' : 'h-7 text-body',
    square ? (compact ? 'w-6' : 'w-7') : compact ? 'px-2' : 'px-2.5',
    looks[look],
  );

type ButtonProps = Omit<ComponentProps<'button'>, 'disabled'> &
  ButtonLook & {
    /** Why it cannot be used now: it stays in focus order and says so. */
    disabledBecause?: string | undefined;
  };

export function Button({ look, compact, square, disabledBecause, className, onClick, title, ...rest }: ButtonProps) {
  const off = disabledBecause !== undefined;
  return (
    <button
      type="button"
      {...rest}
      title={disabledBecause ?? title}
      aria-disabled={off || undefined}
      onClick={off ? (event) => event.preventDefault() : onClick}
      className={classes(buttonClass({ look, compact, square }), className)}
    />
  );
}
