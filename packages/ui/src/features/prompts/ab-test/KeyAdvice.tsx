import type { AbKeyAs, AbUnit } from '@tracehouse/contract/x-ab-tests';
import { unitWords } from './words.ts';

/** Which key to send, and why. */
export function KeyAdvice({ unit, keyAs }: { unit: AbUnit; keyAs: AbKeyAs }) {
  if (unit === 'none') {
    return (
      <p className="text-small text-warn">
        Without a key each fetch is drawn: one person may see both versions, in one conversation too. Fine for cost and
        latency of steady traffic; for all else send a key.
      </p>
    );
  }
  const { one, many } = unitWords[unit];
  return (
    <p className="text-small text-text-3">
      {keyAs === 'id'
        ? `The same ${one} gets the same version each time. SDKs keep one text for each key and never let go of it: with more than some thousand ${many} in a process, use slots.`
        : `1,000 slots stand for all ${many}: whoever falls into a slot keeps its version, and SDKs keep at most 1,000 texts.`}{' '}
      {unit === 'user' && 'Recommended: the id of the person, the same that is on the trace.'}
      {unit === 'trace' && 'A conversation may see both versions.'}
    </p>
  );
}
