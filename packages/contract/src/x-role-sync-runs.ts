import * as z from 'zod';

const count = z.int().min(0);

/** How many people. In a dry run what would be done is counted as `planned`, and nothing as done. */
export const RoleSyncCounts = z.object({
  /** People read from Keycloak. */
  seen: count,
  members: count,
  /** Members who are a person of Keycloak. */
  matched: count,
  planned: count,
  /** Roles that were set. */
  updated: count,
  unchanged: count,
  /** Made members. */
  provisioned: count,
  /** No members any more. */
  removed: count,
  /** Owners who would have been lowered. */
  protected: count,
  /** Members whom Keycloak does not know. */
  missing: count,
  /** Matched, and disabled in Keycloak. */
  disabled: count,
  /** Several people with one address, on either side. */
  ambiguous: count,
  /** The address is not verified in Keycloak. */
  unverified: count,
  /** Members without an address, and such as left during the run. */
  skipped: count,
  failed: count,
});
export type RoleSyncCounts = z.output<typeof RoleSyncCounts>;

/** What a run of `tracehouse role-sync` tells at its end. */
export const RoleSyncReport = z.object({
  startedAt: z.iso.datetime(),
  durationMs: count,
  /** `partial`: some people failed. `stopped`: the safety brake. `failed`: settings, authentication, or no answer. */
  result: z.enum(['success', 'partial', 'stopped', 'failed']),
  dryRun: z.boolean(),
  /** Why the run ended early; null when it did not. */
  message: z.string().max(2000).nullable(),
  /** A sentence for each of the first people that failed. */
  problems: z.array(z.string().max(500)).max(20),
  counts: RoleSyncCounts,
});
export type RoleSyncReport = z.output<typeof RoleSyncReport>;
