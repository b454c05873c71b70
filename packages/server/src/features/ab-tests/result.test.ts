import { crc32 } from 'node:zlib';
import type { AbComparison, AbResult } from '@tracehouse/contract/x-ab-tests';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sql } from '../../stores/postgres/sql.ts';
import { projectScope } from '../../stores/scope.ts';
import { at as micros, type Harness, openHarness, type Project, type Sample } from '../harness.ts';
import { assign, type Segment } from './assign.ts';
import { freezeResult, selectFrozen, selectTest } from './store.ts';

let harness: Harness;
beforeAll(async () => {
  harness = await openHarness();
});
afterAll(() => harness.close());

const path = '/x/ab-tests';
const PROMPT = 'support/answer';
let made = 0;

interface Running {
  project: Project;
  id: string;
  /** Seconds of a sample at the time it began. */
  began: number;
  /** The arm of a key. */
  armOf(key: string): number;
  /** So many users of an arm. */
  usersOf(arm: number, count: number): string[];
}

const secondsNow = (): number => (harness.now().getTime() * 1000 - micros(0)) / 1_000_000;

async function running(plan: object = {}): Promise<Running> {
  const project = await harness.project(`measured-${(made += 1)}`);
  for (const labels of [['production'], []])
    await project.post('/v2/prompts', { name: PROMPT, prompt: 'Answer.', labels });
  const arms = [
    { version: 1, share: 70 },
    { version: 2, share: 30 },
  ];
  const { body } = await project.post(path, { prompt: PROMPT, label: 'production', arms, ...plan });
  expect(await project.post(`${path}/${body.id}/start`, undefined)).toMatchObject({ status: 200 });
  const [row] = await harness.postgres.rows<{ salt: string; segments: Segment[] }>(
    sql`SELECT t.salt, p.segments FROM ab_tests t JOIN ab_test_phases p ON p.test_id = t.id WHERE t.id = ${body.id}`,
  );
  const armOf = (key: string): number => assign(row!, key, () => 0).arm;
  return {
    project,
    id: body.id,
    began: secondsNow(),
    armOf,
    usersOf(arm, count) {
      const users: string[] = [];
      for (let i = 0; users.length < count; i += 1) if (armOf(`user-${i}`) === arm) users.push(`user-${i}`);
      return users;
    },
  };
}

/** A generation of the prompt, in a trace of its own unless said. */
function call(version: number, userId: string, at: number, more: Partial<Sample> = {}): Sample {
  const id = `call-${(made += 1)}`;
  return {
    id,
    traceId: `trace-${id}`,
    type: 'GENERATION',
    promptName: PROMPT,
    promptVersion: version,
    userId,
    at,
    totalCost: '0.01',
    totalTokens: undefined,
    ...more,
  } as Sample;
}

const resultOf = async ({ project, id }: Running, query = ''): Promise<AbResult> => {
  const { status, body } = await project.get(`${path}/${id}/result${query}`);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
};
const lineOf = (result: AbResult, measure: string): AbComparison =>
  result.comparisons.find((one) => one.measure === measure)!;
const close = (value: number) => expect.closeTo(value, 10);

/** c(R, α) of the always valid interval, as docs/ab-tests.md has it. */
const halfWidth = (v: number, tau: number, alpha: number): number => {
  const r = tau ** 2 / v;
  return Math.sqrt(v) * Math.sqrt((1 + 1 / r) * (2 * Math.log(1 / alpha) + Math.log(1 + r)));
};

// The units of R14 and R15 of the reference values: generations and cost of each.
const R14 = [
  { n: [1, 2, 1, 4, 2, 3], x: [0.01, 0.018, 0.014, 0.05, 0.021, 0.028] },
  { n: [2, 1, 3, 1, 2, 2], x: [0.016, 0.007, 0.03, 0.011, 0.014, 0.022] },
];
const TIMES = 20;

/** 120 users an arm, like those of R14. */
function likeR14({ began, usersOf }: Running, more: (i: number) => Partial<Sample> = () => ({})): Sample[] {
  const rows: Sample[] = [];
  for (const [arm, { n, x }] of R14.entries()) {
    for (const [i, user] of usersOf(arm, n.length * TIMES).entries()) {
      const calls = n[i % n.length]!;
      const cost = (x[i % n.length]! / calls).toFixed(12);
      for (let c = 0; c < calls; c += 1) {
        rows.push(call(arm + 1, user, began + 100 + c, { totalCost: cost, ...more(rows.length) }));
      }
    }
  }
  return rows;
}

// The first, for it looks after all tests that there are.
test('snapshots are taken by the hour while it runs; ten minutes after the end the result is kept as it was', async () => {
  const one = await running({ smallestEffect: 0.01 });
  await one.project.store(likeR14(one));
  const snapshots = async () => (await one.project.get(`${path}/${one.id}/snapshots`)).body;
  expect(await snapshots()).toEqual({ data: [], latest: null });
  harness.wait(3600);
  await harness.sweepAbTests();
  await harness.sweepAbTests();
  harness.wait(3600);
  await harness.sweepAbTests();
  const taken = await snapshots();
  const { difference, low, high } = lineOf(await resultOf(one), 'cost');
  const hour = new Date(Math.floor(harness.now().getTime() / 3_600_000) * 3_600_000).toISOString();
  expect(taken.data).toHaveLength(2);
  expect(taken.data[1]).toEqual({
    phase: 1,
    at: hour,
    arms: [{ arm: 2, difference: close(difference!), low: close(low!), high: close(high!) }],
  });
  expect(taken.latest).toMatchObject({ phase: 1, verdict: 'different' });

  await one.project.post(`${path}/${one.id}/end`, undefined);
  await harness.sweepAbTests();
  harness.wait(660);
  await harness.sweepAbTests();
  const kept = await resultOf(one);
  expect(kept).toMatchObject({ state: 'ended', arms: [{ units: 120 }, { units: 120 }] });
  await one.project.store(one.usersOf(0, 5).map((user) => call(1, user, one.began + 150)));
  harness.wait(3600);
  expect(await resultOf(one)).toEqual(kept);
  expect((await snapshots()).data).toHaveLength(2);
  // What the key is may be corrected later still: then it is counted anew, of what is left.
  await one.project.patch(`${path}/${one.id}`, { unit: 'session' });
  expect((await resultOf(one)).keyCheck.withoutUnit).toBe(1);
});

test('what was computed before the key was corrected is not kept for good', async () => {
  const { project, id } = await running();
  await project.post(`${path}/${id}/end`, undefined);
  const scope = projectScope(project.id);
  const computed = (await selectTest(harness.postgres, scope, id, harness.now()))!;
  harness.wait(1);
  await project.patch(`${path}/${id}`, { keyAs: 'slot' });
  await freezeResult(harness.postgres, scope, computed, {});
  expect(await selectFrozen(harness.postgres, scope, id)).toBeNull();
});

describe('a keyed test', () => {
  test('compares as computed by hand, in words and with what else differs', async () => {
    const running_ = await running({ smallestEffect: 0.01 });
    await running_.project.store(likeR14(running_));
    harness.wait(3600);
    const result = await resultOf(running_);
    expect(result).toMatchObject({
      state: 'running',
      phase: 1,
      arms: [
        { version: 1, share: 70, units: 120, generations: 260 },
        { version: 2, share: 30, units: 120, generations: 220 },
      ],
      keyCheck: { agreement: 1, withoutUnit: 0, readsAs: null },
    });
    // Twenty times the units: S and M grow twentyfold, so d stays, and V is that of R14 but for U / (U − 1).
    const d = -0.17653561972691073;
    const v = (0.01059445158752638 * (11 / 12) * (240 / 239)) / TIMES;
    const half = halfWidth(v, 0.1, 0.05);
    expect(lineOf(result, 'cost')).toMatchObject({
      arm: 2,
      scale: 'ratio',
      isPrimary: true,
      level: 0.95,
      a: close(0.141 / 13),
      b: close(0.1 / 11),
      difference: close(Math.expm1(d)),
      low: close(Math.expm1(d - half)),
      high: close(Math.expm1(d + half)),
      missing: [0, 0],
      why: null,
    });
    expect(lineOf(result, 'costPerUnit')).toMatchObject({ a: close(0.141 / 6), b: close(0.1 / 6), isPrimary: false });
    expect(lineOf(result, 'generations')).toMatchObject({ a: close(13 / 6), b: close(11 / 6) });
    expect(lineOf(result, 'latency')).toMatchObject({
      a: 1000,
      b: 1000,
      difference: null,
      why: expect.stringContaining('alike'),
    });
    expect(lineOf(result, 'errors')).toMatchObject({
      a: 0,
      b: 0,
      why: expect.stringMatching(/^too few errors to compare: .*0 and 0/),
    });
  });

  test('is decided once the interval leaves 0, and says what got worse', async () => {
    const one = await running();
    const rows: Sample[] = [];
    for (const arm of [0, 1]) {
      for (const [i, user] of one.usersOf(arm, 400).entries()) {
        const cost = (arm === 0 ? 0.01 : 0.007) * (0.8 + (i % 5) * 0.1);
        rows.push(
          call(arm + 1, user, one.began + 100, {
            totalCost: cost.toFixed(12),
            lasts: (arm === 0 ? 1 : 1.5) * (0.9 + (i % 50) * 0.004),
          }),
        );
      }
    }
    // As many of control as the split wants.
    for (const user of one.usersOf(0, 933).slice(400)) rows.push(call(1, user, one.began + 100, { lasts: 1 }));
    await one.project.store(rows);
    harness.wait(3600);
    const result = await resultOf(one);
    expect(result.verdict).toBe('different');
    expect(result.sentence).toMatch(
      /^v2 is cheaper: cost per generation 30\.0 % lower \(\d+\.\d … \d+\.\d %\), 1,333 users\. But mean latency is 4\d\.\d % higher/,
    );
    expect(lineOf(result, 'latencyP50').difference).toBeGreaterThan(0.4);
    expect(lineOf(result, 'cost').p).toBeLessThan(0.05);
    // Somebody who looks through a filter sees estimates, and no verdict.
    const filtered = await resultOf(one, '?environment=default');
    expect(filtered).toMatchObject({ verdict: null, sentence: expect.stringContaining('no verdict') });
    expect(lineOf(filtered, 'cost').difference).toBeCloseTo(-0.3, 2);
    expect((await resultOf(one, '?environment=staging')).comparisons).toEqual([
      expect.objectContaining({ difference: null }),
    ]);
  });

  test('says how many units are missing, and that nothing is compared before', async () => {
    const one = await running();
    await one.project.store([
      ...one.usersOf(0, 110).map((user) => call(1, user, one.began + 100)),
      ...one.usersOf(1, 63).map((user) => call(2, user, one.began + 100)),
    ]);
    harness.wait(3600);
    const result = await resultOf(one);
    expect(result).toMatchObject({
      verdict: 'collecting',
      sentence: 'Collecting: 63 of 100 users in v2. Nothing is compared before.',
    });
    expect(lineOf(result, 'cost')).toMatchObject({ difference: null, low: null, a: close(0.01), b: close(0.01) });
  });

  test('counts a unit by its key, whatever version it was served', async () => {
    const one = await running({ smallestEffect: 0.01 });
    const rows = likeR14(one).map((row, i) => ({
      ...row,
      promptVersion: i % 10 === 0 ? 3 - row.promptVersion! : row.promptVersion!,
    }));
    await one.project.store(rows);
    harness.wait(3600);
    const result = await resultOf(one);
    expect(result.arms.map(({ generations }) => generations)).toEqual([260, 220]);
    expect(lineOf(result, 'cost').difference).toBeCloseTo(Math.expm1(-0.17653561972691073), 9);
    expect(result.keyCheck.agreement).toBeCloseTo(0.9, 9);
    expect(result.notes).toEqual([expect.stringMatching(/^90 % of generations got the arm their user should get/)]);
  });

  test('tells what the key reads as when it is not what it was said to be, and compares once that is corrected', async () => {
    const one = await running();
    const users = Array.from({ length: 500 }, (_, i) => `user-${i}`);
    const slotOf = (user: string): number => one.armOf(`slot:${crc32(user) % 1000}`);
    await one.project.store(
      users.map((user, i) =>
        call(slotOf(user) + 1, user, one.began + 100, { totalCost: (0.01 + (i % 7) * 0.001).toFixed(12) }),
      ),
    );
    harness.wait(3600);
    const wrong = await resultOf(one);
    expect(wrong).toMatchObject({
      verdict: 'key-mismatch',
      keyCheck: { readsAs: { unit: 'user', keyAs: 'slot', agreement: 1 } },
      sentence: expect.stringMatching(/^Only \d\d % of generations .* It reads as slots of the user id: correct it\.$/),
    });
    expect(wrong.comparisons.every(({ difference }) => difference === null)).toBe(true);
    await one.project.patch(`${path}/${one.id}`, { keyAs: 'slot' });
    const right = await resultOf(one);
    expect(right.keyCheck).toEqual({ agreement: 1, withoutUnit: 0, readsAs: null });
    expect(right.verdict).not.toBe('key-mismatch');
    expect(lineOf(right, 'cost').difference).not.toBeNull();
  });

  test('tells that no key is sent when every user sees both versions', async () => {
    const one = await running();
    const users = Array.from({ length: 500 }, (_, i) => `user-${i}`);
    await one.project.store(
      users.flatMap((user, i) =>
        [0, 1, 2].map((c) =>
          call((i + c) % 10 < 7 ? 1 : 2, user, one.began + 100 + c, {
            // One row with a session, which happens to agree, does not make sessions the key.
            sessionId: i === 0 && c === 0 ? one.usersOf(0, 1)[0]! : '',
          }),
        ),
      ),
    );
    harness.wait(3600);
    expect(await resultOf(one)).toMatchObject({
      verdict: 'key-mismatch',
      keyCheck: { readsAs: null },
      sentence: expect.stringMatching(/^Users see both versions: the application sends no key/),
    });
  });

  test('hides every verdict when another split arrived than was configured', async () => {
    const one = await running();
    await one.project.store(
      [0, 1].flatMap((arm) => one.usersOf(arm, 300).map((user) => call(arm + 1, user, one.began + 100))),
    );
    harness.wait(3600);
    const result = await resultOf(one);
    expect(result).toMatchObject({
      verdict: 'mismatch',
      ratioCheck: { isMismatch: true, observed: [0.5, 0.5] },
      sentence: expect.stringMatching(
        /^The split that arrived \(50 \/ 50\) is not the split configured \(70 \/ 30\)\./,
      ),
    });
  });

  test('takes the unit from whatever row of the trace says it, as the trace itself is read; who says none is counted apart', async () => {
    const one = await running({ unit: 'session' });
    const session = (arm: number, i: number): string => {
      for (let n = 0; ; n += 1) if (one.armOf(`session-${i}-${n}`) === arm) return `session-${i}-${n}`;
    };
    const rows: Sample[] = [];
    for (const arm of [0, 1]) {
      for (let i = 0; i < 40; i += 1) {
        const sessionId = session(arm, i);
        const generation = call(arm + 1, 'somebody', one.began + 100);
        const { traceId = '' } = generation;
        const said: Sample[][] = [
          // Said by a trace's own statement, over what a span says.
          [
            { ...generation, sessionId: session(1 - arm, i) },
            { id: traceId, traceId, kind: 'trace', at: one.began + 90, sessionId },
          ],
          // By the root, which is another span.
          [
            { ...generation, parentId: `root-${traceId}` },
            { id: `root-${traceId}`, traceId, at: one.began + 99, sessionId },
          ],
          // By a span an hour before.
          [generation, { id: `before-${traceId}`, traceId, parentId: 'x', at: one.began - 1800, sessionId }],
        ];
        rows.push(...said[i % 3]!);
      }
      for (let i = 0; i < 10; i += 1) rows.push(call(arm + 1, 'somebody', one.began + 100));
    }
    await one.project.store(rows);
    harness.wait(3600);
    const result = await resultOf(one);
    expect(result.arms.map(({ units }) => units)).toEqual([40, 40]);
    expect(result.keyCheck).toMatchObject({ agreement: 1, withoutUnit: close(0.2) });
    expect(result.notes).toEqual(['20 % of generations carry no session id: they are not compared.']);
  });
});

describe('what counts', () => {
  test('is after the first cache time of each stretch, older than ten minutes, of the phase, and of no experiment', async () => {
    const one = await running({ cacheSeconds: 60 });
    const { project, id, began, usersOf } = one;
    const [user] = usersOf(0, 1) as [string];
    const step = (name: string) => project.post(`${path}/${id}/${name}`, undefined);
    const rows = [call(1, user, began + 59), call(1, user, began + 60), call(1, user, began + 299)]; // 2 count
    harness.wait(300);
    await step('pause');
    rows.push(call(1, user, began + 400)); // paused
    harness.wait(300);
    await step('resume');
    rows.push(call(1, user, began + 659), call(1, user, began + 660)); // 1 counts
    rows.push(
      call(1, user, began + 700, { environment: 'langfuse-evaluation' }),
      call(1, user, began + 700, { environment: 'sdk-experiment' }),
      call(1, user, began + 700, { type: 'SPAN' }),
      call(3, user, began + 700),
      call(1, user, began + 700, { promptName: 'other' }),
      call(1, user, began + 700, { environment: 'staging' }), // counts
    );
    harness.wait(600);
    // Who is in an arm that grows stays there.
    const shares = [
      { version: 1, share: 80 },
      { version: 2, share: 20 },
    ];
    await project.patch(`${path}/${id}`, { arms: shares });
    rows.push(call(1, user, began + 1300)); // of phase 2
    harness.wait(300);
    rows.push(call(1, user, began + 1499)); // of phase 2 and too young, for now
    await project.store(rows);
    const generations = async (query = '') => (await resultOf(one, query)).arms.map((arm) => arm.generations);
    expect(await generations('?phase=1')).toEqual([4, 0]);
    harness.wait(500);
    expect(await generations()).toEqual([1, 0]);
    harness.wait(100);
    expect(await generations()).toEqual([2, 0]);
    expect((await resultOf(one)).notes).toEqual([expect.stringMatching(/^Shares changed Nov 20: counted from then\./)]);
    expect(await project.get(`${path}/${id}/result?phase=3`)).toMatchObject({ status: 404 });
  });

  test('only in the environments of the test', async () => {
    const one = await running({ environments: ['production'] });
    const [user] = one.usersOf(0, 1) as [string];
    await one.project.store(
      ['production', 'staging', 'default'].map((environment) => call(1, user, one.began + 100, { environment })),
    );
    harness.wait(3600);
    expect((await resultOf(one)).arms[0]).toMatchObject({ units: 1, generations: 1 });
  });

  test('missing is missing: what has no price is told of, and is no 0', async () => {
    const one = await running();
    await one.project.store(
      [0, 1].flatMap((arm) =>
        one.usersOf(arm, arm === 0 ? 280 : 120).map((user, i) =>
          call(arm + 1, user, one.began + 100, {
            totalCost: arm === 1 && i % 2 === 0 ? null : (0.01 + (i % 3) * 0.001).toFixed(12),
          }),
        ),
      ),
    );
    harness.wait(3600);
    const cost = lineOf(await resultOf(one), 'cost');
    expect(cost).toMatchObject({ missing: [0, 0.5], b: close(0.011) });
    expect(cost.why).toBe('60 of 100 users in v2');
  });
});

test('without a key blocks of time are compared, as computed by hand', async () => {
  const one = await running({ unit: 'none', cacheSeconds: 0 });
  // R16: generations and cost of both versions in five blocks.
  const nA = [10, 12, 0, 9, 14];
  const xA = [1.2, 1.1, 0, 0.9, 1.9];
  const nB = [4, 0, 15, 6, 5];
  const xB = [0.4, 0, 1.2, 0.7, 0.5];
  const times = 15;
  // The first whole block after the start.
  const first = Math.ceil((one.began * 1_000_000 + micros(0)) / 600_000_000) * 600 - micros(0) / 1_000_000;
  const rows: Sample[] = [];
  for (let block = 0; block < 5 * times; block += 1) {
    for (const [version, n, x] of [
      [1, nA, xA],
      [2, nB, xB],
    ] as const) {
      const calls = n[block % 5]!;
      for (let c = 0; c < calls; c += 1) {
        rows.push(call(version, '', first + block * 600 + 10 + c, { totalCost: (x[block % 5]! / calls).toFixed(12) }));
      }
    }
  }
  await one.project.store(rows);
  harness.wait(600 * (5 * times + 5));
  const result = await resultOf(one);
  expect(result.arms).toMatchObject([
    { units: 60, generations: 45 * times },
    { units: 60, generations: 30 * times },
  ]);
  const d = -0.1941560144409575;
  const v = (0.01946717140015046 * (4 / 5) * (75 / 74)) / times;
  const half = halfWidth(v, 0.1, 0.05);
  expect(lineOf(result, 'cost')).toMatchObject({
    difference: close(Math.expm1(d)),
    low: close(Math.expm1(d - half)),
    high: close(Math.expm1(d + half)),
  });
  // Each block once, though both versions are in most.
  expect(result.sentence).toMatch(/, 75 time blocks\.$/);
  expect(result.keyCheck).toEqual({ agreement: null, withoutUnit: 0, readsAs: null });
  expect(lineOf(result, 'costPerUnit')).toBeUndefined();
  expect(lineOf(result, 'latencyP95')).toMatchObject({ a: 1000, b: 1000, difference: 0, low: null });
});

test('scores are compared by the object they are of, with how many have one', async () => {
  const one = await running({ primary: 'score:quality' });
  const rows: Sample[] = [];
  const scores: NonNullable<Parameters<Project['store']>[1]> = [];
  for (const arm of [0, 1]) {
    for (const [i, user] of one.usersOf(arm, arm === 0 ? 350 : 150).entries()) {
      const row = call(arm + 1, user, one.began + 100);
      const { traceId = '' } = row;
      rows.push(row);
      const value = (arm === 0 ? 0.5 : 0.7) + ((i % 5) - 2) * 0.1;
      // Twice on one object: its mean counts.
      scores.push({ id: `a-${traceId}`, traceId, name: 'quality', value: value - 0.1 });
      scores.push({ id: `b-${traceId}`, traceId, name: 'quality', value: value + 0.1 });
      scores.push({
        id: `o-${traceId}`,
        traceId,
        observationId: row.id,
        name: 'kind',
        dataType: 'CATEGORICAL',
        stringValue: i % 3 === 0 ? 'refund' : 'question',
      });
      scores.push({
        id: `t-${traceId}`,
        traceId,
        name: 'tone',
        dataType: 'CATEGORICAL',
        stringValue: `tone-${i % 12}`,
      });
      if (arm === 0 || i % 2 === 0)
        scores.push({
          id: `h-${traceId}`,
          traceId,
          name: 'helpful',
          dataType: 'BOOLEAN',
          value: i % 4 === 0 ? 0 : 1,
          source: 'ANNOTATION',
        });
    }
  }
  // Of a trace that is in no arm.
  rows.push({ id: 'elsewhere', traceId: 'elsewhere', at: one.began + 100 });
  scores.push({ id: 'elsewhere', traceId: 'elsewhere', name: 'quality', value: 100 });
  await one.project.store(rows, scores);
  harness.wait(3600);
  const result = await resultOf(one);
  expect(result.verdict).toBe('different');
  expect(result.sentence).toMatch(
    /^v2 scores higher on quality: quality 0\.200 higher \(0\.\d+ … 0\.\d+\), 500 users\./,
  );
  expect(lineOf(result, 'score:quality')).toMatchObject({
    scale: 'difference',
    a: close(0.5),
    b: close(0.7),
    difference: close(0.2),
    missing: [close(0), close(0)],
  });
  expect(lineOf(result, 'score:helpful')).toMatchObject({
    a: close(262 / 350),
    b: close(37 / 75),
    missing: [close(0), close(0.5)],
    why: '75 of 100 users in v2',
  });
  expect(lineOf(result, 'score:kind:refund')).toMatchObject({
    a: close(117 / 350),
    b: close(50 / 150),
    difference: close(50 / 150 - 117 / 350),
  });
  expect(lineOf(result, 'score:kind:question')).toMatchObject({ a: close(233 / 350), b: close(100 / 150) });
  // The ten most frequent of twelve, and the two others together.
  const tones = result.comparisons.filter(({ measure }) => measure.startsWith('score:tone:'));
  expect(tones).toHaveLength(11);
  expect(lineOf(result, 'score:tone:other')).toMatchObject({ a: close(58 / 350), b: close(24 / 150) });
  const annotated = await resultOf(one, '?scoreSource=ANNOTATION');
  expect(annotated.comparisons.map(({ measure }) => measure).filter((measure) => measure.startsWith('score:'))).toEqual(
    ['score:quality', 'score:helpful'],
  );
  expect(lineOf(annotated, 'score:quality')).toMatchObject({ a: null, difference: null });
});

test.each(['score:rare', 'score:tone:rare'])(
  '%s is compared when it is primary, however seldom it is',
  async (primary) => {
    const one = await running({ primary });
    const rows = [0, 1].flatMap((arm) => one.usersOf(arm, 3).map((user) => call(arm + 1, user, one.began + 100)));
    const scores = rows.flatMap(({ traceId = '' }, i) =>
      i % 3 === 0
        ? [
            { id: `n-${traceId}`, traceId, name: 'rare', value: 0.5 },
            { id: `t-${traceId}`, traceId, name: 'tone', dataType: 'CATEGORICAL' as const, stringValue: 'rare' },
          ]
        : Array.from({ length: 20 }, (_, n) => [
            { id: `n${n}-${traceId}`, traceId, name: `often-${n}`, value: 0.5 },
            {
              id: `t${n}-${traceId}`,
              traceId,
              // Its own object, so that each category is there as often as the others.
              observationId: `part-${n}`,
              name: 'tone',
              dataType: 'CATEGORICAL' as const,
              stringValue: `often-${n}`,
            },
          ]).flat(),
    );
    await one.project.store(rows, scores);
    harness.wait(3600);
    const [first] = (await resultOf(one)).comparisons;
    expect(first).toMatchObject({ measure: primary, isPrimary: true, a: expect.any(Number), b: expect.any(Number) });
  },
);

test('a primary error rate is a difference before there is anything to compare, too', async () => {
  const one = await running({ primary: 'errors' });
  harness.wait(3600);
  expect((await resultOf(one)).comparisons).toEqual([
    expect.objectContaining({ measure: 'errors', scale: 'difference', a: null, difference: null }),
  ]);
});

test('a result is the same for a minute, and is not sent to whoever has it', async () => {
  const one = await running();
  const [user] = one.usersOf(0, 1) as [string];
  await one.project.store([call(1, user, one.began + 100)]);
  harness.wait(3600);
  const first = await one.project.get(`${path}/${one.id}/result`);
  const etag = String(first.headers['etag']);
  expect(first.headers['cache-control']).toBe('private, no-cache');
  await one.project.store([call(1, user, one.began + 200)]);
  expect((await resultOf(one)).arms[0]!.generations).toBe(1);
  const again = await one.project.get(`${path}/${one.id}/result`, { 'if-none-match': etag });
  expect(again).toMatchObject({ status: 304, text: '' });
  harness.wait(60);
  expect((await resultOf(one)).arms[0]!.generations).toBe(2);
});
