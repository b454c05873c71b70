import { Role } from '@tracehouse/contract/roles';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { json, type Sql, sql } from '../../stores/postgres/sql.ts';
import type { OrganizationScope } from '../../stores/scope.ts';
import { filterCondition, type Filterables } from './filter.ts';

/** What an identity provider says of a person and we keep, in the form of RFC 7643. */
export interface Attributes {
  displayName?: string;
  name?: { formatted?: string; givenName?: string; familyName?: string };
  emails?: { value: string; type?: string; primary?: boolean }[];
}

/** A person as the organization's SCIM shows them: its members, and those whom it has deactivated. */
export interface PersonRow {
  id: string;
  user_name: string;
  /** What the client calls the person; else the subject of a member's account at an identity provider. */
  external_id: string | null;
  /** What the client calls the person. */
  said_external_id: string | null;
  attributes: Attributes;
  /** Of who is deactivated: the one they get when they come back. */
  role: Role;
  active: boolean;
  is_member: boolean;
  has_record: boolean;
  created_at: Date;
  updated_at: Date;
}

/**
 * Whoever is no member is shown by the organization's own record alone: what became of their account is not its business. Nor is
 * how somebody signed in who was made a member by a record and has not come since.
 */
const people = ({ organizationId }: OrganizationScope): Sql => sql`
  SELECT u.id, COALESCE(s.user_name, u.email) AS user_name, COALESCE(s.external_id, i.subject) AS external_id,
    s.external_id AS said_external_id, COALESCE(s.attributes, jsonb_build_object(
      'name', jsonb_strip_nulls(jsonb_build_object('formatted', u.name)),
      'emails', jsonb_build_array(jsonb_build_object('primary', true, 'value', u.email, 'type', 'work')))) AS attributes,
    COALESCE(om.role, s.role, 'NONE') AS role, om.user_id IS NOT NULL OR COALESCE(s.waits, false) AS active,
    om.user_id IS NOT NULL AS is_member, s.user_id IS NOT NULL AS has_record,
    COALESCE(s.created_at, om.created_at) AS created_at,
    GREATEST(COALESCE(s.updated_at, om.updated_at), COALESCE(om.updated_at, s.updated_at)) AS updated_at
  FROM (
    SELECT user_id FROM organization_memberships WHERE organization_id = ${organizationId}
    UNION
    SELECT user_id FROM scim_users WHERE organization_id = ${organizationId}
  ) known
  JOIN users u ON u.id = known.user_id
  LEFT JOIN organization_memberships om ON om.organization_id = ${organizationId} AND om.user_id = u.id
  LEFT JOIN scim_users s ON s.organization_id = ${organizationId} AND s.user_id = u.id
  LEFT JOIN LATERAL (
    SELECT subject
    FROM identities
    WHERE user_id = om.user_id AND (s.created_at IS NULL OR last_login_at >= s.created_at)
    ORDER BY provider = 'keycloak' DESC, last_login_at DESC
    LIMIT 1
  ) i ON true`;

const columns = sql`p.id, p.user_name, p.external_id, p.said_external_id, p.attributes, p.role, p.active, p.is_member, p.has_record, p.created_at,
  p.updated_at`;

/** What `filter` may name of a user. */
export const personFilterables: Filterables = new Map([
  ['id', { type: 'exactText', value: sql`p.id` }],
  ['username', { type: 'text', value: sql`p.user_name` }],
  ['externalid', { type: 'exactText', value: sql`p.external_id` }],
  ['displayname', { type: 'text', value: sql`(p.attributes ->> 'displayName')` }],
  ['name.formatted', { type: 'text', value: sql`(p.attributes -> 'name' ->> 'formatted')` }],
  ['name.givenname', { type: 'text', value: sql`(p.attributes -> 'name' ->> 'givenName')` }],
  ['name.familyname', { type: 'text', value: sql`(p.attributes -> 'name' ->> 'familyName')` }],
  ['active', { type: 'boolean', value: sql`p.active` }],
  ['urn:ietf:params:scim:schemas:extension:langfuse:2.0:user:orgrole', { type: 'text', value: sql`p.role` }],
  ['meta.created', { type: 'time', value: sql`p.created_at` }],
  ['meta.lastmodified', { type: 'time', value: sql`p.updated_at` }],
  [
    'roles',
    {
      type: 'list',
      of: new Map([
        ['', { type: 'text', value: sql`p.role` }],
        ['value', { type: 'text', value: sql`p.role` }],
        ['primary', { type: 'boolean', value: sql`true` }],
      ]),
      some: (condition: Sql) => condition,
    },
  ],
  [
    'emails',
    {
      type: 'list',
      of: new Map([
        ['', { type: 'text', value: sql`(email ->> 'value')` }],
        ['value', { type: 'text', value: sql`(email ->> 'value')` }],
        ['type', { type: 'text', value: sql`(email ->> 'type')` }],
        ['primary', { type: 'boolean', value: sql`(email ->> 'primary')::boolean` }],
      ]),
      some: (condition: Sql) => sql`EXISTS (
        SELECT 1
        FROM jsonb_array_elements(COALESCE(p.attributes -> 'emails', '[]')) AS email
        WHERE ${condition})`,
    },
  ],
]);

/** A page in the order in which people came, and how many there are in all. `condition` is over `p`. */
export async function selectPeople(
  db: Postgres,
  scope: OrganizationScope,
  { condition = sql`true`, offset, limit }: { condition?: Sql | undefined; offset: number; limit: number },
): Promise<{ total: number; rows: PersonRow[] }> {
  const [counted] = await db.rows<{ total: number }>(sql`
    SELECT count(*)::int AS total FROM (${people(scope)}) p WHERE ${condition}`);
  const rows = await db.rows<PersonRow>(sql`
    SELECT ${columns}
    FROM (${people(scope)}) p
    WHERE ${condition}
    ORDER BY p.created_at, p.id
    OFFSET ${offset}
    LIMIT ${limit}`);
  return { total: counted?.total ?? 0, rows };
}

async function selectOne(db: Postgres, scope: OrganizationScope, condition: Sql): Promise<PersonRow | null> {
  const [row] = await db.rows<PersonRow>(sql`SELECT ${columns} FROM (${people(scope)}) p WHERE ${condition} LIMIT 1`);
  return row ?? null;
}

/** Null for somebody the organization does not know. */
export const selectPerson = (db: Postgres, scope: OrganizationScope, id: string): Promise<PersonRow | null> =>
  selectOne(db, scope, sql`p.id = ${id}`);

/** By their name in any case. */
export async function selectPersonByName(
  db: Postgres,
  scope: OrganizationScope,
  userName: string,
): Promise<PersonRow | null> {
  // Both by an index: the name that is shown comes out of two tables.
  const candidates = await db.rows<{ id: string }>(sql`
    SELECT user_id AS id
    FROM scim_users
    WHERE organization_id = ${scope.organizationId} AND lower(user_name) = lower(${userName})
    UNION
    SELECT id FROM users WHERE email = lower(${userName})`);
  for (const { id } of candidates) {
    const person = await selectOne(db, scope, sql`p.id = ${id} AND lower(p.user_name) = lower(${userName})`);
    if (person) return person;
  }
  return null;
}

/** What `filter` may name of a group, which is a role. */
const groupFilterables = (scope: OrganizationScope): Filterables =>
  new Map([
    ['id', { type: 'exactText', value: sql`g.role` }],
    ['displayname', { type: 'text', value: sql`g.role` }],
    // Clients that gave one ask for it; none is kept.
    ['externalid', { type: 'exactText', value: sql`NULL::text` }],
    [
      'members',
      {
        type: 'list',
        of: new Map([
          ['', { type: 'exactText', value: sql`p.id` }],
          ['value', { type: 'exactText', value: sql`p.id` }],
          ['display', { type: 'text', value: sql`p.user_name` }],
        ]),
        some: (condition: Sql) => sql`EXISTS (
          SELECT 1 FROM (${people(scope)}) p WHERE p.active AND p.role = g.role AND ${condition})`,
      },
    ],
  ]);

/** Roles that a filter finds, from the most powerful. @throws ScimError, invalidFilter */
export async function selectRoles(db: Postgres, scope: OrganizationScope, filter: string): Promise<Role[]> {
  const condition = filterCondition(filter, groupFilterables(scope));
  const rows = await db.rows<{ role: Role }>(sql`
    SELECT g.role
    FROM unnest(${Role.options}::text[]) WITH ORDINALITY AS g (role, rank)
    WHERE ${condition}
    ORDER BY g.rank`);
  return rows.map(({ role }) => role);
}

/** Who is active in one of these roles, in the order in which they came. */
export const selectRoleMembers = (
  db: Postgres,
  scope: OrganizationScope,
  roles: readonly Role[],
): Promise<Pick<PersonRow, 'id' | 'user_name' | 'role'>[]> =>
  db.rows(sql`
    SELECT p.id, p.user_name, p.role
    FROM (${people(scope)}) p
    WHERE p.active AND p.role = ANY(${roles}::text[])
    ORDER BY p.created_at, p.id`);

export interface PersonRecord {
  userId: string;
  userName: string;
  externalId: string | null;
  attributes: Attributes;
  /** Null of members. */
  role: Role | null;
  waits: boolean;
  createdAt: Date;
  at: Date;
}

export async function upsertPersonRecord(
  db: Postgres,
  { organizationId }: OrganizationScope,
  record: PersonRecord,
): Promise<void> {
  await db.rows(sql`
    INSERT INTO scim_users (organization_id, user_id, user_name, external_id, attributes, role, waits, created_at, updated_at)
    VALUES (${organizationId}, ${record.userId}, ${record.userName}, ${record.externalId}, ${json(record.attributes)},
      ${record.role}, ${record.waits}, ${record.createdAt}, ${record.at})
    ON CONFLICT (organization_id, user_id)
    DO UPDATE SET user_name = excluded.user_name, external_id = excluded.external_id, attributes = excluded.attributes,
      role = excluded.role, waits = excluded.waits, updated_at = excluded.updated_at`);
}

/** Answers whether there was one. */
export async function deletePersonRecord(
  db: Postgres,
  { organizationId }: OrganizationScope,
  userId: string,
): Promise<boolean> {
  const rows = await db.rows(sql`
    DELETE FROM scim_users WHERE organization_id = ${organizationId} AND user_id = ${userId} RETURNING user_id`);
  return rows.length === 1;
}

/** Whether somebody could sign in to the account who never showed that its address is theirs. */
export async function isUnproved(db: Postgres, userId: string): Promise<boolean> {
  const rows = await db.rows(sql`
    SELECT id
    FROM users
    WHERE id = ${userId} AND email_verified_at IS NULL
      AND (password_hash IS NOT NULL OR EXISTS (SELECT 1 FROM identities WHERE user_id = ${userId}))`);
  return rows.length === 1;
}

/** Memberships that wait for the address of this account to be proved; they wait no more. */
export const takeWaitingRoles = (
  db: Postgres,
  userId: string,
  at: Date,
): Promise<{ organization_id: string; role: Role }[]> =>
  db.rows(sql`
    UPDATE scim_users AS s
    SET waits = false, role = NULL, updated_at = ${at}
    FROM (SELECT organization_id, user_id, role FROM scim_users WHERE user_id = ${userId} AND waits FOR UPDATE) AS before
    WHERE s.organization_id = before.organization_id AND s.user_id = before.user_id
    RETURNING s.organization_id, COALESCE(before.role, 'NONE') AS role`);

/** Sessions of somebody who is a member nowhere. */
export async function deleteSessionsOfStranger(db: Postgres, userId: string): Promise<void> {
  await db.rows(sql`
    DELETE FROM sessions
    WHERE user_id = ${userId} AND NOT EXISTS (SELECT 1 FROM organization_memberships WHERE user_id = ${userId})`);
}
