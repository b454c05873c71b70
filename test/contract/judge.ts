import type { Accepted } from './accepted.ts';
import type { Difference } from './compare.ts';
import type { Pending } from './pending.ts';

/**
 * Takes out of a case's differences what the two lists explain, and at the end names their entries that explain nothing any
 * more: both lists can only shrink.
 */
export function createJudge({ accepted, pending }: { accepted: readonly Accepted[]; pending: readonly Pending[] }) {
  const used = new Set<Accepted | Pending>();
  const counts = { equal: 0, accepted: 0, pending: 0, failed: 0 };

  return {
    counts,

    /** What no list explains. A case that waits as a whole for a later issue, and is equal already, is a difference itself. */
    judge(name: string, differences: readonly Difference[]): Difference[] {
      const waiting = pending.filter((entry) => matches(entry.case, name));
      const whole = waiting.find(({ field }) => field === undefined);
      if (whole) {
        used.add(whole);
        counts[differences.length > 0 ? 'pending' : 'failed'] += 1;
        return differences.length > 0
          ? []
          : [{ path: '(pending)', expected: 'to differ', got: 'equal: remove it from pending.ts' }];
      }
      const explaining = [...waiting, ...accepted.filter((entry) => matches(entry.case, name))];
      const left = differences.filter(({ path }) => {
        const entry = explaining.find(({ field }) => field !== undefined && matches(field, path));
        if (entry) used.add(entry);
        return !entry;
      });
      const waits = differences.some(({ path }) =>
        waiting.some(({ field }) => field !== undefined && matches(field, path)),
      );
      counts[left.length > 0 ? 'failed' : waits ? 'pending' : differences.length > 0 ? 'accepted' : 'equal'] += 1;
      return left;
    },

    /** Entries for cases of these groups that no case needed. */
    unused: (): string[] =>
      [...accepted, ...pending]
        .filter((entry) => !used.has(entry))
        .map((entry) => `${[entry.case].flat().join(', ')} ${[entry.field ?? []].flat().join(', ')}`),
  };
}

/** `*` stands for any text. */
function matches(patterns: string | readonly string[], text: string): boolean {
  return [patterns].flat().some((pattern) => globToRegExp(pattern).test(text));
}

const globToRegExp = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .split('*')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  );
