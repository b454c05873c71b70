import * as z from 'zod';
import { Instant } from './pagination.ts';
import { defineRoute } from './route.ts';

/** What may be stored; the order is that of the recorded message. */
// oxfmt-ignore
export const MEDIA_TYPES = [
  'image/png', 'image/jpeg', 'image/jpg', 'image/webp', 'image/gif', 'image/svg+xml', 'image/tiff', 'image/bmp', 'image/avif',
  'image/heic',
  'audio/mpeg', 'audio/mp3', 'audio/wav', 'audio/ogg', 'audio/oga', 'audio/aac', 'audio/mp4', 'audio/flac', 'audio/opus',
  'audio/webm',
  'video/mp4', 'video/webm', 'video/ogg', 'video/mpeg', 'video/quicktime', 'video/x-msvideo', 'video/x-matroska',
  'text/plain', 'text/html', 'text/css', 'text/csv', 'text/markdown', 'text/x-python', 'application/javascript',
  'text/x-typescript', 'application/x-yaml', 'application/pdf', 'application/msword', 'application/vnd.ms-excel',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'application/zip', 'application/json', 'application/xml',
  'application/octet-stream', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation', 'application/rtf', 'application/x-ndjson',
  'application/vnd.apache.parquet', 'application/gzip', 'application/x-tar', 'application/x-7z-compressed',
] as const;
export type MediaType = (typeof MEDIA_TYPES)[number];

const file = {
  contentType: z.enum(MEDIA_TYPES, `Invalid content type. Only supporting ${MEDIA_TYPES.join(', ')}`),
  contentLength: z.number().int().positive(),
  sha256Hash: z.string().regex(/^[A-Za-z0-9+/=]{44}$/, 'Must be a 44 character base64 encoded SHA-256 hash'),
};
const none = z.null().optional();

/** Where a file belongs: a field of a trace or of one of its observations. */
const OfTrace = z.object({
  ...file,
  traceId: z.string().min(1).max(800),
  observationId: z.string().max(800).nullish(),
  field: z.enum(['input', 'output', 'metadata']),
  datasetId: none,
  datasetItemId: none,
});
/** … or a field of an item of a dataset. */
const OfDatasetItem = z.object({
  ...file,
  datasetId: z.string().min(1).max(800),
  datasetItemId: z.string().min(1).max(800),
  field: z.enum(['input', 'expectedOutput', 'metadata']),
  traceId: none,
  observationId: none,
});

/** Body of `POST /api/public/media`: bytes by their hash, and one place where they are referred to. */
export const MediaUpload = z.union(
  [OfTrace, OfDatasetItem],
  'Provide either traceId with field input/output/metadata, or datasetId + datasetItemId with field input/expectedOutput/metadata.',
);
export type MediaUpload = z.output<typeof MediaUpload>;

/** `uploadUrl` is null where nothing is to be uploaded: the project has these bytes, or does not want them. */
export const MediaUploadUrl = z.object({ uploadUrl: z.string().nullable(), mediaId: z.string() });
export type MediaUploadUrl = z.output<typeof MediaUploadUrl>;

/** Body of `PATCH /api/public/media/{id}`: how the upload went, as its sender saw it. */
export const MediaUploadReport = z.object({
  uploadedAt: z.coerce.date().min(new Date(0)).max(new Date('9999-12-31')),
  uploadHttpStatus: z.number().int().min(0).max(999),
  uploadHttpError: z.string().nullish(),
  uploadTimeMs: z.number().nullish(),
});
export type MediaUploadReport = z.output<typeof MediaUploadReport>;

/** `url` is good until `urlExpiry`, for anyone, without a header. */
export const Media = z.object({
  mediaId: z.string(),
  contentType: z.string(),
  contentLength: z.int(),
  uploadedAt: Instant,
  url: z.string(),
  urlExpiry: Instant,
});
export type Media = z.output<typeof Media>;

const MediaParams = z.object({ mediaId: z.string() });

export const requestMediaUpload = defineRoute({
  method: 'POST',
  path: '/api/public/media',
  scope: 'media:create',
  summary: 'Say that a file belongs to a field of a trace, observation or dataset item, and where to upload it',
  body: MediaUpload,
  status: 201,
  response: MediaUploadUrl,
});

export const reportMediaUpload = defineRoute({
  method: 'PATCH',
  path: '/api/public/media/:mediaId',
  scope: 'media:create',
  summary: 'Report how an upload went',
  params: MediaParams,
  body: MediaUploadReport,
  response: z.object({ message: z.literal('OK') }),
});

export const readMedia = defineRoute({
  method: 'GET',
  path: '/api/public/media/:mediaId',
  scope: 'media:read',
  summary: 'A file: its type, its size, and a link for its bytes',
  params: MediaParams,
  response: Media,
});

/** What a link carries; who has it may do what it says until it expires. */
export const MediaLink = z.object({
  media: z.string(),
  /** Of an upload: what was announced. */
  type: z.enum(MEDIA_TYPES).optional(),
  length: z.coerce.number().int().positive().optional(),
});
export type MediaLink = z.output<typeof MediaLink>;

const CONTENT_PATH = '/api/public/x/media-content';

export const uploadMediaContent = defineRoute({
  method: 'PUT',
  path: CONTENT_PATH,
  scope: 'link',
  summary: 'The bytes of a file, by the signed link of an upload',
  query: MediaLink,
  rawBody: 'stream',
  response: z.undefined(),
});

export const readMediaContent = defineRoute({
  method: 'GET',
  path: CONTENT_PATH,
  scope: 'link',
  summary: 'The bytes of a file, by a signed link; always as a download',
  query: MediaLink,
});
