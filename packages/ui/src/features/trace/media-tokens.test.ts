import { expect, test } from 'vitest';
import { shownAs, splitAtTokens } from './media-tokens.ts';

const token = (id: string, type = 'image/png') => `@@@langfuseMedia:type=${type}|id=${id}|source=bytes@@@`;

test('tokens are told from the text around them, wherever they stand', () => {
  expect(splitAtTokens('no file')).toEqual(['no file']);
  expect(splitAtTokens('')).toEqual(['']);
  expect(splitAtTokens(token('a-_9'))).toEqual([{ contentType: 'image/png', mediaId: 'a-_9' }]);
  expect(splitAtTokens(`see ${token('a')} \n${token('b', 'audio/wav')}, both`)).toEqual([
    'see ',
    { contentType: 'image/png', mediaId: 'a' },
    { contentType: 'audio/wav', mediaId: 'b' },
    ', both',
  ]);
});

test.each([
  '@@@langfuseMedia:type=image/png@@@',
  '@@@langfuseMedia:type=image/png|id=../../x|source=bytes@@@',
  '@@@langfuseMedia:type=image/png|id=a|source=bytes',
  '@@@langfuseMedia:'.repeat(10_000),
])('what only looks like one stays text', (text) => {
  expect(splitAtTokens(text)).toEqual([text]);
});

test('a drawing with scripts in it is a download', () => {
  expect(
    ['image/png', 'image/svg+xml', 'audio/mpeg', 'video/mp4', 'application/pdf', 'text/html'].map(shownAs),
  ).toEqual(['image', 'download', 'audio', 'video', 'download', 'download']);
});
