import { passwordRules } from '@tracehouse/contract/account-rules';
import { Circle, CircleCheck } from 'lucide-react';
import { useId, useState } from 'react';
import { Field } from './Field.tsx';
import { Icon } from './Icon.tsx';

/** A password to be, named `password` in its form, with what it needs ticked off while it is typed. */
export function NewPasswordField({ label = 'Password' }: { label?: string }) {
  const [password, setPassword] = useState('');
  const rules = useId();
  return (
    <div className="flex flex-col gap-1.5">
      <Field
        label={label}
        name="password"
        type="password"
        autoComplete="new-password"
        required
        maxLength={1000}
        aria-describedby={rules}
        onChange={(event) => setPassword(event.currentTarget.value)}
      />
      <ul id={rules} aria-label="What the password needs" className="flex flex-col gap-0.5 text-small">
        {passwordRules.map(({ words, fits }) => {
          const fitting = fits(password);
          return (
            <li
              key={words}
              className={fitting ? 'flex items-center gap-1.5 text-text-2' : 'flex items-center gap-1.5 text-text-3'}
            >
              <Icon of={fitting ? CircleCheck : Circle} small className={fitting ? 'text-ok' : ''} />
              {words}
              <span className="sr-only">{fitting ? ', done' : ', missing'}</span>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
