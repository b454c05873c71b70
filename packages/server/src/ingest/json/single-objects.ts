import type { IngestionEvent } from '@tracehouse/contract/ingestion';
import { InvalidRequestError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { type Arrival, CLOCK_SKEW, DELETED_TRACE, Problems, receiptOf, type ReceiptRow } from '../ledger/receipt.ts';
import type { Micros } from '../observation.ts';
import { isDeeperThan, MAX_DEPTH } from './depth.ts';
import { readEvent } from './events.ts';
import type { StatementStore } from './statement-store.ts';
import { toIso } from './time.ts';

type TypeOfSingle =
  | 'trace-create'
  | 'span-create'
  | 'span-update'
  | 'generation-create'
  | 'generation-update'
  | 'event-create';

/** An event as a single object states it: without a time of its own, its id left to us where there is none. */
export type SingleEvent = {
  [Type in TypeOfSingle]: {
    type: Type;
    body: Omit<Extract<IngestionEvent, { type: Type }>['body'], 'id'> & { id?: string | null | undefined };
  };
}[TypeOfSingle];

export type SingleObjects = ReturnType<typeof createSingleObjects>;

/** The routes for one object a request (S2.4): each is one event of the JSON door. */
export function createSingleObjects({
  store,
  onReceipt,
  now,
  newId,
}: {
  store: StatementStore;
  /** Told once it is written. */
  onReceipt(receipt: ReceiptRow): void;
  now: () => Micros;
  newId: () => string;
}) {
  let lastTime: Micros = 0;
  return {
    /**
     * Answers the id once it is stored. One of a trace deleted in the last 24 h is acknowledged and not stored.
     * @throws InvalidRequestError, OverloadedError when it could not be stored
     */
    async store(scope: ProjectScope, event: SingleEvent, arrived: Arrival): Promise<string> {
      if (isDeeperThan(event.body, MAX_DEPTH)) {
        throw new InvalidRequestError(`The object is nested more than ${MAX_DEPTH} levels deep`);
      }
      const { projectId } = scope;
      const { publicKey, sdkName, sdkVersion } = arrived;
      // These say no time, so what comes second is newer, also within one tick of the clock.
      const receivedAt = (lastTime = Math.max(now(), lastTime + 1));
      const id = event.body.id ?? newId();
      const whole = { ...event, id: newId(), timestamp: toIso(receivedAt), body: { ...event.body, id } };
      const sender = { projectId, publicKey, sdkName, sdkVersion, receivedAt };
      const statement = readEvent(whole as Extract<IngestionEvent, { type: TypeOfSingle }>, sender)!;
      let receipt: ReceiptRow | undefined;
      await store.store(scope, { events: [statement] }, receivedAt, ({ dropped: [dropped], traceIds }) => {
        const { isTimeAdjusted } = statement.entity;
        const problems = new Problems();
        if (dropped) problems.add('deleted_trace', DELETED_TRACE, { itemId: id, traceId: dropped.traceId });
        if (isTimeAdjusted) problems.add('clock_skew', CLOCK_SKEW, { itemId: id });
        const counts = { stored: dropped ? 0 : 1, rejected: 0, acknowledgedOnly: dropped ? 1 : 0 };
        const outcome = { status: 200, ...counts, adjusted: Number(isTimeAdjusted), problems, traceIds };
        receipt = receiptOf(projectId, arrived, outcome);
        return { receipt, refusedBody: null };
      });
      if (receipt) onReceipt(receipt);
      return id;
    },
  };
}

/** `prompt` and `completion` were the first names of a generation's input and output. */
export function asGeneration<
  Body extends { prompt?: unknown; completion?: unknown; input?: unknown; output?: unknown },
>({ prompt, completion, ...body }: Body): Omit<Body, 'prompt' | 'completion'> {
  return {
    ...body,
    ...(body.input === undefined && prompt !== undefined && { input: prompt }),
    ...(body.output === undefined && completion !== undefined && { output: completion }),
  };
}
