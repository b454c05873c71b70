import { exportIgnored, exportTraces } from '@tracehouse/contract/otel';
import { listDoorRequests } from '@tracehouse/contract/x-door';
import { bind, type BoundRoute } from '../http/bind.ts';
import { UnauthorizedError } from '../http/errors.ts';
import type { Principal } from '../identity/principal.ts';
import type { DoorLog } from './door-log.ts';
import type { OtlpDoor } from './otlp/door.ts';

/** The doors of ingestion, and what became of the last requests through them. */
export const ingestRoutes = ({ otlp, doorLog }: { otlp: OtlpDoor; doorLog: DoorLog }): BoundRoute[] => [
  ...otlpRoutes(otlp),
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
