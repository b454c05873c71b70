import type { AbTest } from '@tracehouse/contract/x-ab-tests';
import { useState } from 'react';
import { useProject } from '../../../app/useProject.ts';
import { fieldClass } from '../../../components/Field.tsx';
import { useSettled } from '../../../components/useSettled.ts';
import { useAbAssignment } from './useAbTests.ts';

/** Which version somebody gets, for who helps him. */
export function KeyLookup({ test }: { test: AbTest }) {
  const { project } = useProject();
  const [key, setKey] = useState('');
  const asked = useSettled(key.trim());
  const assignment = useAbAssignment(project.id, test, asked);
  return (
    <div className="flex flex-wrap items-center gap-2">
      <label className="flex min-w-0 items-center gap-2 text-small text-text-2">
        Who gets what
        <input
          value={key}
          placeholder={test.keyAs === 'slot' ? 'slot:524' : `${test.unit} id`}
          maxLength={1000}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => setKey(event.target.value)}
          className={`${fieldClass} code w-60`}
        />
      </label>
      <span role="status" className="text-small text-text-2">
        {asked === '' || key.trim() !== asked
          ? ''
          : assignment.isError
            ? assignment.error.message
            : assignment.data && `gets v${assignment.data.version}`}
      </span>
    </div>
  );
}
