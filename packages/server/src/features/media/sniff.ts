/** Bytes of the beginning that `sniff` looks at. */
export const SNIFF_BYTES = 16;

interface Signature {
  type: string;
  /** Latin-1 text at a place. */
  marks: readonly [at: number, text: string][];
}

/** What a browser may show by itself, by its first bytes. No SVG, which is a document with links and scripts. */
// oxfmt-ignore
const signatures: readonly Signature[] = [
  { type: 'image/png',       marks: [[0, '\x89PNG\r\n\x1a\n']] },
  { type: 'image/jpeg',      marks: [[0, '\xff\xd8\xff']] },
  { type: 'image/gif',       marks: [[0, 'GIF8']] },
  { type: 'image/webp',      marks: [[0, 'RIFF'], [8, 'WEBP']] },
  { type: 'image/avif',      marks: [[4, 'ftypavi']] },
  { type: 'image/heic',      marks: [[4, 'ftyphei']] },
  { type: 'image/bmp',       marks: [[0, 'BM']] },
  { type: 'image/tiff',      marks: [[0, 'II*\0']] },
  { type: 'image/tiff',      marks: [[0, 'MM\0*']] },
  { type: 'audio/wav',       marks: [[0, 'RIFF'], [8, 'WAVE']] },
  { type: 'audio/mpeg',      marks: [[0, 'ID3']] },
  { type: 'audio/mpeg',      marks: [[0, '\xff\xfb']] },
  { type: 'audio/mpeg',      marks: [[0, '\xff\xf3']] },
  { type: 'audio/mpeg',      marks: [[0, '\xff\xf2']] },
  { type: 'audio/aac',       marks: [[0, '\xff\xf1']] },
  { type: 'audio/aac',       marks: [[0, '\xff\xf9']] },
  { type: 'audio/flac',      marks: [[0, 'fLaC']] },
  { type: 'audio/mp4',       marks: [[4, 'ftypM4A']] },
  { type: 'video/quicktime', marks: [[4, 'ftypqt']] },
  { type: 'video/mp4',       marks: [[4, 'ftyp']] },
  { type: 'video/x-msvideo', marks: [[0, 'RIFF'], [8, 'AVI ']] },
];

/** Containers that hold sound or pictures: their sender knows which. */
const containers: readonly { mark: string; subtypes: readonly string[] }[] = [
  { mark: 'OggS', subtypes: ['audio/ogg', 'audio/oga', 'audio/opus', 'video/ogg'] },
  { mark: '\x1aE\xdf\xa3', subtypes: ['video/webm', 'audio/webm', 'video/x-matroska'] },
];

/** The type to serve a file by, whatever its sender called it; null for what no page may show. */
export function sniff(head: Uint8Array, declared: string): string | null {
  const text = Buffer.from(head.subarray(0, SNIFF_BYTES)).toString('latin1');
  const container = containers.find(({ mark }) => text.startsWith(mark));
  if (container) return container.subtypes.find((type) => type === declared) ?? container.subtypes[0]!;
  const found = signatures.find(({ marks }) => marks.every(([at, mark]) => text.startsWith(mark, at)));
  // A voice note and a film are both MP4.
  return found?.type === 'video/mp4' && declared === 'audio/mp4' ? declared : (found?.type ?? null);
}
