import { Button as AriaButton, type ButtonProps as AriaButtonProps } from 'react-aria-components/Button';
import { buttonClass, type ButtonLook } from './Button.tsx';
import { classes } from './class-names.ts';

type TriggerProps = Omit<AriaButtonProps, 'className'> & ButtonLook & { className?: string };

/** A button that opens a menu, a popover or a dialog of React Aria around it. */
export const TriggerButton = ({ look, compact, square, className, ...rest }: TriggerProps) => (
  <AriaButton
    {...rest}
    className={classes(buttonClass({ look, compact, square }), 'data-[pressed]:bg-hover', className)}
  />
);
