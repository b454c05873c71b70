import { readdir, readFile, writeFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import type { Plugin } from 'vite';

const TEXT = /\.(js|css|html|svg|json)$/;
/** Below this a compressed copy saves nothing worth a file. */
const SMALLEST = 1024;

/** Leaves a `.br` and a `.gz` beside each text file of the build, so that serving them costs nothing. */
export function precompress(): Plugin {
  let directory = '';
  return {
    name: 'precompress',
    apply: 'build',
    configResolved({ root, build }) {
      directory = `${root}/${build.outDir}`;
    },
    async closeBundle() {
      const files = (await readdir(directory, { recursive: true })).filter((file) => TEXT.test(file));
      await Promise.all(
        files.map(async (file) => {
          const path = `${directory}/${file}`;
          const text = await readFile(path);
          if (text.length < SMALLEST) return;
          const [brotli, gzipped] = await Promise.all([
            promisify(brotliCompress)(text),
            promisify(gzip)(text, { level: 9 }),
          ]);
          await Promise.all([writeFile(`${path}.br`, brotli), writeFile(`${path}.gz`, gzipped)]);
        }),
      );
    },
  };
}
