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

  expect(listed.toSorted(byId)).toEqual(trace.observations.toSorted(byId));
  expect(v2.toSorted(byId).map(ofBoth)).toEqual(
    listed.toSorted(byId).map((one) => ofBoth({ ...one, providedModelName: one.model })),
  );
  for (const one of v2) {
    expect(one).toMatchObject({ traceId, traceName: trace.name, userId: trace.userId, sessionId: trace.sessionId });
    expect(one.tags.toSorted()).toEqual(trace.tags.toSorted());
  }

  const observations = trace.observations.toSorted((a, b) => a.startTime.localeCompare(b.startTime) || byId(a, b));
  return {
    trace,
    observations,
    observation: (name) => only(observations, name),
    observationV2: (name) => only(v2, name),
  };
}

const byId = (a: { id: string }, b: { id: string }): number => (a.id < b.id ? -1 : 1);

/** What both versions of the API say, spelled alike. */
const ofBoth = (
  one: Pick<Observation, keyof Observation & keyof ObservationV2> & { providedModelName: string | null },
) => ({
  id: one.id,
  parentObservationId: one.parentObservationId,
  type: one.type,
  name: one.name,
  level: one.level,
  statusMessage: one.statusMessage,
  model: one.providedModelName,
  usageDetails: one.usageDetails,
  metadataKeys: Object.keys(one.metadata ?? {}).toSorted(),
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
