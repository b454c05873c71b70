import type { Readable } from 'node:stream';
import {
  type MediaLink,
  readMedia,
  readMediaContent,
  reportMediaUpload,
  requestMediaUpload,
  uploadMediaContent,
} from '@tracehouse/contract/media';
import { Answer, bind, type BoundRoute } from '../../http/bind.ts';
import { InvalidRequestError } from '../../http/errors.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { parseRange } from './byte-range.ts';
import { fileName } from './file-names.ts';
import type { MediaFiles } from './service.ts';

export const mediaRoutes = (media: MediaFiles): BoundRoute[] => [
  bind(requestMediaUpload, ({ scope, body }) => media.request(scope, body)),
  bind(reportMediaUpload, async ({ scope, params, body }) => {
    await media.report(scope, params.mediaId, body);
    return { message: 'OK' } as const;
  }),
  bind(readMedia, ({ scope, params }) => media.get(scope, params.mediaId)),
  bind(uploadMediaContent, async ({ scope, query, headers, body }) => {
    const type = headers['content-type']?.split(';')[0]?.trim().toLowerCase();
    if (type !== undefined && query.type !== undefined && type !== query.type) {
      throw new InvalidRequestError(`Content-Type is ${type}, announced was ${query.type}`);
    }
    const length = headers['content-length'];
    if (length !== undefined && query.length !== undefined && Number(length) !== query.length) {
      throw new InvalidRequestError(`Content-Length is ${length}, announced was ${query.length}`);
    }
    await media.store(scope, query, body as Readable);
    return new Answer(undefined);
  }),
  bind(readMediaContent, ({ scope, query, headers }) => download(media, scope, query, headers['range'])),
];

/**
 * Whatever it is, it is hostile: a browser saves it, or shows it inside a page that names it as an image, sound or film. Opened
 * by itself it runs nothing, for it is a download, and sandboxed.
 */
async function download(media: MediaFiles, scope: ProjectScope, link: MediaLink, rangeHeader: string | undefined) {
  const { row, sizeBytes, range, content } = await media.open(scope, link.media, (size) =>
    parseRange(rangeHeader, size),
  );
  const headers = {
    'content-type': row.sniffed_type ?? 'application/octet-stream',
    'content-disposition': `attachment; filename="${fileName(row.id, row.content_type)}"`,
    'content-security-policy': "sandbox; default-src 'none'",
    'cross-origin-resource-policy': 'same-site',
    'cache-control': 'private, max-age=3600, immutable',
    'accept-ranges': 'bytes',
  };
  if (content === null) return new Answer(null, { status: 416, headers: { 'content-range': `bytes */${sizeBytes}` } });
  if (!range) return new Answer(content, { headers: { ...headers, 'content-length': String(sizeBytes) } });
  const { first, last } = range;
  const part = {
    'content-length': String(last - first + 1),
    'content-range': `bytes ${first}-${last}/${sizeBytes}`,
  };
  return new Answer(content, { status: 206, headers: { ...headers, ...part } });
}
