import type { LucideIcon } from 'lucide-react';
import { classes } from './class-names.ts';

interface IconProps {
  of: LucideIcon;
  /** 14 px, for rows, chips and running text; else 16 px, for controls and navigation. */
  small?: boolean;
  className?: string;
  /** Said to screen readers; without it the icon is decoration. */
  label?: string;
}

export function Icon({ of: Drawing, small = false, className, label }: IconProps) {
  return (
    <Drawing
      size={small ? 14 : 16}
      strokeWidth={small ? 2 : 1.75}
      className={classes('shrink-0', className)}
      {...(label ? { role: 'img', 'aria-label': label } : { 'aria-hidden': true })}
    />
  );
}
