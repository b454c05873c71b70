import type { ComponentProps, ReactNode } from 'react';
import { classes } from './class-names.ts';

/** Class names of a text field or a select. */
export const fieldClass = 'h-7 min-w-0 rounded-control border border-line-strong bg-raised px-2 text-body text-text';

interface FieldProps extends ComponentProps<'input'> {
  label: ReactNode;
  /** What is wrong with it. */
  problem?: string | undefined;
}

/** A text field with its name above. */
export const Field = ({ label, problem, className, ...input }: FieldProps) => (
  <label className="flex min-w-0 flex-col gap-1 text-small text-text-2">
    {label}
    <input
      autoComplete="off"
      {...input}
      aria-invalid={problem !== undefined || undefined}
      className={classes(fieldClass, className)}
    />
    {problem !== undefined && (
      <span role="alert" className="text-small text-danger">
        {problem}
      </span>
    )}
  </label>
);
