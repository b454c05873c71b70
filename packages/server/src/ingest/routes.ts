import { createScores, ingest } from '@tracehouse/contract/doors';
import { exportIgnored, exportTraces } from '@tracehouse/contract/otel';
import { listDoorRequests } from '@tracehouse/contract/x-door';
import { Answer, bind, type BoundRoute } from '../http/bind.ts';
import { UnauthorizedError } from '../http/errors.ts';
import type { Principal } from '../identity/principal.ts';
import type { DoorLog } from './door-log.ts';
import type { RequestSource } from './json/events.ts';
import type { JsonDoor } from './json/ingest.ts';
import type { Scores } from './json/scores.ts';
import { attribution } from './attribution.ts';
import type { OtlpDoor } from './otlp/door.ts';

/** The doors of ingestion, and what became of the last requests through them. */
export const ingestRoutes = ({
  otlp,
  json,
  scores,
  doorLog,
}: {
  otlp: OtlpDoor;
  json: JsonDoor;
  scores: Scores;
  doorLog: DoorLog;
}): BoundRoute[] => [
  ...otlpRoutes(otlp),
  bind(ingest, ({ scope, principal, headers, body }) =>
    json.ingest(scope, principal.kind === 'browserKey' ? 'scores' : 'project', body, sourceOf(principal, headers)),
  ),
  bind(createScores, async ({ scope, principal, headers, body }) => {
    const { status, body: answer } = await scores.create(scope, body, sourceOf(principal, headers));
    return new Answer(answer, { status });
  }),
  bind(listDoorRequests, ({ scope }) => ({ data: doorLog.recent(scope) })),
];

/** OTLP alone, as the second port serves it. */
export const otlpRoutes = (otlp: OtlpDoor): BoundRoute[] => [
  ...exportTraces.map((route) =>
    bind(route, ({ scope, principal, headers, body }) =>
      otlp.receive(scope, publicKeyOf(principal), headers, body as Uint8Array),
    ),
  ),
  ...exportIgnored.map((route) => bind(route, () => ({ message: 'OK' as const }))),
];

const sourceOf = (principal: Principal, headers: Readonly<Record<string, string | undefined>>): RequestSource => ({
  publicKey: publicKeyOf(principal),
  ...attribution(headers),
});

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
