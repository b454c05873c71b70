import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OverloadedError } from '../../http/errors.ts';
import type { ObservationRow } from '../observation.ts';
import {
  createEngineDouble,
  createSharedDouble,
  journalOver,
  createStoreOn,
  type GivenEvent,
  p1,
  receipt,
  state,
} from './engine-double.ts';

/** The last hours of a month, so that starts move across hours, days and the month. */
const EVENING = Date.parse('2026-10-31T20:00:00Z');
const HOUR = 3_600_000;
const iso = (ms: number): string => new Date(ms).toISOString();
/** What must not depend on how the events arrived. */
const comparable = (rows: readonly ObservationRow[]) =>
  rows.map(({ createdAt: _created, updatedAt: _updated, rowVersion: _version, ...row }) => ({
    ...row,
    clocks: row.clocks === '' ? '' : 'set',
  }));

async function expected(events: readonly GivenEvent[]) {
  const engine = createEngineDouble();
  await createStoreOn(engine).store(p1, { events: state(events) }, receipt);
  return comparable(engine.observations());
}

const minutes = fc.integer({ min: 0, max: 8 * 60 }).map((minute) => iso(EVENING + minute * 60_000));
const key = fc.constantFrom('a', 'b', 'c');
const nested = fc.letrec((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(1, 2, 'x', '{"a":1}', null, true, [1, 2], {}),
    fc.dictionary(key, tie('node'), { maxKeys: 3 }),
  ),
})).node;
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined, freq: 2 });
const nullable = <T>(value: fc.Arbitrary<T>) => optional(fc.option(value, { nil: null, freq: 5 }));
const word = fc.constantFrom('x', 'y', 'z');
const payload = fc.constantFrom<unknown>('text', '', {}, { a: 1 }, [1], 0, null);

const observationBody = fc.record({
  id: fc.constantFrom('o1', 'o2'),
  traceId: nullable(fc.constantFrom('t1', 't2')),
  name: nullable(word),
  startTime: nullable(minutes),
  endTime: nullable(minutes),
  level: nullable(fc.constantFrom('ERROR', 'DEBUG')),
  statusMessage: nullable(word),
  version: nullable(word),
  environment: nullable(word),
  parentObservationId: nullable(word),
  input: optional(payload),
  output: optional(payload),
  metadata: optional(nested),
});
const generationBody = fc.record({
  model: nullable(fc.constantFrom('openai/gpt-x', 'other')),
  modelParameters: nullable(fc.constantFrom({}, { temperature: 1 })),
  usageDetails: nullable(fc.constantFrom({}, { input: 1, output: 2 }, { input: 5, total: 9 })),
  costDetails: nullable(fc.constantFrom({}, { total: 0.25 })),
  completionStartTime: nullable(minutes),
});
const traceBody = fc.record({
  id: fc.constantFrom('t1', 'o1'),
  timestamp: nullable(minutes),
  name: nullable(word),
  userId: nullable(word),
  sessionId: nullable(word),
  public: nullable(fc.boolean()),
  tags: nullable(fc.uniqueArray(word)),
  input: optional(payload),
  output: optional(payload),
  metadata: optional(nested),
  environment: nullable(word),
});
const typed = fc.oneof(
  fc.tuple(fc.constantFrom('span-create', 'span-update', 'event-create'), observationBody),
  fc.tuple(
    fc.constantFrom('generation-create', 'generation-update', 'agent-create', 'tool-create'),
    fc.tuple(observationBody, generationBody).map(([a, b]) => ({ ...a, ...b })),
  ),
  fc.tuple(fc.constant('trace-create'), traceBody),
);
/** Few times, so that ties occur. */
const events = fc
  .array(fc.tuple(typed, fc.oneof(minutes, fc.constantFrom(iso(EVENING), iso(EVENING + HOUR)))), {
    minLength: 1,
    maxLength: 8,
  })
  .map((list) =>
    list.map(([[type, body], timestamp], index): GivenEvent => ({ id: `e${index}`, type, timestamp, body })),
  );

/** The same events in any order, some of them more than once, cut into requests anywhere. */
const arrivals = events.chain((all) =>
  fc.record({
    all: fc.constant(all),
    requests: fc
      .tuple(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.constantFrom(...all), { maxLength: 4 }),
        fc.array(fc.boolean(), { minLength: all.length + 4, maxLength: all.length + 4 }),
      )
      .map(([order, again, cuts]) => {
        const requests: GivenEvent[][] = [[]];
        for (const [index, event] of [...order, ...again].entries()) {
          if (cuts[index]) requests.push([]);
          requests.at(-1)!.push(event);
        }
        return requests.filter((request) => request.length > 0);
      }),
  }),
);

/** Inserts into the engine, of which three at the most fail. */
function failingAtTimes(engine: ReturnType<typeof createEngineDouble>, fails: Iterator<boolean>) {
  let failuresLeft = 3;
  return async (block: Parameters<typeof engine.insert>[0]): Promise<void> => {
    if (failuresLeft > 0 && fails.next().value) {
      failuresLeft -= 1;
      throw new OverloadedError('the engine is away');
    }
    engine.insert(block);
  };
}

describe('the row is a function of the set of events', () => {
  test.each([
    { maxCacheBytes: 32 * 1024 * 1024, maxPackedBytes: 0, remembered: 'everything remembered' },
    { maxCacheBytes: 0, maxPackedBytes: 32 * 1024 * 1024, remembered: 'everything packed' },
    { maxCacheBytes: 0, maxPackedBytes: 0, remembered: 'every request reads the engine again' },
  ])('in any order, repetition and split: $remembered', async ({ maxCacheBytes, maxPackedBytes }) => {
    await fc.assert(
      fc.asyncProperty(arrivals, async ({ all, requests }) => {
        const engine = createEngineDouble();
        const store = createStoreOn(engine, { maxCacheBytes, maxPackedBytes });
        for (const [index, request] of requests.entries()) {
          await store.store(p1, { events: state(request, { receivedAt: receipt + index }) }, receipt + index);
        }
        expect(comparable(engine.observations())).toEqual(await expected(all));
      }),
      { numRuns: 400 },
    );
  });

  test('with requests that are acknowledged before their rows can be read', async () => {
    await fc.assert(
      fc.asyncProperty(arrivals, fc.scheduler(), async ({ all, requests }, s) => {
        const engine = createEngineDouble();
        const inserts: Promise<void>[] = [];
        let last = Promise.resolve();
        const store = createStoreOn(engine, {
          maxCacheBytes: 0,
          readEntities: s.scheduleFunction(engine.readEntities),
          journal: {
            ...journalOver(async () => undefined),
            async append(block) {
              // In the order of the journal, at whatever time.
              last = Promise.all([last, s.schedule(Promise.resolve())]).then(() => engine.insert(block));
              inserts.push(last);
              return { applied: last.then(() => 'stored' as const) };
            },
          },
        });
        const send = (request: GivenEvent[], at: number): Promise<unknown> =>
          store.store(p1, { events: state(request, { receivedAt: at }) }, at);
        await s.waitFor(Promise.all(requests.map((request, index) => send(request, receipt + index))));
        await s.waitFor(Promise.all(inserts));
        expect(comparable(engine.observations())).toEqual(await expected(all));
      }),
      { numRuns: 200 },
    );
  });

  test('sent to two processes at once that share their last states, whose inserts fail and are sent again to the other', async () => {
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        fc.scheduler(),
        fc.infiniteStream(fc.boolean()),
        async ({ all, requests }, s, fails) => {
          const engine = createEngineDouble();
          const states = createSharedDouble<ObservationRow>();
          const insert = failingAtTimes(engine, fails);
          const openProcess = () =>
            createStoreOn(engine, {
              shared: {
                observations: {
                  get: s.scheduleFunction(states.get),
                  replace: s.scheduleFunction(states.replace),
                  settled: s.scheduleFunction(states.settled),
                  overwritten: states.overwritten,
                },
                scores: createSharedDouble(),
              },
              readEntities: s.scheduleFunction(engine.readEntities),
              journal: journalOver(s.scheduleFunction(insert)),
            });
          const processes = [openProcess(), openProcess()];
          const send = async (request: GivenEvent[], at: number, to: number): Promise<void> => {
            try {
              await processes[to % 2]!.store(p1, { events: state(request, { receivedAt: at }) }, at);
            } catch (error) {
              if (!(error instanceof OverloadedError)) throw error;
              await send(request, at + 1000, to + 1);
            }
          };
          await s.waitFor(Promise.all(requests.map((request, index) => send(request, receipt + index, index))));
          expect(comparable(engine.observations())).toEqual(await expected(all));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('with requests that overlap, answers of the engine in any order, and inserts that fail and are sent again', async () => {
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        fc.scheduler(),
        fc.infiniteStream(fc.boolean()),
        fc.constantFrom(0, 1024 * 1024),
        async ({ all, requests }, s, fails, maxPackedBytes) => {
          const engine = createEngineDouble();
          const insert = failingAtTimes(engine, fails);
          const store = createStoreOn(engine, {
            maxCacheBytes: 0,
            maxPackedBytes,
            readEntities: s.scheduleFunction(engine.readEntities),
            journal: journalOver(s.scheduleFunction(insert)),
          });
          const send = async (request: GivenEvent[], at: number): Promise<void> => {
            try {
              await store.store(p1, { events: state(request, { receivedAt: at }) }, at);
            } catch (error) {
              if (!(error instanceof OverloadedError)) throw error;
              await send(request, at + 1000);
            }
          };
          await s.waitFor(Promise.all(requests.map((request, index) => send(request, receipt + index))));
          expect(comparable(engine.observations())).toEqual(await expected(all));
        },
      ),
      { numRuns: 400 },
    );
  });
});
