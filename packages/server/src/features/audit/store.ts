import type { AuditActorKind, AuditFilter } from '@tracehouse/contract/x-audit-log';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type Sql, sql } from '../../stores/postgres/sql.ts';
import type { OrganizationScope, ProjectScope } from '../../stores/scope.ts';

/** A line without what the object was and is. */
export interface LineRow {
  id: string;
  at: Date;
  project_id: string | null;
  project_name: string | null;
  actor_kind: AuditActorKind;
  actor_id: string | null;
  actor_name: string | null;
  session_id: string | null;
  ip: string | null;
  user_agent: string | null;
  action: string;
  object_type: string;
  object_id: string | null;
  object_name: string | null;
  refused_for: string | null;
}

export interface WholeLineRow extends LineRow {
  before: unknown;
  after: unknown;
}

/** Whose log it is. */
export type LogScope = ProjectScope | OrganizationScope;

/** Where a line stands: by time, then by id. */
export interface LinePosition {
  at: Date;
  id: string;
}

/** Where the newest lines of the log stand, before `after`, within the filter's times and about its object; nothing else of it counts. */
export function selectPositions(
  db: Postgres,
  scope: LogScope,
  { from, to, objectId }: Pick<AuditFilter, 'from' | 'to' | 'objectId'>,
  { after, limit }: { after: LinePosition | null; limit: number },
): Promise<LinePosition[]> {
  const where = sql`
    ${after ? sql`AND (l.at, l.id) < (${after.at}, ${after.id})` : sql``}
    ${from === undefined ? sql`` : sql`AND l.at >= ${new Date(from)}`}
    ${to === undefined ? sql`` : sql`AND l.at < ${new Date(to)}`}
    ${objectId === undefined ? sql`` : sql`AND l.object_id = ${objectId}`}`;
  // Each part by its own index, and no more of it than is asked for.
  const parts = placesOf(scope)
    .map(
      (place) => sql`(
      SELECT l.at, l.id FROM audit_log l WHERE ${place} ${where} ORDER BY l.at DESC, l.id DESC LIMIT ${limit})`,
    )
    .reduce((all, part) => sql`${all} UNION ALL ${part}`);
  return db.rows<LinePosition>(sql`SELECT at, id FROM (${parts}) AS l ORDER BY at DESC, id DESC LIMIT ${limit}`);
}

/** Those of the lines that the rest of the filter finds, newest first; `whole` says what the objects were and are. */
export const selectLines = <Whole extends boolean>(
  db: Postgres,
  positions: readonly LinePosition[],
  filter: AuditFilter,
  { limit, whole }: { limit: number; whole: Whole },
): Promise<(Whole extends true ? WholeLineRow : LineRow)[]> =>
  db.rows(sql`
    SELECT ${lineColumns}${whole ? wholeColumns : sql``}
    FROM audit_log l
    ${joins}
    WHERE l.id = ANY(${positions.map(({ id }) => id)}::text[]) ${conditions(filter)}
    ORDER BY l.at DESC, l.id DESC
    LIMIT ${limit}`);

export async function selectLine(db: Postgres, scope: LogScope, id: string): Promise<WholeLineRow | null> {
  const isThere = placesOf(scope).reduce((any, place) => sql`${any} OR (${place})`, sql`false`);
  const [row] = await db.rows<WholeLineRow>(sql`
    SELECT ${lineColumns}${wholeColumns}
    FROM audit_log l
    ${joins}
    WHERE l.id = ${id} AND (${isThere})`);
  return row ?? null;
}

/** How many are gone; the oldest `limit` at the most. */
export async function deleteLinesBefore(db: Postgres, before: Date, limit: number): Promise<number> {
  const rows = await db.rows(sql`
    DELETE FROM audit_log
    WHERE id IN (SELECT id FROM audit_log WHERE at < ${before} ORDER BY at LIMIT ${limit})
    RETURNING 1 AS gone`);
  return rows.length;
}

const lineColumns = sql`
  l.id, l.at, l.project_id, p.name AS project_name, l.actor_kind, l.actor_id, l.actor_name, l.session_id, l.ip, l.user_agent,
  l.action, l.object_type, l.object_id, l.refused_for,
  left(COALESCE(l.after ->> 'name', l.after ->> 'modelName', l.after ->> 'email', l.after ->> 'note',
    l.before ->> 'name', l.before ->> 'modelName', l.before ->> 'email', l.before ->> 'note', u.email), 200) AS object_name`;
const wholeColumns = sql`, l.before, l.after`;
const joins = sql`
  LEFT JOIN projects p ON p.id = l.project_id
  LEFT JOIN users u ON u.id = l.object_id AND l.object_type IN ('membership', 'projectMembership', 'user')`;

/** What a person does to the own account belongs to no organization: it is in the log of each that they are a member of. */
function placesOf(scope: LogScope): Sql[] {
  if ('projectId' in scope) return [sql`l.project_id = ${scope.projectId}`];
  const members = sql`SELECT m.user_id FROM organization_memberships m WHERE m.organization_id = ${scope.organizationId}`;
  return [
    sql`l.organization_id = ${scope.organizationId}`,
    sql`l.organization_id IS NULL AND (
      (l.actor_kind = 'person' AND l.actor_id IN (${members})) OR (l.object_type = 'user' AND l.object_id IN (${members})))`,
  ];
}

function conditions({ actor, action, objectType, refused, q }: AuditFilter): Sql {
  const and: Sql[] = [];
  if (actor !== undefined) and.push(sql`AND (l.actor_id = ${actor} OR ${holds(sql`l.actor_name`, actor)})`);
  if (action !== undefined) and.push(sql`AND l.action = ${action}`);
  if (objectType !== undefined) and.push(sql`AND l.object_type = ${objectType}`);
  if (refused !== undefined) and.push(refused ? sql`AND l.refused_for IS NOT NULL` : sql`AND l.refused_for IS NULL`);
  if (q !== undefined)
    and.push(sql`AND (${searched.reduce((any, column) => sql`${any} OR ${holds(column, q)}`, sql`false`)})`);
  return and.reduce((all, condition) => sql`${all} ${condition}`, sql``);
}

const searched = [
  sql`l.actor_name`,
  sql`l.ip`,
  sql`l.action`,
  sql`l.object_type`,
  sql`l.object_id`,
  sql`l.refused_for`,
  sql`l.before::text`,
  sql`l.after::text`,
];

const holds = (column: Sql, part: string): Sql => sql`strpos(lower(${column}), lower(${part})) > 0`;
