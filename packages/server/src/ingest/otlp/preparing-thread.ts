// Runs in a thread of its own: one job a message, one answer a job.
import { parentPort } from 'node:worker_threads';
import { createBuiltInPrices } from '../price/built-in-prices.ts';
import { createOwnPrices } from '../price/own-models.ts';
import { createPricing } from '../price/pricing.ts';
import { type PrepareJob, type PreparedRows, prepareRows, rowsOnly } from './prepare.ts';
import type { ObservationRow } from '../observation.ts';
import { OtlpParseError } from './span.ts';

/** What it answers; anything else that goes wrong ends the thread. */
export type PrepareAnswer = { prepared: PreparedRows } | { rows: ObservationRow[] } | { malformed: string };

const builtIn = createBuiltInPrices();
const withoutOwn = createPricing({ books: [builtIn] });

function answer(job: PrepareJob): void {
  try {
    if (job.only !== undefined) {
      parentPort!.postMessage({ rows: rowsOnly(job, job.only) } satisfies PrepareAnswer, []);
      return;
    }
    const { priceRow } =
      job.models.length === 0 ? withoutOwn : createPricing({ books: [createOwnPrices(job.models), builtIn] });
    const prepared = prepareRows(job, priceRow);
    const { bytes, traces, ends, startTimes, adjusted, large, files } = prepared;
    const columns = [
      bytes,
      traces,
      ends,
      startTimes,
      adjusted,
      ...large.map(({ text }) => text.bytes),
      ...ownBytes(files),
    ];
    const transfer = columns.map(({ buffer }) => buffer as ArrayBuffer);
    parentPort!.postMessage({ prepared } satisfies PrepareAnswer, transfer);
  } catch (error) {
    if (!(error instanceof OtlpParseError)) throw error;
    parentPort!.postMessage({ malformed: error.message } satisfies PrepareAnswer, []);
  }
}

parentPort!.on('message', answer);

/** Short ones lie in a buffer that others use; they are copied. */
const ownBytes = (files: PreparedRows['files']): Uint8Array[] =>
  files.map(({ bytes }) => bytes).filter(({ buffer, length }) => buffer.byteLength === length);
