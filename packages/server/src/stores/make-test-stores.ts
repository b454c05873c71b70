import { join } from 'node:path';
import { openStores } from './open.ts';

// The process that `plantStores` starts, for one process holds one ClickHouse: new stores in the empty directory named.
const [directory] = process.argv.slice(2);
const stores = await openStores({
  databaseUrl: undefined,
  fsync: false,
  engineMemoryBytes: 1024 ** 3,
  log: { warn: () => undefined, info: () => undefined },
  inside: (...parts) => join(directory!, ...parts),
});
await stores.close();
process.exit(0);
