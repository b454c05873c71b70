import { PGlite } from '@electric-sql/pglite';

// The process that `makeDatabase` starts: a new database into the empty directory named.
const [directory] = process.argv.slice(2);
const db = await PGlite.create({ dataDir: directory! });
await db.close();
process.exit(0);
