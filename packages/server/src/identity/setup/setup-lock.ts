import { sql } from '../../stores/postgres/sql.ts';

const LOCK = 7_403_182_002; // any constant of ours: advisory locks are per database

/** One process at a time sets up organizations, users and keys at its start; held until the transaction ends. */
export const setupLock = sql`SELECT pg_advisory_xact_lock(${LOCK})`;
