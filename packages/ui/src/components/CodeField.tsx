import { useState } from 'react';
import { fieldClass } from './Field.tsx';
import { classes } from './class-names.ts';

/** Six digits out of a mail, named `code` in its form. What is pasted may have blanks, dashes or words around them. */
export function CodeField() {
  const [code, setCode] = useState('');
  return (
    <label className="flex flex-col gap-1 text-small text-text-2">
      Code from the mail
      <input
        name="code"
        inputMode="numeric"
        autoComplete="one-time-code"
        required
        pattern="[0-9]{6}"
        title="Six digits"
        value={code}
        onChange={(event) => setCode(digitsOf(event.currentTarget.value))}
        className={classes(fieldClass, 'w-full font-mono tracking-code')}
      />
    </label>
  );
}

/** Six digits in a row, else all digits there are, six at the most. */
export const digitsOf = (text: string): string => {
  const digits = text.replace(/(?<=\d)[\s-]+(?=\d)/gu, '');
  return /(?<!\d)\d{6}(?!\d)/u.exec(digits)?.[0] ?? text.replace(/\D/gu, '').slice(0, 6);
};
