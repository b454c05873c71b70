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

/** Of a text that was found, characters before and in all. */
const PREVIEW = { before: 60, length: 200 };

export interface FoundRow {
  name: string;
  /** Where it is in the text of a version; null where it is in the name, a tag or a label. */
  version: number | null;
  preview: string | null;
}

/** Names that hold the text in themselves, a tag, a label, or the text of their newest version or one that a label points to. */
export const selectFound = (
  db: Postgres,
  { projectId }: ProjectScope,
  { text, limit }: { text: string; limit: number },
): Promise<FoundRow[]> => {
  const pattern = `%${text.replaceAll(/[\\%_]/g, '\\$&')}%`;
  return db.rows<FoundRow>(sql`
    WITH told AS (
      SELECT p.name
      FROM prompts p
      WHERE p.project_id = ${projectId} AND (p.name ILIKE ${pattern}
        OR EXISTS (SELECT FROM unnest(p.tags) AS tag WHERE tag ILIKE ${pattern})
        OR EXISTS (
          SELECT FROM prompt_labels l WHERE l.project_id = p.project_id AND l.name = p.name AND l.label ILIKE ${pattern}))),
    texts AS (
      SELECT DISTINCT ON (v.name) v.name, v.version,
        substring(v.plain_text FROM greatest(1, position(lower(${text}) IN lower(v.plain_text)) - ${PREVIEW.before}::int)
          FOR ${PREVIEW.length}::int) AS preview
      FROM (
        SELECT DISTINCT l.name, l.version FROM prompt_labels l WHERE l.project_id = ${projectId}) AS shown
      JOIN prompt_versions v ON v.project_id = ${projectId} AND v.name = shown.name AND v.version = shown.version
      WHERE v.plain_text ILIKE ${pattern}
      ORDER BY v.name, v.version DESC)
    SELECT name, CASE WHEN told.name IS NULL THEN texts.version END AS version,
      CASE WHEN told.name IS NULL THEN texts.preview END AS preview
    FROM told FULL JOIN texts USING (name)
    ORDER BY name COLLATE "C"
    LIMIT ${limit}`);
};

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
