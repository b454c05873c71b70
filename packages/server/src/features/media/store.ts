import type { Postgres } from '../../stores/postgres/postgres.ts';
import { exactText, sql } from '../../stores/postgres/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';

export interface MediaRow {
  id: string;
  sha256: string;
  content_type: string;
  content_length: number;
  blob_name: string;
  stored_at: Date | null;
  sniffed_type: string | null;
  uploaded_at: Date | null;
  upload_http_status: number | null;
  upload_http_error: string | null;
  created_at: Date;
}

/** One place where a file is referred to. */
export interface MediaLinkRow {
  kind: 'trace' | 'dataset_item';
  owner_id: string;
  part_id: string;
  field: string;
}

const columns = sql`id, sha256, content_type, content_length, blob_name, stored_at, sniffed_type, uploaded_at,
    upload_http_status, upload_http_error, created_at`;

/** The row there is, else the given one; held until the transaction ends, so that it is not deleted meanwhile. */
export async function insertMedia(
  tx: Postgres,
  scope: ProjectScope,
  row: Pick<MediaRow, 'id' | 'sha256' | 'content_type' | 'content_length' | 'blob_name' | 'created_at'>,
): Promise<MediaRow> {
  const [known] = await tx.rows<MediaRow>(sql`
    INSERT INTO media (project_id, id, sha256, content_type, content_length, blob_name, created_at)
    VALUES (${scope.projectId}, ${row.id}, ${row.sha256}, ${row.content_type}, ${row.content_length}, ${row.blob_name},
            ${row.created_at})
    ON CONFLICT (project_id, id) DO UPDATE SET id = excluded.id
    RETURNING ${columns}`);
  return known!;
}

export async function insertLink(
  db: Postgres,
  scope: ProjectScope,
  mediaId: string,
  { kind, owner_id, part_id, field }: MediaLinkRow,
  at: Date,
): Promise<void> {
  await db.rows(sql`
    INSERT INTO media_links (project_id, media_id, kind, owner_id, part_id, field, created_at)
    VALUES (${scope.projectId}, ${mediaId}, ${kind}, ${exactText(owner_id)}, ${exactText(part_id)}, ${field}, ${at})
    ON CONFLICT DO NOTHING`);
}

export async function selectMedia(db: Postgres, scope: ProjectScope, id: string): Promise<MediaRow | null> {
  const [row] = await db.rows<MediaRow>(sql`
    SELECT ${columns}
    FROM media
    WHERE project_id = ${scope.projectId} AND id = ${id}`);
  return row ?? null;
}

/** The bytes are there, and are of this type and length; answers whether the row still is. */
export async function updateStored(
  db: Postgres,
  scope: ProjectScope,
  row: Pick<MediaRow, 'id' | 'blob_name' | 'content_type' | 'content_length' | 'sniffed_type'>,
  at: Date,
): Promise<boolean> {
  const rows = await db.rows(sql`
    UPDATE media
    SET stored_at = ${at}, content_type = ${row.content_type}, content_length = ${row.content_length},
        sniffed_type = ${row.sniffed_type}, uploaded_at = ${at}, upload_http_status = 200, upload_http_error = NULL
    WHERE project_id = ${scope.projectId} AND id = ${row.id} AND blob_name = ${row.blob_name}
    RETURNING id`);
  return rows.length === 1;
}

export async function updateReported(
  db: Postgres,
  scope: ProjectScope,
  id: string,
  { uploadedAt, status, error }: { uploadedAt: Date; status: number; error: string | null },
): Promise<void> {
  await db.rows(sql`
    UPDATE media
    SET uploaded_at = ${uploadedAt}, upload_http_status = ${status}, upload_http_error = ${error}
    WHERE project_id = ${scope.projectId} AND id = ${id}`);
}

/**
 * Takes the links of these traces away, and every file that no other link names; answers the names of their blobs. In a
 * transaction: who adds a link holds the row of its file (`insertMedia`).
 */
export async function deleteLinksOfTraces(
  tx: Postgres,
  scope: ProjectScope,
  traceIds: readonly string[],
): Promise<string[]> {
  const unlinked = await tx.rows<{ media_id: string }>(sql`
    DELETE FROM media_links
    WHERE project_id = ${scope.projectId} AND kind = 'trace' AND owner_id = ANY(${traceIds.map(exactText)}::text[])
    RETURNING media_id`);
  if (unlinked.length === 0) return [];
  const ids = [...new Set(unlinked.map(({ media_id }) => media_id))];
  // By id, so that two deletions at once do not wait for each other in a circle.
  await tx.rows(sql`
    SELECT id
    FROM media
    WHERE project_id = ${scope.projectId} AND id = ANY(${ids}::text[])
    ORDER BY id
    FOR UPDATE`);
  const deleted = await tx.rows<{ blob_name: string }>(sql`
    DELETE FROM media AS m
    WHERE m.project_id = ${scope.projectId} AND m.id = ANY(${ids}::text[])
      AND NOT EXISTS (SELECT FROM media_links AS l WHERE l.project_id = m.project_id AND l.media_id = m.id)
    RETURNING m.blob_name`);
  return deleted.map(({ blob_name }) => blob_name);
}

/** Those of the names that no project's file has, asked by the program itself. */
export async function selectUnknownBlobs(db: Postgres, names: readonly string[]): Promise<string[]> {
  const rows = await db.rows<{ name: string }>(sql`
    SELECT name
    FROM unnest(${names}::text[]) AS name
    WHERE NOT EXISTS (SELECT FROM media WHERE blob_name = name)`);
  return rows.map(({ name }) => name);
}
