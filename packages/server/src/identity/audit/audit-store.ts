import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import type { Actor, AuditEntry } from './audit.ts';

/** Of `before` and of `after`, as JSON; of what is larger only the size is kept. */
const MAX_JSON = 100_000;

/** The organization of a project's line is read from the project; that of one just deleted has to be named by its organization. */
export async function insertAuditRows(
  db: Postgres,
  { at, actor }: { at: Date; actor: Actor },
  entries: readonly ({ id: string } & AuditEntry)[],
): Promise<void> {
  const lines = entries.map(({ id, place, action, objectType, objectId, before, after, refusedFor }) => ({
    id,
    organization_id: place !== null && 'organizationId' in place ? place.organizationId : null,
    project_id: place !== null && 'projectId' in place ? place.projectId : null,
    action,
    object_type: objectType,
    object_id: objectId,
    before: bounded(before),
    after: bounded(after),
    refused_for: refusedFor ?? null,
  }));
  await db.rows(sql`
    INSERT INTO audit_log (id, at, organization_id, project_id, actor_kind, actor_id, actor_name, session_id, ip, user_agent,
      action, object_type, object_id, before, after, refused_for)
    SELECT l.id, ${at}, COALESCE(l.organization_id, p.organization_id), l.project_id, ${actor.kind}, ${actor.id}, ${actor.name},
      ${actor.sessionId}, ${actor.ip}, ${actor.userAgent}, l.action, l.object_type, l.object_id, l.before, l.after, l.refused_for
    FROM jsonb_to_recordset(${storableJson(lines)}::jsonb) AS l (id text, organization_id text, project_id text, action text,
      object_type text, object_id text, before jsonb, after jsonb, refused_for text)
    LEFT JOIN projects p ON p.id = l.project_id`);
}

function bounded(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  const { length } = JSON.stringify(value);
  return length > MAX_JSON ? { tooLargeToKeep: `${length} characters` } : value;
}

/** As JSON that `jsonb` takes: without NUL and half characters, which people do write into names. */
const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'string') return storable(part);
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).map(([key, inner]) => [storable(key), inner]));
  });

const storable = (text: string): string => text.replaceAll('\0', '\uFFFD').toWellFormed();
