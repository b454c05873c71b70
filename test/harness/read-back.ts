import { expect } from 'vitest';
import type { Observation, ObservationV2, ProjectApi, Trace } from './project-api.ts';

/** One trace through every way of reading it. */
export interface ReadBack {
  readonly trace: Trace;
  /** In order of start. */
  readonly observations: readonly Observation[];
  /** The only observation of that name. @throws when there is none, or more than one */
  observation(name: string): Observation;
  /** The same one through v2. */
  observationV2(name: string): ObservationV2;
}

/**
 * Reads a trace once, with no waiting, through v1 `/traces/{id}` and `/observations` and v2 `/observations`, and checks that they
 * tell the same.
 */
export async function readBack(api: ProjectApi, traceId: string): Promise<ReadBack> {
  const trace = await api.trace(traceId);
  const listed = await api.observations(traceId);
  const v2 = await api.observationsV2(traceId);

  expect(listed.toSorted(byId).map(withoutPrices)).toEqual(trace.observations.toSorted(byId).map(withoutPrices));
  // v2 shows a trace of the JSON door as one more observation, the root of the others.
  const synthetic = `t-${traceId}`;
  const shown = v2.filter(({ id }) => id !== synthetic);
  expect(shown.toSorted(byId).map((one) => ofBoth(one, one.providedModelName, synthetic))).toEqual(
    listed.toSorted(byId).map((one) => ofBoth(one, one.model, synthetic)),
  );
  for (const one of v2) {
    // v2 shows what a row said itself; a filter by it finds the whole trace.
    expect([null, '', trace.userId]).toContain(one.userId);
    expect([null, '', trace.sessionId]).toContain(one.sessionId);
    expect(trace.tags).toEqual(expect.arrayContaining([...one.tags]));
  }
  const ids = (all: readonly { id: string }[]): string[] => all.map(({ id }) => id).toSorted();
  for (const filter of ['userId', 'sessionId'] as const) {
    const value = trace[filter];
    if (value) expect(ids(await api.observationsV2(traceId, { [filter]: value }))).toEqual(ids(v2));
  }

  const observations = trace.observations.toSorted((a, b) => a.startTime.localeCompare(b.startTime) || byId(a, b));
  return {
    trace,
    observations,
    observation: (name) => only(observations, name),
    observationV2: (name) => only(shown, name),
  };
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

/** The wire knows prices of a unit in a trace's observations and not in the list of them. */
const withoutPrices = (one: Observation): object =>
  Object.fromEntries(Object.entries(one).filter(([key]) => !/^(input|output|total)Price$|^usagePricingTier/.test(key)));

/** What both versions of the API say. What nobody said is null in one and empty in the other. */
const ofBoth = (one: Observation | ObservationV2, model: string | null, synthetic: string) => ({
  id: one.id,
  parentObservationId: one.parentObservationId === synthetic ? null : one.parentObservationId,
  type: one.type,
  name: one.name,
  level: one.level,
  statusMessage: one.statusMessage || null,
  model: model || null,
  usageDetails: one.usageDetails,
});

function only<T extends { name: string | null }>(all: readonly T[], name: string): T {
  const found = all.filter((one) => one.name === name);
  const [first] = found;
  if (!first || found.length > 1) {
    throw new Error(
      `${found.length} observations are called '${name}' among: ${all.map((one) => one.name).join(', ')}`,
    );
  }
  return first;
}

/**
 * The tree as text, a line an observation (`TYPE name`), two spaces a level. Siblings by name: those of one millisecond have no
 * order of their own.
 */
export function outline(observations: readonly Observation[]): string[] {
  const ids = new Set(observations.map(({ id }) => id));
  const ordered = observations.toSorted((a, b) => title(a).localeCompare(title(b)));
  const lines: string[] = [];
  const add = (parent: string | null, depth: number): void => {
    for (const one of ordered) {
      // A parent that was never sent is as good as none.
      const under =
        one.parentObservationId !== null && ids.has(one.parentObservationId) ? one.parentObservationId : null;
      if (under !== parent) continue;
      lines.push(`${'  '.repeat(depth)}${title(one)}`);
      add(one.id, depth + 1);
    }
  };
  add(null, 0);
  return lines;
}

const title = ({ type, name }: Observation): string => `${type} ${name}`;
