import type { Answer } from '../../http/bind.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { EventStatement } from '../json/events.ts';
import type { StatementStore } from '../json/statement-store.ts';
import { type Arrival, CLOCK_SKEW, DELETED_TRACE, Problems, receiptOf, type ReceiptRow } from '../ledger/receipt.ts';
import type { Refusals } from '../ledger/refusals.ts';
import { createTurns } from '../../turns.ts';
import type { Micros } from '../observation.ts';
import { asApiError, checkHeaders, exportAnswer, type Headers, isProtobuf, type OtlpDoorNeeds } from './door.ts';
import { inflate } from './decompress.ts';
import { type InlineFile, MIN_FILE_BYTES } from './inline-media.ts';
import { decodeLogsJson } from './log-json.ts';
import { decodeLogsProtobuf } from './log-protobuf.ts';
import { readLog, takeFilesOfLog } from './log-statements.ts';
import type { ReceivesLogs } from './receives-logs.ts';
import type { SpansUnderWay } from './spans-under-way.ts';

export interface LogDoorNeeds extends Pick<OtlpDoorNeeds, 'maxFileBytes' | 'keepFiles'> {
  store: Pick<StatementStore, 'store'>;
  receivesLogs: Pick<ReceivesLogs, 'note'>;
  spansUnderWay: Pick<SpansUnderWay, 'waitFor'>;
  refusals: Pick<Refusals, 'notKept'>;
  /** Told once it is written. */
  onReceipt(receipt: ReceiptRow): void;
  now(): Micros;
}

export type LogDoor = ReturnType<typeof createLogDoor>;

/**
 * The OTLP/HTTP log door. Of log records it keeps the GenAI events that carry what went into a model and what came out, as part
 * of the observation of their span; others are accepted and not kept, which the ledger says.
 */
export function createLogDoor({
  store,
  receivesLogs,
  spansUnderWay,
  maxFileBytes,
  keepFiles,
  refusals,
  onReceipt,
  now,
}: LogDoorNeeds) {
  return {
    /**
     * Resolves once what is kept is stored. `reserve` is told of bytes that inflating makes, and may refuse them.
     * @throws InvalidRequestError, TooLargeError, OverloadedError
     */
    async receive(
      scope: ProjectScope,
      arrived: Arrival,
      headers: Headers,
      body: Uint8Array,
      reserve: (bytes: number) => void,
    ): Promise<Answer<unknown>> {
      checkHeaders(headers);
      try {
        const pieces = await inflate(body, headers['content-encoding'], reserve);
        const whole = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
        const { logs, others, refused } = (isProtobuf(headers) ? decodeLogsProtobuf : decodeLogsJson)(whole);
        if (logs.length === 0 && refused.size === 0) {
          const sent = { path: arrived.route, headers, body };
          const receiptId = await refusals.notKept(sent, { scope, publicKey: arrived.publicKey }, NOT_KEPT);
          return exportAnswer(headers, receiptId, { count: 0, message: '', field: REFUSED });
        }
        const { publicKey, sdkName, sdkVersion } = arrived;
        const sender = { publicKey, sdkName, sdkVersion, projectId: scope.projectId, receivedAt: now() };
        if (logs.length > 0) await receivesLogs.note(scope);
        const mayHoldFiles = maxFileBytes > 0 && whole.length >= MIN_FILE_BYTES;
        const files: InlineFile[] = [];
        const events: EventStatement[] = [];
        const turns = createTurns();
        for (const log of logs) {
          if (turns.isUp()) await turns.pass();
          events.push(readLog(mayHoldFiles ? takeFilesOfLog(log, maxFileBytes, files) : log, sender));
        }
        if (files.length > 0) await keepFiles(scope, files);

        const problems = new Problems();
        let rejected = 0;
        for (const [reason, count] of refused) {
          problems.add(reason.startsWith('traceId') || reason.startsWith('spanId') ? 'bad_id' : 'bad_value', reason, {
            count,
          });
          rejected += count;
        }
        if (others > 0) problems.add('not_kept', NOT_KEPT, { count: others });
        const ids = new Set(logs.map(({ spanId }) => spanId));
        for (let wait; (wait = spansUnderWay.waitFor(scope, ids));) await wait;
        // Nothing awaits in between: from here on, spans of these ids wait for what is said here.
        let receipt: ReceiptRow | undefined;
        await store.store(scope, { events }, sender.receivedAt, ({ dropped, traceIds }) => {
          const lost = dropped.reduce((sum, { count }) => sum + count, 0);
          for (const { id, traceId, count } of dropped) {
            problems.add('deleted_trace', DELETED_TRACE, { itemId: id, traceId, count });
          }
          const adjusted = events.filter(({ entity }) => entity.isTimeAdjusted);
          for (const { entity } of adjusted) problems.add('clock_skew', CLOCK_SKEW, { itemId: entity.id });
          receipt = receiptOf(scope.projectId, arrived, {
            status: 200,
            stored: events.length - lost,
            rejected,
            acknowledgedOnly: lost + others,
            adjusted: adjusted.length,
            problems,
            traceIds,
          });
          return { receipt, refusedBody: null };
        });
        if (receipt) onReceipt(receipt);
        const message = [...refused].map(([reason, count]) => `${reason} (${count})`).join(', ');
        return exportAnswer(headers, arrived.receiptId, { count: rejected, message, field: REFUSED });
      } catch (error) {
        throw asApiError(error);
      }
    },
  };
}

const REFUSED = 'rejectedLogRecords';
const NOT_KEPT = 'Of OTLP logs, GenAI events with what went into a model and what came out are kept; this is none';
