import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import {
  type Media,
  type MediaLink,
  type MediaUpload,
  type MediaUploadReport,
  type MediaUploadUrl,
  readMediaContent,
  uploadMediaContent,
} from '@tracehouse/contract/media';
import { InvalidRequestError, NotFoundError, OverloadedError } from '../../http/errors.ts';
import type { SignedLinks } from '../../identity/signed-links.ts';
import type { Blobs, ByteRange } from '../../stores/blobs/blobs.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { sniff } from './sniff.ts';
import {
  deleteLinksOfTraces,
  insertLink,
  insertMedia,
  type MediaLinkRow,
  type MediaRow,
  selectMedia,
  selectUnknownBlobs,
  updateReported,
  updateStored,
} from './store.ts';
import { verified } from './verified.ts';

export type MediaFiles = ReturnType<typeof createMedia>;

/** How long an upload may begin after it was asked for. */
const UPLOAD_MS = 3_600_000;
/** Blobs younger than this may belong to an upload under way. */
const ORPHAN_MS = 24 * 3_600_000;
const BATCH = 500;

export interface MediaNeeds {
  postgres: Postgres;
  blobs: Blobs;
  links: SignedLinks;
  /** Those of the traces that were deleted of late. */
  deletedTraces(scope: ProjectScope, traceIds: Iterable<string>): Promise<Set<string>>;
  maxBytes: number;
  /** How long a link for reading is good. */
  linkMs: number;
  now: () => Date;
  newId: () => string;
}

/** Files that fields refer to by tokens in their text (S8.5): what the project has once by its hash, with all places that name it. */
export function createMedia({ postgres, blobs, links, deletedTraces, maxBytes, linkMs, now, newId }: MediaNeeds) {
  const isThere = (row: MediaRow): boolean =>
    row.stored_at !== null ||
    // As recorded, a sender that reports success is believed; but not for longer than its bytes can still be on their way.
    (isSuccess(row.upload_http_status) && now().getTime() - row.created_at.getTime() < UPLOAD_MS);

  async function forgetTraces(scope: ProjectScope, traceIds: readonly string[]): Promise<void> {
    await blobs.delete(await postgres.transaction((tx) => deleteLinksOfTraces(tx, scope, traceIds)));
  }

  /** One file, with all places that refer to it. */
  async function keepFile(scope: ProjectScope, places: readonly KeptFile[]): Promise<void> {
    const { sha256, contentType, bytes } = places[0]!;
    const mediaId = mediaIdOf(Buffer.from(sha256, 'base64'));
    const row = await postgres.transaction(async (tx) => {
      const known = await insertMedia(tx, scope, {
        id: mediaId,
        sha256,
        content_type: contentType,
        content_length: bytes.length,
        blob_name: blobName(scope, mediaId, newId()),
        created_at: now(),
      });
      for (const { traceId, observationId, field } of places) {
        await insertLink(
          tx,
          scope,
          mediaId,
          { kind: 'trace', owner_id: traceId, part_id: observationId, field },
          now(),
        );
      }
      return known;
    });
    if (row.stored_at !== null) return;
    try {
      await blobs.put(row.blob_name, bytes);
    } catch (cause) {
      throw new OverloadedError('A file could not be stored; send this again', 2, { cause });
    }
    const stored = {
      ...row,
      content_type: contentType,
      content_length: bytes.length,
      sniffed_type: sniff(bytes, contentType),
    };
    if (!(await updateStored(postgres, scope, stored, now()))) await blobs.delete([row.blob_name]);
  }

  return {
    /** @throws InvalidRequestError for what is too large, or no hash */
    async request(scope: ProjectScope, upload: MediaUpload): Promise<MediaUploadUrl> {
      const { contentType, contentLength, sha256Hash } = upload;
      if (contentLength > maxBytes) throw new InvalidRequestError(`File size must be less than ${maxBytes} bytes`);
      const digest = Buffer.from(sha256Hash, 'base64');
      if (digest.toString('base64') !== sha256Hash || digest.length !== 32) {
        throw new InvalidRequestError('sha256Hash is not the base64 of 32 bytes');
      }
      const mediaId = mediaIdOf(digest);
      const link = linkOf(upload);
      const traceIds = link.kind === 'trace' ? [link.owner_id] : [];
      // Late for a deleted trace: acknowledged and not stored, like anything else of it.
      if ((await deletedTraces(scope, traceIds)).size > 0) return { uploadUrl: null, mediaId };
      const row = await postgres.transaction(async (tx) => {
        const known = await insertMedia(tx, scope, {
          id: mediaId,
          sha256: sha256Hash,
          content_type: contentType,
          content_length: contentLength,
          blob_name: blobName(scope, mediaId, newId()),
          created_at: now(),
        });
        await insertLink(tx, scope, mediaId, link, now());
        return known;
      });
      // Marked meanwhile: its deletion may have looked before our link was there.
      if ((await deletedTraces(scope, traceIds)).size > 0) {
        await forgetTraces(scope, traceIds);
        return { uploadUrl: null, mediaId };
      }
      if (isThere(row)) return { uploadUrl: null, mediaId };
      const uploadUrl = links.make('PUT', uploadMediaContent.path, {
        project: scope.projectId,
        media: mediaId,
        type: contentType,
        length: String(contentLength),
        expiresAt: new Date(now().getTime() + UPLOAD_MS),
      });
      return { uploadUrl, mediaId };
    },

    /**
     * Stores files that came inside spans and log records. Of a trace that was deleted nothing is left.
     * @throws OverloadedError when they cannot be stored for now
     */
    async keep(scope: ProjectScope, files: readonly KeptFile[]): Promise<void> {
      for (const places of Map.groupBy(files, ({ sha256 }) => sha256).values()) await keepFile(scope, places);
      const traceIds = [...new Set(files.map(({ traceId }) => traceId))];
      // Marked meanwhile: its deletion may have looked before our links were there.
      const deleted = await deletedTraces(scope, traceIds);
      if (deleted.size > 0) await forgetTraces(scope, [...deleted]);
    },

    /** @throws NotFoundError */
    async report(scope: ProjectScope, mediaId: string, report: MediaUploadReport): Promise<void> {
      const row = await selectMedia(postgres, scope, mediaId);
      if (!row) throw new NotFoundError(`Media asset ${mediaId} not found in project ${scope.projectId}`);
      const { uploadedAt, uploadHttpStatus: status, uploadHttpError } = report;
      // The bytes are here, whatever the sender came to know of it.
      if (row.stored_at !== null && !isSuccess(status)) return;
      const error = uploadHttpError?.slice(0, MAX_ERROR) ?? null;
      await updateReported(postgres, scope, mediaId, { uploadedAt, status, error });
    },

    /** @throws NotFoundError, also for what was not uploaded yet, or not with success */
    async get(scope: ProjectScope, mediaId: string): Promise<Media> {
      const row = await selectMedia(postgres, scope, mediaId);
      if (!row) throw new NotFoundError('Media asset not found');
      if (!isThere(row)) throw new NotFoundError(whyNotThere(row));
      const expiresAt = new Date(now().getTime() + linkMs);
      return {
        mediaId,
        contentType: row.content_type,
        contentLength: row.content_length,
        uploadedAt: (row.uploaded_at ?? row.created_at).toISOString(),
        url: links.make('GET', readMediaContent.path, { project: scope.projectId, media: mediaId, expiresAt }),
        urlExpiry: expiresAt.toISOString(),
      };
    },

    /**
     * Stores the bytes of an upload that was asked for, once they are known to be those announced.
     * @throws InvalidRequestError, NotFoundError when its trace was deleted meanwhile
     */
    async store(scope: ProjectScope, { media: mediaId, type, length }: MediaLink, source: Readable): Promise<void> {
      const row = await selectMedia(postgres, scope, mediaId);
      if (!row) throw new NotFoundError('Media asset not found');
      if (row.stored_at !== null) return;
      const { content, head } = verified(source, { sha256: row.sha256, sizeBytes: length ?? row.content_length });
      await blobs.put(row.blob_name, content);
      const contentType = type ?? row.content_type;
      const stored = {
        ...row,
        content_type: contentType,
        content_length: length ?? row.content_length,
        sniffed_type: sniff(head(), contentType),
      };
      if (await updateStored(postgres, scope, stored, now())) return;
      await blobs.delete([row.blob_name]);
      throw new NotFoundError('Media asset not found');
    },

    /** The bytes, or a part of them; null for a range that they do not have. @throws NotFoundError */
    async open(
      scope: ProjectScope,
      mediaId: string,
      rangeOf: (sizeBytes: number) => ByteRange | null | undefined,
    ): Promise<{ row: MediaRow; sizeBytes: number; range: ByteRange | null | undefined; content: Readable | null }> {
      const row = await selectMedia(postgres, scope, mediaId);
      const blob = row?.stored_at ? await blobs.stat(row.blob_name) : null;
      if (!row || !blob) throw new NotFoundError('Media asset not found');
      const range = rangeOf(blob.sizeBytes);
      if (range === null) return { row, sizeBytes: blob.sizeBytes, range, content: null };
      const content = await blobs.get(row.blob_name, range);
      if (!content) throw new NotFoundError('Media asset not found');
      return { row, sizeBytes: blob.sizeBytes, range, content };
    },

    /** Drops the links of these traces, and the files that nothing else refers to. */
    forgetTraces,

    /** Drops blobs that no file has: of uploads whose trace was deleted, in the moment in which the process ended. */
    async removeOrphans(signal: AbortSignal): Promise<void> {
      let batch: string[] = [];
      const check = async (): Promise<void> => {
        await blobs.delete(await selectUnknownBlobs(postgres, batch));
        batch = [];
      };
      for await (const { name, storedAt } of blobs.list('media/')) {
        signal.throwIfAborted();
        if (now().getTime() - storedAt.getTime() < ORPHAN_MS) continue;
        if (batch.push(name) === BATCH) await check();
      }
      await check();
    },
  };
}

/** A file that is here already, and a place that refers to it. */
interface KeptFile {
  traceId: string;
  observationId: string;
  field: 'input' | 'output' | 'metadata';
  /** Base64. */
  sha256: string;
  contentType: string;
  bytes: Uint8Array;
}

/** S8.5 */
const mediaIdOf = (digest: Buffer): string => digest.toString('base64url').slice(0, 22);

const MAX_ERROR = 1000;

const isSuccess = (status: number | null): boolean => status === 200 || status === 201;

/** The wire's sentences. */
const whyNotThere = ({ upload_http_status: status, upload_http_error: error }: MediaRow): string =>
  status === null || isSuccess(status)
    ? 'Media not yet uploaded'
    : `Media upload failed with status ${status}: \n ${error ?? ''}`;

const linkOf = (upload: MediaUpload): MediaLinkRow =>
  upload.traceId != null
    ? { kind: 'trace', owner_id: upload.traceId, part_id: upload.observationId ?? '', field: upload.field }
    : { kind: 'dataset_item', owner_id: upload.datasetId, part_id: upload.datasetItemId, field: upload.field };

/** By a hash, for ids are any text; and never the same twice, so that a late deletion cannot meet a file that came anew. */
function blobName({ projectId }: ProjectScope, mediaId: string, unique: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([projectId, mediaId, unique]))
    .digest('hex');
  return `media/${hash.slice(0, 2)}/${hash}`;
}
