import { isAtLeast, Role } from '@tracehouse/contract/roles';
import { roleWords } from '../../app/session.ts';
import { classes } from '../../components/class-names.ts';
import { fieldClass } from '../../components/Field.tsx';

interface RoleSelectProps {
  /** "Role of ada@acme.dev". */
  label: string;
  value: Role | null;
  /** Nobody gives a role above their own. */
  own: Role;
  onChange: (role: Role | null) => void;
  /** Words of the choice of none; without it there is no such choice. */
  none?: string;
  disabledBecause?: string | undefined;
}

export const RoleSelect = ({ label, value, own, onChange, none, disabledBecause }: RoleSelectProps) => (
  <select
    aria-label={label}
    value={value ?? ''}
    title={disabledBecause}
    aria-disabled={disabledBecause !== undefined || undefined}
    onChange={(event) => onChange(event.target.value === '' ? null : Role.parse(event.target.value))}
    disabled={disabledBecause !== undefined}
    className={classes(
      fieldClass,
      'disabled:cursor-not-allowed disabled:border-line disabled:bg-sunken disabled:text-text-3',
    )}
  >
    {none !== undefined && <option value="">{none}</option>}
    {Role.options
      .filter((role) => isAtLeast(own, role) || role === value)
      .map((role) => (
        <option key={role} value={role}>
          {roleWords[role]}
        </option>
      ))}
  </select>
);
