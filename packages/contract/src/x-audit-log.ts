import * as z from 'zod';
import { Instant } from './pagination.ts';
import { defineRoute } from './route.ts';

/*
 * The audit log: who did what to which object, before and after, by which key or session; and what was refused to somebody known.
 * Once for a project, once for an organization: its own lines, those of its projects, and what its members did to their accounts.
 */

export const AuditActorKind = z.enum(['person', 'projectKey', 'organizationKey', 'adminKey', 'system']);
export type AuditActorKind = z.output<typeof AuditActorKind>;

/** A line of the list. Names and ids are as they were then. */
export const AuditLine = z.object({
  id: z.string(),
  at: Instant,
  actor: z.object({
    kind: AuditActorKind,
    id: z.string().nullable(),
    /** An e-mail address, a public key, or the part of the program. */
    name: z.string().nullable(),
    /** Of a person. */
    sessionId: z.string().nullable(),
    ip: z.string().nullable(),
    userAgent: z.string().nullable(),
  }),
  /** Null for what is about the organization, or a person's own account. `name` is null once it is deleted. */
  project: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
  action: z.string(),
  objectType: z.string(),
  objectId: z.string().nullable(),
  /** What people call it, where the line tells. */
  objectName: z.string().nullable(),
  /** Why it was not done; null when it was. */
  refusedFor: z.string().nullable(),
});
export type AuditLine = z.output<typeof AuditLine>;

/** A line with what the object was and is; null where there is nothing to say. */
export const AuditLineDetails = AuditLine.extend({ before: z.unknown(), after: z.unknown() });
export type AuditLineDetails = z.output<typeof AuditLineDetails>;

const text = z.string().max(1_000).optional();

const filters = {
  /** The whole id, or a part of the name. */
  actor: text,
  action: text,
  objectType: text,
  objectId: text,
  /** From then on. */
  from: Instant.optional(),
  /** Before then. */
  to: Instant.optional(),
  /** `true`: only what was refused; `false`: only what was done. */
  refused: z
    .enum(['true', 'false'])
    .transform((value) => value === 'true')
    .optional(),
  /** A part of any text of the line, also of what the object was and is. */
  q: text,
};

export const AuditQuery = z.object({
  ...filters,
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(1_000).optional(),
});
export type AuditQuery = z.output<typeof AuditQuery>;

export const AuditExportQuery = z.object({ ...filters, format: z.enum(['csv', 'ndjson']).default('csv') });
export type AuditExportQuery = z.output<typeof AuditExportQuery>;

/** The part of both queries that says which lines. */
export type AuditFilter = Omit<AuditExportQuery, 'format'>;

const AuditList = z.object({ data: z.array(AuditLine), meta: z.object({ cursor: z.string().optional() }) });
export type AuditList = z.output<typeof AuditList>;

const ofLine = z.object({ lineId: z.string() });

export const listAuditLog = defineRoute({
  method: 'GET',
  path: '/api/public/x/audit-log',
  scope: 'auditLogs:read',
  summary: "The project's audit log, newest first",
  query: AuditQuery,
  response: AuditList,
});

export const readAuditLine = defineRoute({
  method: 'GET',
  path: '/api/public/x/audit-log/:lineId',
  scope: 'auditLogs:read',
  summary: 'One line with what the object was and is',
  params: ofLine,
  response: AuditLineDetails,
});

export const exportAuditLog = defineRoute({
  method: 'GET',
  path: '/api/public/x/audit-log/export',
  scope: 'auditLogs:read',
  summary: 'All lines as a file, newest first: CSV, or one JSON object a line',
  query: AuditExportQuery,
});

export const listOrganizationAuditLog = defineRoute({
  method: 'GET',
  path: '/api/public/x/organization/audit-log',
  scope: 'organizationAuditLogs:read',
  summary: 'The audit log of the organization, its projects and the accounts of its members, newest first',
  query: AuditQuery,
  response: AuditList,
});

export const readOrganizationAuditLine = defineRoute({
  method: 'GET',
  path: '/api/public/x/organization/audit-log/:lineId',
  scope: 'organizationAuditLogs:read',
  summary: 'One line with what the object was and is',
  params: ofLine,
  response: AuditLineDetails,
});

export const exportOrganizationAuditLog = defineRoute({
  method: 'GET',
  path: '/api/public/x/organization/audit-log/export',
  scope: 'organizationAuditLogs:read',
  summary: 'All lines of the organization as a file, newest first: CSV, or one JSON object a line',
  query: AuditExportQuery,
});
