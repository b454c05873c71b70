import type { AbMeasure, AbTest } from '@tracehouse/contract/x-ab-tests';
import { type Life, phasesOf, startedAt } from './lifecycle.ts';

/** A test as the wire has it at this time. */
export function toWire(life: Life, at: Date): AbTest {
  const { test } = life;
  return {
    id: test.id,
    prompt: test.prompt_name,
    label: test.label,
    name: test.name,
    hypothesis: test.hypothesis,
    unit: test.unit,
    keyAs: test.key_as,
    primary: test.primary_measure as AbMeasure, // checked when it came in
    smallestEffect: test.smallest_effect,
    environments: test.environments,
    cacheSeconds: test.cache_seconds,
    startAt: test.start_at?.toISOString() ?? null,
    endAt: test.end_at?.toISOString() ?? null,
    state: test.state,
    arms: test.arms,
    startedAt: startedAt(life, at)?.toISOString() ?? null,
    endedAt: test.ended_at?.toISOString() ?? null,
    endReason: test.end_reason,
    shippedVersion: test.shipped_version,
    phases: phasesOf(life, at),
    createdAt: test.created_at.toISOString(),
    createdBy: test.author ?? (test.created_by === null ? 'API' : 'Somebody who has left'),
  };
}
