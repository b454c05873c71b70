import type { PromptText, PromptType } from '@tracehouse/contract/prompts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { json, type Sql, sql } from '../../stores/postgres/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';

/** A version with what belongs to its name and what points to it. */
export interface VersionRow {
  id: string;
  name: string;
  version: number;
  type: PromptType;
  tags: string[];
  /** In the order of the wire. */
  labels: string[];
  prompt: PromptText;
  config: unknown;
  commit_message: string | null;
  created_by: string | null;
  created_at: Date;
  updated_at: Date;
}

/** Which version is meant: by its number or by a label that points to it. */
export type Selector = { version: number } | { label: string };

/**
 * Holds the prompts of the project until the transaction ends, so that changes come one after the other: a version that a text is
 * about to include is not deleted meanwhile. It is one lock for all names, because they include one another.
 */
export async function lockPrompts(tx: Postgres, { projectId }: ProjectScope): Promise<void> {
  await tx.rows(sql`SELECT pg_advisory_xact_lock(hashtextextended(${`prompts\n${projectId}`}, 0))`);
}

const labelsOfVersion = sql`
  ARRAY(SELECT l.label
    FROM prompt_labels l
    WHERE l.project_id = v.project_id AND l.name = v.name AND l.version = v.version
    ORDER BY l.position, l.label)`;
const versionColumns = sql`
  v.id, v.name, v.version, p.type, p.tags, v.prompt, v.config, v.commit_message, v.created_by, v.created_at, v.updated_at,
  ${labelsOfVersion} AS labels`;
/** Of `prompt_versions v` with `users u`. */
export const author = sql`CASE WHEN v.created_by IS NULL THEN 'API' ELSE COALESCE(u.name, u.email, 'Somebody who left') END`;
const versions = sql`prompt_versions v JOIN prompts p ON p.project_id = v.project_id AND p.name = v.name`;

/** Null when there is none. */
export async function selectVersion(
  db: Postgres,
  scope: ProjectScope,
  name: string,
  selector: Selector,
): Promise<VersionRow | null> {
  const [row] = await db.rows<VersionRow>(sql`
    SELECT ${versionColumns}
    FROM ${versions}
    WHERE v.project_id = ${scope.projectId} AND v.name = ${name} AND v.version = ${numberOf(scope, name, selector)}`);
  return row ?? null;
}

const numberOf = ({ projectId }: ProjectScope, name: string, selector: Selector): Sql =>
  'version' in selector
    ? sql`${selector.version}`
    : sql`(SELECT version FROM prompt_labels WHERE project_id = ${projectId} AND name = ${name} AND label = ${selector.label})`;

/** These of one name, the oldest first. */
export const selectVersions = (
  db: Postgres,
  scope: ProjectScope,
  name: string,
  numbers: readonly number[],
): Promise<VersionRow[]> =>
  db.rows<VersionRow>(sql`
    SELECT ${versionColumns}
    FROM ${versions}
    WHERE v.project_id = ${scope.projectId} AND v.name = ${name} AND v.version = ANY(${[...numbers]}::integer[])
    ORDER BY v.version`);

/** A version without its text. */
export interface SummaryRow {
  id: string;
  version: number;
  labels: string[];
  commit_message: string | null;
  /** Who made it, as people call them. */
  author: string;
  created_at: Date;
}

/** Of one name, the newest first; all unless a number is given. */
export const selectSummaries = (
  db: Postgres,
  scope: ProjectScope,
  name: string,
  version: number | null = null,
): Promise<SummaryRow[]> =>
  db.rows<SummaryRow>(sql`
    SELECT v.id, v.version, v.commit_message, v.created_at, ${author} AS author, ${labelsOfVersion} AS labels
    FROM prompt_versions v
    LEFT JOIN users u ON u.id = v.created_by
    WHERE v.project_id = ${scope.projectId} AND v.name = ${name} AND (${version}::integer IS NULL OR v.version = ${version})
    ORDER BY v.version DESC`);

/** What belongs to a name, and its newest version; null when there is no such prompt. */
export async function selectName(
  db: Postgres,
  scope: ProjectScope,
  name: string,
): Promise<{ type: PromptType; tags: string[]; newest: number } | null> {
  const [row] = await db.rows<{ type: PromptType; tags: string[]; newest: number }>(sql`
    SELECT p.type, p.tags, (SELECT max(version) FROM prompt_versions WHERE project_id = p.project_id AND name = p.name) AS newest
    FROM prompts p
    WHERE p.project_id = ${scope.projectId} AND p.name = ${name}`);
  return row ?? null;
}

/** A version that a text may include. */
export interface IncludableRow {
  id: string;
  name: string;
  version: number;
  type: PromptType;
  prompt: PromptText;
}

export interface Reference {
  name: string;
  label: string | null;
  version: number | null;
}

/** What these references mean, in their order; null for what there is not. Nothing at all when they are more than so many bytes. */
export async function selectReferenced(
  db: Postgres,
  scope: ProjectScope,
  references: readonly Reference[],
  maxBytes: number,
): Promise<(IncludableRow | null)[] | null> {
  if (references.length === 0) return [];
  // Of what would be too much, no more is read than shows that it is.
  const rows = await db.rows<IncludableRow & { place: number; is_too_much: boolean }>(sql`
    SELECT place, id, name, version, type, CASE WHEN bytes <= ${maxBytes} THEN prompt END AS prompt, bytes > ${maxBytes} AS is_too_much
    FROM (
      SELECT r.place::int AS place, v.id, v.name, v.version, p.type, v.prompt,
        sum(octet_length(v.prompt::text)) OVER (ORDER BY r.place) AS bytes
      FROM unnest(${references.map(({ name }) => name)}::text[], ${references.map(({ label }) => label)}::text[],
        ${references.map(({ version }) => version)}::integer[]) WITH ORDINALITY AS r (name, label, version, place)
      LEFT JOIN prompt_labels l ON l.project_id = ${scope.projectId} AND l.name = r.name AND l.label = r.label
      JOIN prompt_versions v
        ON v.project_id = ${scope.projectId} AND v.name = r.name AND v.version = COALESCE(r.version, l.version)
      JOIN prompts p ON p.project_id = v.project_id AND p.name = v.name) AS found`);
  if (rows.some((row) => row.is_too_much)) return null;
  const found = new Map(
    rows.map(({ place, id, name, version, type, prompt }) => [place, { id, name, version, type, prompt }]),
  );
  return references.map((_, i) => found.get(i + 1) ?? null);
}

/** Makes the name where it is not there; else changes its tags. */
export async function upsertName(
  tx: Postgres,
  scope: ProjectScope,
  { name, type, tags }: { name: string; type: PromptType; tags: readonly string[] },
): Promise<void> {
  await tx.rows(sql`
    INSERT INTO prompts (project_id, name, type, tags)
    VALUES (${scope.projectId}, ${name}, ${type}, ${[...tags]}::text[])
    ON CONFLICT (project_id, name) DO UPDATE SET tags = EXCLUDED.tags`);
}

export type NewVersionRow = Omit<VersionRow, 'type' | 'tags' | 'labels'>;

export async function insertVersion(
  tx: Postgres,
  scope: ProjectScope,
  row: NewVersionRow,
  dependencies: readonly Reference[],
): Promise<void> {
  await tx.rows(sql`
    INSERT INTO prompt_versions (project_id, name, version, id, prompt, config, commit_message, created_by, created_at, updated_at,
      plain_text)
    VALUES (${scope.projectId}, ${row.name}, ${row.version}, ${row.id}, ${json(row.prompt)}, ${json(row.config)},
      ${row.commit_message}, ${row.created_by}, ${row.created_at}, ${row.updated_at}, ${plainText(row.prompt)})`);
  if (dependencies.length === 0) return;
  await tx.rows(sql`
    INSERT INTO prompt_dependencies (project_id, name, version, child_name, child_label, child_version)
    SELECT ${scope.projectId}, ${row.name}, ${row.version}, r.name, r.label, r.version
    FROM unnest(${dependencies.map(({ name }) => name)}::text[], ${dependencies.map(({ label }) => label)}::text[],
      ${dependencies.map(({ version }) => version)}::integer[]) AS r (name, label, version)`);
}

/** What a person reads of it, for searches. */
const plainText = (prompt: PromptText): string =>
  typeof prompt === 'string'
    ? prompt
    : prompt.map((message) => ('content' in message ? message.content : message.name)).join('\n');

/** Where labels of a name point. */
export const selectLabels = (
  db: Postgres,
  scope: ProjectScope,
  name: string,
): Promise<{ label: string; version: number }[]> =>
  db.rows(sql`
    SELECT label, version
    FROM prompt_labels
    WHERE project_id = ${scope.projectId} AND name = ${name}
    ORDER BY version DESC, position, label`);

/** Points the labels to the version, in this order; they leave where they were. */
export async function upsertLabels(
  tx: Postgres,
  scope: ProjectScope,
  { name, version }: { name: string; version: number },
  labels: readonly string[],
): Promise<void> {
  await tx.rows(sql`
    INSERT INTO prompt_labels (project_id, name, label, version, position)
    SELECT ${scope.projectId}, ${name}, given.label, ${version}, given.position
    FROM unnest(${[...labels]}::text[]) WITH ORDINALITY AS given (label, position)
    ON CONFLICT (project_id, name, label) DO UPDATE SET version = EXCLUDED.version, position = EXCLUDED.position`);
}

export async function deleteLabel(tx: Postgres, scope: ProjectScope, name: string, label: string): Promise<void> {
  await tx.rows(sql`
    DELETE FROM prompt_labels WHERE project_id = ${scope.projectId} AND name = ${name} AND label = ${label}`);
}

/** Says that something of these versions has changed; all of the name unless numbers are given. */
export async function touchVersions(
  tx: Postgres,
  scope: ProjectScope,
  name: string,
  at: Date,
  numbers: readonly number[] | null,
): Promise<void> {
  await tx.rows(sql`
    UPDATE prompt_versions
    SET updated_at = ${at}
    WHERE project_id = ${scope.projectId} AND name = ${name} AND (${numbers}::integer[] IS NULL OR version = ANY(${numbers}))`);
}

/** With their labels and what they include. */
export async function deleteVersions(
  tx: Postgres,
  scope: ProjectScope,
  name: string,
  numbers: readonly number[],
): Promise<void> {
  await tx.rows(sql`
    DELETE FROM prompt_versions
    WHERE project_id = ${scope.projectId} AND name = ${name} AND version = ANY(${[...numbers]}::integer[])`);
}

export async function deleteName(tx: Postgres, scope: ProjectScope, name: string): Promise<void> {
  await tx.rows(sql`DELETE FROM prompts WHERE project_id = ${scope.projectId} AND name = ${name}`);
}

/** A version that includes another, and by what. */
export interface DependentRow {
  name: string;
  version: number;
  child_label: string | null;
  child_version: number | null;
}

/** All that include some version of the name. */
export const selectDependents = (db: Postgres, scope: ProjectScope, name: string): Promise<DependentRow[]> =>
  db.rows<DependentRow>(sql`
    SELECT DISTINCT name, version, child_label, child_version
    FROM prompt_dependencies
    WHERE project_id = ${scope.projectId} AND child_name = ${name}
    ORDER BY name, version, child_label, child_version`);

/** A label that only some may move. */
export const selectProtected = async (db: Postgres, { projectId }: ProjectScope): Promise<string[]> =>
  (
    await db.rows<{ label: string }>(sql`
      SELECT label FROM protected_prompt_labels WHERE project_id = ${projectId} ORDER BY label`)
  ).map(({ label }) => label);

export async function replaceProtected(tx: Postgres, { projectId }: ProjectScope, labels: string[]): Promise<void> {
  await tx.rows(sql`DELETE FROM protected_prompt_labels WHERE project_id = ${projectId}`);
  await tx.rows(sql`
    INSERT INTO protected_prompt_labels (project_id, label)
    SELECT ${projectId}, label FROM unnest(${labels}::text[]) AS given (label)`);
}

/** Of all versions of these names. */
export const selectIds = (
  db: Postgres,
  { projectId }: ProjectScope,
  names: readonly string[],
): Promise<{ name: string; version: number; id: string }[]> =>
  db.rows(sql`
    SELECT name, version, id FROM prompt_versions WHERE project_id = ${projectId} AND name = ANY(${[...names]}::text[])`);

interface MetaFilter {
  name?: string | undefined;
  version?: number | undefined;
  label?: string | undefined;
  tag?: string | undefined;
  from: Date | null;
  to: Date | null;
}

export interface MetaRow {
  name: string;
  type: PromptType;
  tags: string[];
  versions: number[];
  labels: string[];
  last_config: unknown;
  last_updated_at: Date;
}

/** Names that have versions as the filter wants them, with these versions. */
export const selectMetas = (
  db: Postgres,
  scope: ProjectScope,
  filter: MetaFilter,
  { offset, limit }: { offset: number; limit: number },
): Promise<MetaRow[]> =>
  db.rows<MetaRow>(sql`
    WITH page AS (
      SELECT v.name, p.type, p.tags, array_agg(v.version ORDER BY v.version) AS versions, max(v.updated_at) AS last_updated_at
      FROM ${versions}
      WHERE ${isWanted(scope, filter)}
      GROUP BY v.name, p.type, p.tags
      ORDER BY v.name COLLATE "C"
      LIMIT ${limit} OFFSET ${offset})
    SELECT name, type, tags, versions, last_updated_at,
      ARRAY(SELECT label
        FROM prompt_labels
        WHERE project_id = ${scope.projectId} AND name = page.name AND version = ANY(page.versions)
        ORDER BY label COLLATE "C") AS labels,
      (SELECT config
        FROM prompt_versions
        WHERE project_id = ${scope.projectId} AND name = page.name AND version = page.versions[cardinality(page.versions)]
      ) AS last_config
    FROM page
    ORDER BY name COLLATE "C"`);

export async function countNames(db: Postgres, scope: ProjectScope, filter: MetaFilter): Promise<number> {
  const [row] = await db.rows<{ names: number }>(sql`
    SELECT count(DISTINCT v.name)::int AS names FROM ${versions} WHERE ${isWanted(scope, filter)}`);
  return row?.names ?? 0;
}

const isWanted = ({ projectId }: ProjectScope, { name, version, label, tag, from, to }: MetaFilter): Sql => sql`
  v.project_id = ${projectId}
  AND (${name ?? null}::text IS NULL OR v.name = ${name ?? null})
  AND (${version ?? null}::bigint IS NULL OR v.version = ${version ?? null}::bigint)
  AND (${label ?? null}::text IS NULL OR EXISTS (
    SELECT FROM prompt_labels l
    WHERE l.project_id = v.project_id AND l.name = v.name AND l.version = v.version AND l.label = ${label ?? null}))
  AND (${tag ?? null}::text IS NULL OR ${tag ?? null} = ANY(p.tags))
  AND (${from}::timestamptz IS NULL OR v.updated_at >= ${from})
  AND (${to}::timestamptz IS NULL OR v.updated_at < ${to})`;
