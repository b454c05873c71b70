import { openPglite } from '../postgres/pglite.ts';
import { describeQueue } from './queue.contract.ts';

describeQueue('PGlite', () => openPglite(undefined));
// The other driver runs the same suite in test/services/postgres.test.ts.
