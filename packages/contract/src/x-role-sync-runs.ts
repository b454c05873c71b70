import * as z from 'zod';
import { defineRoute } from './route.ts';

/*
 * Runs of `tracehouse role-sync` (docs/role-sync.md), as the page of SSO and SCIM shows them. What a run changes is in the audit
 * log by itself, written by SCIM.
 */

/** How the job names itself (`user-agent`): roles that it sets are shown as its own. */
export const ROLE_SYNC_USER_AGENT = 'tracehouse-role-sync';

/** Runs that are kept of an organization. */
export const KEPT_RUNS = 100;

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
  startedAt: z.iso.datetime().refine((time) => Date.parse(time) > 0, 'is not a time of this age'),
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

export const RoleSyncRun = RoleSyncReport.extend({
  id: z.string(),
  /** By the clock of this server. */
  receivedAt: z.iso.datetime(),
});
export type RoleSyncRun = z.output<typeof RoleSyncRun>;

export const reportRoleSyncRun = defineRoute({
  method: 'POST',
  path: '/api/public/x/role-sync-runs',
  scope: 'organization',
  summary: 'What a run of role-sync came to; the last 100 are kept',
  audit: { none: 'tells of changes that are written already' },
  body: RoleSyncReport,
  status: 201,
  response: z.object({ id: z.string() }),
});

export const listRoleSyncRuns = defineRoute({
  method: 'GET',
  path: '/api/public/x/role-sync-runs',
  scope: 'organizationMembers:read',
  summary: 'Runs of role-sync for the organization, newest first',
  query: z.object({ limit: z.coerce.number().int().min(1).max(KEPT_RUNS).default(20) }),
  response: z.object({ data: z.array(RoleSyncRun) }),
});
