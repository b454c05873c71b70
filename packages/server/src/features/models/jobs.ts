/*
 * Pricing stored calls again (S3.5). Stages: rows under way settle → the names that the model's pattern matches → hour by hour,
 * the newest first: keys, then whole rows a batch at a time, priced as the doors price them and stored through the journal
 * where the price has changed → once more what was written since it began: a door may have asked for prices just before.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Journal } from '../../ingest/journal.ts';
import { readCut } from '../../ingest/large-fields/cut.ts';
import type { LargeFields } from '../../ingest/large-fields/large-fields.ts';
import type { StatementStore } from '../../ingest/json/statement-store.ts';
import type { OwnModel } from '../../ingest/price/own-models.ts';
import { compilePattern, MAX_NAME_LENGTH } from '../../ingest/price/pattern.ts';
import { OverloadedError } from '../../http/errors.ts';
import type { Micros, ObservationRow } from '../../ingest/observation.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import { defineJob } from '../../stores/queue/queue.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { nextTurn } from '../../turns.ts';
import {
  type CallKey,
  type CallSelection,
  selectCallKeys,
  selectCalls,
  selectHours,
  selectModelNames,
} from './calls-store.ts';

/** Keys that are looked up at once, and what of their rows is in memory at once. */
const KEYS = 5_000;
const BATCH_ROWS = 300;
const BATCH_BYTES = 4 * 1024 * 1024;
/** What a door may take from asking for prices to handing over its rows. */
const DOOR_MS = 60_000;
/** Between two looks at a journal that takes nothing for now. */
const PAUSE_MS = 1_000;
const MAX_PAUSES = 60;
const QUERY_MS = 120_000;

export interface RecalculationNeeds {
  clickhouse: ClickHouse;
  journal: Journal;
  store: Pick<StatementStore, 'reprice'>;
  largeFields: Pick<LargeFields, 'whole'>;
  /** The project's own. */
  models(scope: ProjectScope): Promise<readonly OwnModel[]>;
  now: () => Date;
  /** How long after the beginning rows may come that were priced before it. */
  settleMs?: number;
}

const Place = z.object({
  /** Microseconds; the first pass began then. */
  startedAt: z.int(),
  pass: z.union([z.literal(1), z.literal(2)]),
  /** Later hours are done. */
  hour: z.int().nullable(),
  after: z.object({ hash: z.string(), id: z.string() }).nullable(),
});
type Place = z.output<typeof Place>;

export const recalculateCosts = defineJob({
  name: 'models.recalculate',
  payload: z.object({ modelId: z.string(), from: z.int().nullable() }),
  checkpoint: Place,
  retry: { attempts: 5, backoffMs: 2_000 },
  async run(
    { clickhouse: db, journal, store, largeFields, models, now, settleMs = 5_000 }: RecalculationNeeds,
    { modelId, from },
    { scope, signal, earlier, progress },
  ) {
    const nowMicros = (): number => now().getTime() * 1000;
    const textsOf = async ({ input, output, payloadBlobs }: ObservationRow) => {
      const [texts] = await largeFields.whole(scope, [{ input, output }], payloadBlobs);
      const names = new Set(payloadBlobs);
      return !texts || readCut(texts.input, names) || readCut(texts.output, names) ? null : texts;
    };
    const options = { signal, timeoutMs: QUERY_MS };
    let place: Place = earlier.checkpoint ?? { startedAt: nowMicros(), pass: 1, hour: null, after: null };
    let { done } = earlier;
    let total = earlier.total ?? 0;
    const counts = { changed: 0, skipped: 0, ...earlier.counts };

    for (const pass of place.pass === 1 ? ([1, 2] as const) : ([2] as const)) {
      if (pass !== place.pass) {
        const waitMs = settleMs - (nowMicros() - place.startedAt) / 1000;
        if (waitMs > 0) await sleep(Math.min(waitMs, settleMs), undefined, { signal });
        place = { startedAt: place.startedAt, pass, hour: null, after: null };
      }
      await patiently(signal, () => journal.settled(scope.projectId));
      const model = (await models(scope)).find(({ id }) => id === modelId);
      const selection: CallSelection = {
        names: await namesOf(db, scope, model),
        modelId,
        from,
        since: pass === 1 ? null : place.startedAt - DOOR_MS * 1000,
      };
      const hours = await selectHours(db, scope, selection, options);
      // The second look is at calls that were counted, or priced as they came.
      if (pass === 1 && place.hour === null) total = hours.reduce((sum, { calls }) => sum + calls, 0);
      const tell = (): Promise<void> => progress({ done, total: Math.max(done, total), counts, checkpoint: place });
      await tell();
      for await (const { hour, batch } of batches(db, scope, selection, hours, place, options)) {
        signal.throwIfAborted();
        const keys = batch.map(({ id }) => ({ kind: 'observation' as const, id }));
        const became = await patiently(signal, () =>
          store.reprice(
            scope,
            keys,
            { read: () => selectCalls(db, scope, hour, batch, options), textsOf },
            nowMicros(),
          ),
        );
        counts.changed += became.changed;
        counts.skipped += became.skipped;
        if (pass === 1) done += batch.length;
        place = placeAfter(place, hour, batch.at(-1)!);
        await tell();
        await nextTurn();
      }
    }
  },
});

const placeAfter = ({ startedAt, pass }: Place, hour: Micros, { hash, id }: CallKey): Place => ({
  startedAt,
  pass,
  hour,
  after: { hash, id },
});

/** The calls from a place on: the newest hour first, and within it in the order of the table. */
async function* batches(
  db: ClickHouse,
  scope: ProjectScope,
  selection: CallSelection,
  hours: readonly { hour: Micros }[],
  from: Place,
  options: QueryOptions,
): AsyncGenerator<{ hour: Micros; batch: CallKey[] }> {
  for (const { hour } of hours) {
    if (from.hour !== null && hour > from.hour) continue;
    let after = hour === from.hour ? from.after : null;
    for (let isFull = true; isFull;) {
      const keys = await selectCallKeys(db, scope, selection, { hour, after, limit: KEYS }, options);
      for (const batch of batchesOf(keys)) yield { hour, batch };
      after = keys.at(-1) ?? null;
      isFull = keys.length === KEYS;
    }
  }
}

/** Null: all of them have to be looked at. */
async function namesOf(db: ClickHouse, scope: ProjectScope, model: OwnModel | undefined): Promise<string[] | null> {
  if (!model) return [];
  const names = await selectModelNames(db, scope);
  if (names === null) return null;
  const pattern = compilePattern(model.matchPattern);
  const matching: string[] = [];
  for (const [i, name] of names.entries()) {
    if (name.length <= MAX_NAME_LENGTH && pattern.test(name)) matching.push(name);
    if (i % 50 === 0) await nextTurn();
  }
  return matching;
}

/** The journal may take nothing for a while; that is no failure of the job. */
async function patiently<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  for (let pauses = 0; ; pauses += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof OverloadedError) || pauses >= MAX_PAUSES) throw error;
      await sleep(PAUSE_MS, undefined, { signal });
    }
  }
}

function batchesOf(keys: readonly CallKey[]): CallKey[][] {
  const batches: CallKey[][] = [];
  let bytes = 0;
  for (const key of keys) {
    const last = batches.at(-1);
    if (!last || last.length >= BATCH_ROWS || bytes + key.sizeBytes > BATCH_BYTES) {
      batches.push([key]);
      bytes = key.sizeBytes;
    } else {
      last.push(key);
      bytes += key.sizeBytes;
    }
  }
  return batches;
}
