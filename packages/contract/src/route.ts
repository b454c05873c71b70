import * as z from 'zod';
import { auditByDefault, type RouteAudit, type ScopeTellingAudit } from './audit.ts';
import type { OrganizationRouteScope, ProjectRouteScope } from './roles.ts';

/**
 * Who may call a route.
 * - `public`: anyone.
 * - `link`: who has a signed link of a project that has not expired.
 * - `session`: a signed-in person, neither project nor organization named.
 * - `organization`: an organization key.
 * - a project's scope (S9.5) such as `traces:read`: a project key, or a person by role in the project that the header
 *   `x-tracehouse-project` names; `scores` also the Bearer public key of a browser (S9.1).
 * - an organization's scope such as `projects:create`: an organization key, or a person by role in the organization that the
 *   header `x-tracehouse-organization` names.
 * - `admin`: the installation's key, ADMIN_API_KEY (S9.8).
 */
export type RouteScope =
  | 'public'
  | 'link'
  | 'session'
  | 'organization'
  | 'admin'
  | ProjectRouteScope
  | OrganizationRouteScope;

/**
 * Decides the body of an error (S10.2): `named` routes also name refusals, `bare` routes answer `{message}` alone, `terse` ones
 * `{error}`, `scim` ones the error of RFC 7644, 3.12.
 */
export type RouteFamily = 'standard' | 'named' | 'ingestion' | 'otlp' | 'bare' | 'terse' | 'scim';

type Shape = z.ZodType;

/** A route of the wire: validation, types, permissions and the UI's client follow from it. */
export interface Route<
  Params extends Shape = Shape,
  Query extends Shape = Shape,
  Body extends Shape = Shape,
  Response extends Shape = Shape,
> {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Fastify's form: `/api/public/traces/:traceId`; a segment arrives decoded. */
  path: string;
  scope: RouteScope;
  summary: string;
  /** What it writes to the audit log. */
  audit: RouteAudit;
  family: RouteFamily;
  params: Params;
  query: Query;
  body: Body;
  /** Hand the bytes to the handler as they came, or the stream of them, of any length; `body` is not consulted. */
  rawBody: boolean | 'stream';
  /** Also takes the installation's key with `x-langfuse-project-id` (S9.1). */
  takesAdminKey: boolean;
  /** Status of success. */
  status: number;
  response: Response;
}

const nothing = z.unknown();
type Nothing = typeof nothing;

/** What changes something says which line of the audit log it writes, or `{ none: 'why' }`; unless its scope tells (`audit.ts`). */
interface SaysItsAudit {
  audit: RouteAudit;
}

type AuditOf<Method extends Route['method'], Scope extends RouteScope> = [Method, Scope] extends
  | ['GET', RouteScope]
  | [Route['method'], ScopeTellingAudit]
  ? Partial<SaysItsAudit>
  : SaysItsAudit;

/** Fills in what a declaration leaves out: no parameters, status 200, family `standard`, and the audit where the scope tells it. */
export function defineRoute<
  Method extends Route['method'],
  Scope extends RouteScope,
  Params extends Shape = Nothing,
  Query extends Shape = Nothing,
  Body extends Shape = Nothing,
  Response extends Shape = Nothing,
>(
  declaration: { method: Method; scope: Scope } & Pick<Route, 'path' | 'summary'> &
    Partial<Pick<Route, 'family' | 'rawBody' | 'takesAdminKey' | 'status'>> & {
      params?: Params;
      query?: Query;
      body?: Body;
      response?: Response;
    } & AuditOf<Method, Scope>,
): Route<Params, Query, Body, Response> {
  const audit = declaration.audit ?? auditByDefault(declaration.method, declaration.scope);
  if (audit === undefined) throw new Error(`${declaration.method} ${declaration.path} does not say its audit`);
  return {
    family: 'standard',
    rawBody: false,
    takesAdminKey: false,
    status: 200,
    ...declaration,
    audit,
    params: declaration.params ?? (nothing as Shape as Params),
    query: declaration.query ?? (nothing as Shape as Query),
    body: declaration.body ?? (nothing as Shape as Body),
    response: declaration.response ?? (nothing as Shape as Response),
  };
}
