import type { Postgres } from '../stores/postgres/postgres.ts';
import { json, sql } from '../stores/postgres/sql.ts';
import type { Actor, AuditEntry } from './audit.ts';

const jsonOrNull = (value: unknown): string | null => (value === undefined || value === null ? null : json(value));

/** The organization of a project's line is read from the project; that of one just deleted has to be named by its organization. */
export async function insertAuditRow(
  db: Postgres,
  { id, at, actor, entry }: { id: string; at: Date; actor: Actor; entry: AuditEntry },
): Promise<void> {
  const { place } = entry;
  const projectId = place !== null && 'projectId' in place ? place.projectId : null;
  const organizationId = place !== null && 'organizationId' in place ? place.organizationId : null;
  await db.rows(sql`
    INSERT INTO audit_log (id, at, organization_id, project_id, actor_kind, actor_id, actor_name, session_id, ip, user_agent,
      action, object_type, object_id, before, after, refused_for)
    VALUES (${id}, ${at},
      COALESCE(${organizationId}, (SELECT organization_id FROM projects WHERE id = ${projectId})), ${projectId},
      ${actor.kind}, ${actor.id}, ${actor.name}, ${actor.sessionId}, ${actor.ip}, ${actor.userAgent}, ${entry.action},
      ${entry.objectType}, ${entry.objectId}, ${jsonOrNull(entry.before)}, ${jsonOrNull(entry.after)}, ${entry.refusedFor ?? null})`);
}
