import { createScores, ingest } from '@tracehouse/contract/doors';
import {
  createEvent,
  createGeneration,
  createSpan,
  createTrace,
  updateGeneration,
  updateSpan,
} from '@tracehouse/contract/single-objects';
import { exportIgnored, exportLogs, exportTraces } from '@tracehouse/contract/otel';
import { RECEIPT_HEADER, type ReceiptDoor } from '@tracehouse/contract/x-receipts';
import type { Route } from '@tracehouse/contract/route';
import { Answer, bind, type BoundRoute, type RequestContext } from '../http/bind.ts';
import { UnauthorizedError } from '../http/errors.ts';
import type { Principal } from '../identity/principal.ts';
import type { JsonDoor } from './json/ingest.ts';
import type { Scores } from './json/scores.ts';
import { asGeneration, type SingleEvent, type SingleObjects } from './json/single-objects.ts';
import { attribution } from './attribution.ts';
import { type Arrival, arrival } from './ledger/receipt.ts';
import type { Refusals } from './ledger/refusals.ts';
import type { OtlpDoor } from './otlp/door.ts';
import type { LogDoor } from './otlp/log-door.ts';

export interface Doors {
  otlp: OtlpDoor;
  logs: LogDoor;
  json: JsonDoor;
  scores: Scores;
  singleObjects: SingleObjects;
  refusals: Refusals;
  now: () => Date;
  newId: () => string;
}

/** The doors of ingestion. What they answer names the receipt of the request. */
export const ingestRoutes = (doors: Doors): BoundRoute[] => [
  ...otlpRoutes(doors),
  ...singleObjectRoutes(doors),
  bind(ingest, async ({ scope, principal, headers, body }) => {
    const arrived = arrive(doors, { door: 'JSON', route: ingest.path, principal, headers });
    const access = principal.kind === 'browserKey' ? 'scores' : 'project';
    return withReceipt(await doors.json.ingest(scope, access, body, arrived), arrived);
  }),
  bind(createScores, async ({ scope, principal, headers, body }) => {
    const arrived = arrive(doors, { door: 'scores', route: createScores.path, principal, headers });
    const { status, body: answer } = await doors.scores.create(scope, body, arrived);
    return withReceipt(answer, arrived, status);
  }),
];

/** OTLP alone, as the second port serves it. */
export const otlpRoutes = (doors: Pick<Doors, 'otlp' | 'logs' | 'refusals' | 'now' | 'newId'>): BoundRoute[] => [
  ...exportTraces.map((route) =>
    bind(route, ({ scope, principal, headers, body, reserve }) => {
      const sent = body as Uint8Array;
      const arrived = arrive(doors, { door: 'OTLP', route: route.path, principal, headers, bodyBytes: sent.length });
      return doors.otlp.receive(scope, arrived, headers, sent, reserve);
    }),
  ),
  ...exportLogs.map((route) =>
    bind(route, ({ scope, principal, headers, body, reserve }) => {
      const sent = body as Uint8Array;
      const arrived = arrive(doors, { door: 'OTLP', route: route.path, principal, headers, bodyBytes: sent.length });
      return doors.logs.receive(scope, arrived, headers, sent, reserve);
    }),
  ),
  ...exportIgnored.map((route) =>
    bind(route, async ({ scope, principal, headers, body }) => {
      const message = 'OTLP metrics are accepted and not kept';
      const sent = { path: route.path, headers, body: body as Uint8Array };
      const receiptId = await doors.refusals.notKept(sent, { scope, publicKey: publicKeyOf(principal) }, message);
      return new Answer(
        { message: 'OK' as const },
        { ...(receiptId !== null && { headers: { [RECEIPT_HEADER]: receiptId } }) },
      );
    }),
  ),
];

/** Each is one event (S2.4). */
function singleObjectRoutes(doors: Doors): BoundRoute[] {
  const store = async (
    { path }: Pick<Route, 'path'>,
    { scope, principal, headers }: Pick<RequestContext<unknown, unknown, unknown>, 'scope' | 'principal' | 'headers'>,
    event: SingleEvent,
  ): Promise<Answer<{ id: string }>> => {
    const arrived = arrive(doors, { door: 'JSON', route: path, principal, headers });
    return withReceipt({ id: await doors.singleObjects.store(scope, event, arrived) }, arrived);
  };
  return [
    bind(createTrace, (context) => store(createTrace, context, { type: 'trace-create', body: context.body })),
    bind(createSpan, (context) => store(createSpan, context, { type: 'span-create', body: context.body })),
    bind(createEvent, (context) => store(createEvent, context, { type: 'event-create', body: context.body })),
    bind(createGeneration, (context) =>
      store(createGeneration, context, { type: 'generation-create', body: asGeneration(context.body) }),
    ),
    bind(updateSpan, (context) => {
      const { spanId: id, ...changes } = context.body;
      return store(updateSpan, context, { type: 'span-update', body: { ...changes, id } });
    }),
    bind(updateGeneration, (context) => {
      const { generationId: id, ...changes } = context.body;
      return store(updateGeneration, context, { type: 'generation-update', body: { ...asGeneration(changes), id } });
    }),
  ];
}

const withReceipt = <Body>(body: Body, { receiptId }: Arrival, status?: number): Answer<Body> =>
  new Answer(body, { headers: { [RECEIPT_HEADER]: receiptId }, ...(status !== undefined && { status }) });

const arrive = (
  { now, newId }: { now: () => Date; newId: () => string },
  {
    door,
    route,
    principal,
    headers,
    bodyBytes = Number(headers['content-length'] ?? 0) || 0,
  }: {
    door: ReceiptDoor;
    route: string;
    principal: Principal;
    headers: Readonly<Record<string, string | undefined>>;
    bodyBytes?: number;
  },
): Arrival =>
  arrival(
    { now: now(), newId },
    { door, route, publicKey: publicKeyOf(principal), headers, bodyBytes, ...attribution(headers) },
  );

/** The key that sent it; a person's sample trace has none. @throws UnauthorizedError for a principal that may not send */
function publicKeyOf(principal: Principal): string {
  switch (principal.kind) {
    case 'projectKey':
    case 'browserKey':
      return principal.publicKey;
    case 'person':
      return '';
    default:
      throw new UnauthorizedError('No authorization header');
  }
}
