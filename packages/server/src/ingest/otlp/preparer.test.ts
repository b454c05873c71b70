import { isMarkedAsUntransferable } from 'node:worker_threads';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { OverloadedError } from '../../http/errors.ts';
import { exampleSender } from './example-span.ts';
import { createPreparer } from './preparer.ts';
import { OtlpParseError } from './span.ts';

const log = pino({ level: 'silent' });
const job = (body = '{"resourceSpans":[]}') => ({
  pieces: [new Uint8Array(Buffer.from(body))],
  isProtobuf: false,
  options: exampleSender,
  models: [],
  maxFileBytes: 0,
});
test('a body whose pieces lie in a buffer that others use is read, and they keep it', async () => {
  const pieces = ['{"resource', 'Spans":[]}'].map((piece) => Buffer.from(piece));
  expect(isMarkedAsUntransferable(pieces[0]!.buffer)).toBe(true);
  expect(await createPreparer({ log }).prepare({ ...job(), pieces })).toMatchObject({ ids: [] });
  expect(pieces[0]!.toString()).toBe('{"resource');
});

/** A thread that does this with each job. */
const thread = (does: string): URL =>
  new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; ${does}`)}`);

test.each([
  ['fails', "parentPort.on('message', () => { throw new Error('of the test'); });"],
  ['ends', "parentPort.on('message', () => process.exit(0));"],
  ['says nothing', "parentPort.on('message', () => undefined);"],
])('when the thread %s, all are told to send again, each by its own try', async (_what, does) => {
  const preparer = createPreparer({ log, jobMs: 300, thread: thread(does) });
  const outcomes = await Promise.allSettled([preparer.prepare(job()), preparer.prepare(job())]);
  for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: expect.any(OverloadedError) });
});

test('after a failure the next job has a new thread, and so it has after a time without any', async () => {
  const preparer = createPreparer({ log, idleMs: 0 });
  await expect(preparer.prepare(job('{'))).rejects.toThrow(OtlpParseError);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await preparer.prepare(job())).toMatchObject({ ids: [], rejected: { count: 0 } });
});
