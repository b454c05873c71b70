import { randomUUID } from 'node:crypto';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { insertAuditRows } from './audit-store.ts';
import type { Principal } from '../principal.ts';

/** Who does something, as the audit log says it. */
export interface Actor {
  kind: 'person' | 'projectKey' | 'organizationKey' | 'adminKey' | 'system';
  id: string | null;
  /** An e-mail address, a public key, or the part of the program. */
  name: string | null;
  sessionId: string | null;
  ip: string | null;
  userAgent: string | null;
}

/** The part of the program that acts by itself. */
export const systemActor = (name: string): Actor => ({
  kind: 'system',
  id: null,
  name,
  sessionId: null,
  ip: null,
  userAgent: null,
});

const MAX_USER_AGENT = 500;

/** Where a request came from. */
export interface Visit {
  ip: string | null;
  userAgent: string | null | undefined;
}

/** Somebody at the door, who has no session yet; `id` null: nobody has this name. */
export const personActor = (
  { id, email }: { id: string | null; email: string | null },
  { ip, userAgent }: Visit,
): Actor => ({
  kind: 'person',
  id,
  name: email,
  sessionId: null,
  ip,
  userAgent: userAgent?.slice(0, MAX_USER_AGENT) ?? null,
});

/** Null for who asks without saying who they are. */
export function actorOf(
  principal: Principal,
  { ip, userAgent = null }: { ip: string; userAgent: string | null | undefined },
): Actor | null {
  const from = { ip, userAgent: userAgent?.slice(0, MAX_USER_AGENT) ?? null };
  switch (principal.kind) {
    case 'person':
      return { kind: 'person', id: principal.userId, name: principal.email, sessionId: principal.sessionId, ...from };
    case 'projectKey':
    case 'browserKey':
      return { kind: 'projectKey', id: principal.keyId, name: principal.publicKey, sessionId: null, ...from };
    case 'organizationKey':
      return { kind: 'organizationKey', id: principal.keyId, name: principal.publicKey, sessionId: null, ...from };
    case 'adminKey':
      return { kind: 'adminKey', id: null, name: 'ADMIN_API_KEY', sessionId: null, ...from };
    default:
      return null;
  }
}

type Place = { readonly organizationId: string } | { readonly projectId: string } | null;

/** One thing that was done, or refused. No secret belongs into `before` and `after`. */
export interface AuditEntry {
  /** The organization or the project (of which the organization follows); null for what a person does to the own account. */
  place: Place;
  /** A verb: `create`, `update`, `delete`, `revoke`, `sign-in`, … */
  action: string;
  /** A noun of the field: `apiKey`, `membership`, `invitation`, `model`, `session`, … */
  objectType: string;
  objectId: string | null;
  /** What it was; absent for what is new. */
  before?: unknown;
  /** What it is now; absent for what is gone. */
  after?: unknown;
  /** Why it was not done. */
  refusedFor?: string;
}

let written = 0;
/** Of lines of the same moment the one that was written later is the newer. */
function newLineId(): string {
  written += 1;
  return `${written.toString(36).padStart(7, '0')}-${randomUUID()}`;
}

/** Writes lines of the audit log. Belongs into the transaction of the change, so that neither is there without the other. */
export async function recordAudit(db: Postgres, actor: Actor, at: Date, ...entries: AuditEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const lines = entries.map((entry) => ({ id: newLineId(), ...entry }));
  await insertAuditRows(db, { at, actor }, lines);
}

/** Refusals of one actor that are written a minute; more say nothing new. */
const REFUSALS_A_MINUTE = 60;

export type RefusalAudit = ReturnType<typeof createRefusalAudit>;

/** Writes what was refused to somebody known, a bounded number a minute and actor. Never rejects. */
export function createRefusalAudit({
  postgres,
  now,
  onFailure,
}: {
  postgres: Postgres;
  now: () => Date;
  onFailure(error: unknown): void;
}) {
  let minute = 0;
  const counts = new Map<string, number>();
  return async (actor: Actor, entry: AuditEntry & { refusedFor: string }): Promise<void> => {
    const at = now();
    const current = Math.floor(at.getTime() / 60_000);
    if (current !== minute) counts.clear();
    minute = current;
    const who = `${actor.kind} ${actor.id ?? ''}`;
    const count = (counts.get(who) ?? 0) + 1;
    counts.set(who, count);
    if (count > REFUSALS_A_MINUTE) return;
    await recordAudit(postgres, actor, at, entry).catch(onFailure);
  };
}
