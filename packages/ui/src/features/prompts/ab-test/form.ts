import { NewAbTest, type AbKeyAs, type AbMeasure, type AbTest, type AbUnit } from '@tracehouse/contract/x-ab-tests';
import type * as z from 'zod';
import { evenShares, readShares } from './shares.ts';

/** A test as it is set up; numbers and times as typed. */
export interface TestForm {
  label: string;
  /** The first is control: where the label points. */
  versions: number[];
  shares: string[];
  name: string;
  hypothesis: string;
  unit: AbUnit;
  keyAs: AbKeyAs;
  primary: AbMeasure;
  /** Percent; of scores their own points. */
  smallestEffect: string;
  /** Comma-separated; empty: the default ones. */
  environments: string;
  cacheSeconds: string;
  /** As `datetime-local` fields have them, in the browser's zone; empty: at once, and never. */
  startAt: string;
  endAt: string;
}

/** At most so many arms. */
export const MAX_ARMS = 5;

export const emptyForm = (label: string, control: number, other: number | undefined): TestForm => {
  const versions = other === undefined ? [control] : [control, other];
  return {
    label,
    versions,
    shares: evenShares(versions.length),
    name: '',
    hypothesis: '',
    unit: 'user',
    keyAs: 'id',
    primary: 'cost',
    smallestEffect: '5',
    environments: '',
    cacheSeconds: '60',
    startAt: '',
    endAt: '',
  };
};

export const formOf = (test: AbTest): TestForm => ({
  label: test.label,
  versions: test.arms.map(({ version }) => version),
  shares: test.arms.map(({ share }) => String(share)),
  name: test.name ?? '',
  hypothesis: test.hypothesis ?? '',
  unit: test.unit,
  keyAs: test.keyAs,
  primary: test.primary,
  smallestEffect: String(Number((test.smallestEffect * factorOf(test.primary)).toFixed(4))),
  environments: (test.environments ?? []).join(', '),
  cacheSeconds: String(test.cacheSeconds),
  startAt: toLocal(test.startAt),
  endAt: toLocal(test.endAt),
});

/** Ratios and error rates are typed in percent, scores as they are. */
const factorOf = (primary: AbMeasure): number => (primary.startsWith('score:') ? 1 : 100);

/** What to send, or what is wrong, in words. */
export function toNewTest(prompt: string, form: TestForm): { test: z.output<typeof NewAbTest> } | { problem: string } {
  if (form.versions.length < 2) return { problem: 'Choose at least one version to test against control.' };
  const shares = readShares(form.shares);
  if ('problem' in shares) return shares;
  const effect = Number(form.smallestEffect.replace(',', '.')) / factorOf(form.primary);
  if (!(effect > 0 && effect <= 10)) return { problem: 'The smallest effect that matters is a number above 0.' };
  const cacheSeconds = Number(form.cacheSeconds);
  if (form.cacheSeconds.trim() === '' || !Number.isInteger(cacheSeconds) || cacheSeconds < 0 || cacheSeconds > 86_400) {
    return { problem: 'The cache time is whole seconds, up to a day.' };
  }
  const startAt = fromLocal(form.startAt);
  const endAt = fromLocal(form.endAt);
  if (endAt !== null && endAt <= (startAt ?? new Date().toISOString())) return { problem: 'It ends before it starts.' };
  const environments = form.environments
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const checked = NewAbTest.safeParse({
    prompt,
    label: form.label,
    arms: form.versions.map((version, at) => ({ version, share: shares.shares[at] })),
    name: form.name.trim() || null,
    hypothesis: form.hypothesis.trim() || null,
    unit: form.unit,
    keyAs: form.keyAs,
    primary: form.primary,
    smallestEffect: effect,
    environments: environments.length > 0 ? environments : null,
    cacheSeconds,
    startAt,
    endAt,
  });
  return checked.success
    ? { test: checked.data }
    : { problem: checked.error.issues[0]?.message ?? 'This test is not valid.' };
}

function toLocal(at: string | null): string {
  if (at === null) return '';
  const date = new Date(at);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What such a field holds as an instant of the wire; null when it is empty. */
export const fromLocal = (text: string): string | null => (text === '' ? null : new Date(text).toISOString());
