import type { MediaType } from '@tracehouse/contract/media';

// oxfmt-ignore
const extensions: Record<MediaType, string> = {
  'image/png': 'png', 'image/jpeg': 'jpg', 'image/jpg': 'jpg', 'image/webp': 'webp', 'image/gif': 'gif', 'image/svg+xml': 'svg',
  'image/tiff': 'tiff', 'image/bmp': 'bmp', 'image/avif': 'avif', 'image/heic': 'heic',
  'audio/mpeg': 'mp3', 'audio/mp3': 'mp3', 'audio/wav': 'wav', 'audio/ogg': 'ogg', 'audio/oga': 'oga', 'audio/aac': 'aac',
  'audio/mp4': 'm4a', 'audio/flac': 'flac', 'audio/opus': 'opus', 'audio/webm': 'weba',
  'video/mp4': 'mp4', 'video/webm': 'webm', 'video/ogg': 'ogv', 'video/mpeg': 'mpeg', 'video/quicktime': 'mov',
  'video/x-msvideo': 'avi', 'video/x-matroska': 'mkv',
  'text/plain': 'txt', 'text/html': 'html', 'text/css': 'css', 'text/csv': 'csv', 'text/markdown': 'md', 'text/x-python': 'py',
  'application/javascript': 'js', 'text/x-typescript': 'ts', 'application/x-yaml': 'yaml', 'application/pdf': 'pdf',
  'application/msword': 'doc', 'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx', 'application/zip': 'zip',
  'application/json': 'json', 'application/xml': 'xml', 'application/octet-stream': 'bin',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'pptx', 'application/rtf': 'rtf',
  'application/x-ndjson': 'ndjson', 'application/vnd.apache.parquet': 'parquet', 'application/gzip': 'gz',
  'application/x-tar': 'tar', 'application/x-7z-compressed': '7z',
};

/** What a browser saves a file as; the id is made of letters, digits, `-` and `_`. */
export const fileName = (mediaId: string, contentType: string): string =>
  `${mediaId}.${extensions[contentType as MediaType] ?? 'bin'}`;
