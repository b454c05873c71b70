import type { PromptType } from '@tracehouse/contract/prompts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { author } from './store.ts';

/** A name with its newest version. */
export interface ListedRow {
  name: string;
  type: PromptType;
  tags: string[];
  version_count: number;
  newest: number;
  changed_at: Date;
  changed_by: string;
  labels: { label: string; version: number }[];
}

/** By name; all unless names are given. */
export const selectListed = (
  db: Postgres,
  { projectId }: ProjectScope,
  { names, limit }: { names: readonly string[] | null; limit: number },
): Promise<ListedRow[]> =>
  db.rows<ListedRow>(sql`
    WITH v AS (
      SELECT DISTINCT ON (name) name, version, created_at, created_by, count(*) OVER (PARTITION BY name)::int AS version_count
      FROM prompt_versions
      WHERE project_id = ${projectId} AND (${names}::text[] IS NULL OR name = ANY(${names}))
      ORDER BY name, version DESC),
    pointing AS (
      SELECT name, json_agg(json_build_object('label', label, 'version', version) ORDER BY version DESC, position, label) AS labels
      FROM prompt_labels
      WHERE project_id = ${projectId} AND (${names}::text[] IS NULL OR name = ANY(${names}))
      GROUP BY name)
    SELECT p.name, p.type, p.tags, v.version_count, v.version AS newest, v.created_at AS changed_at, ${author} AS changed_by,
      COALESCE(pointing.labels, '[]') AS labels
    FROM prompts p
    JOIN v ON v.name = p.name
    LEFT JOIN pointing ON pointing.name = p.name
    LEFT JOIN users u ON u.id = v.created_by
    WHERE p.project_id = ${projectId}
    ORDER BY p.name COLLATE "C"
    LIMIT ${limit}`);

/** Names that hold the text in themselves, a tag or a label. */
export const selectTold = async (db: Postgres, { projectId }: ProjectScope, text: string): Promise<string[]> => {
  const pattern = `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
  const rows = await db.rows<{ name: string }>(sql`
    SELECT p.name
    FROM prompts p
    WHERE p.project_id = ${projectId} AND (p.name ILIKE ${pattern}
      OR EXISTS (SELECT FROM unnest(p.tags) AS tag WHERE tag ILIKE ${pattern})
      OR EXISTS (
        SELECT FROM prompt_labels l WHERE l.project_id = p.project_id AND l.name = p.name AND l.label ILIKE ${pattern}))`);
  return rows.map(({ name }) => name);
};

/** A version whose text is looked through, and how large that is. */
export interface ShownText {
  name: string;
  version: number;
  bytes: number;
}

/** The newest version of each name and those that a label points to, the smallest first. */
export const selectShown = (db: Postgres, { projectId }: ProjectScope): Promise<ShownText[]> =>
  db.rows(sql`
    SELECT v.name, v.version, octet_length(v.plain_text) AS bytes
    FROM (SELECT DISTINCT l.name, l.version FROM prompt_labels l WHERE l.project_id = ${projectId}) AS shown
    JOIN prompt_versions v ON v.project_id = ${projectId} AND v.name = shown.name AND v.version = shown.version
    ORDER BY bytes, v.name COLLATE "C", v.version`);

/** What a person reads of these versions. */
export const selectTexts = (
  db: Postgres,
  { projectId }: ProjectScope,
  versions: readonly Pick<ShownText, 'name' | 'version'>[],
): Promise<{ name: string; version: number; text: string }[]> =>
  db.rows(sql`
    SELECT v.name, v.version, v.plain_text AS text
    FROM unnest(${versions.map(({ name }) => name)}::text[], ${versions.map(({ version }) => version)}::integer[]) AS given (name, version)
    JOIN prompt_versions v ON v.project_id = ${projectId} AND v.name = given.name AND v.version = given.version`);

/** Names and how many versions they have: one, or all of a folder. */
export const selectNamesIn = (
  db: Postgres,
  { projectId }: ProjectScope,
  from: { name: string } | { folder: string },
): Promise<{ name: string; versions: number }[]> => {
  const isMeant = 'name' in from ? sql`name = ${from.name}` : sql`starts_with(name, ${`${from.folder}/`})`;
  return db.rows(sql`
    SELECT name, count(*)::int AS versions
    FROM prompt_versions
    WHERE project_id = ${projectId} AND ${isMeant}
    GROUP BY name
    ORDER BY name COLLATE "C"`);
};

/** Which of these names there are. */
export const selectKnownNames = async (
  db: Postgres,
  { projectId }: ProjectScope,
  names: readonly string[],
): Promise<string[]> =>
  (
    await db.rows<{ name: string }>(sql`
      SELECT name FROM prompts WHERE project_id = ${projectId} AND name = ANY(${[...names]}::text[]) ORDER BY name`)
  ).map(({ name }) => name);
