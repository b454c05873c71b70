import * as z from 'zod';

/**
 * Who may call a route.
 * - `public`: anyone.
 * - `scores`: a project key, or the Bearer public key of a browser (S9.1).
 * - `link`: who has a signed link of a project that has not expired.
 * - `organization`: an organization key.
 * - `session`: a signed-in person, no project named.
 * - any other: a project scope (S9.5) such as `traces:read`; a project key has all of them, a person by role.
 */
export type RouteScope =
  | 'public'
  | 'scores'
  | 'link'
  | 'organization'
  | 'session'
  | 'project:read'
  | 'traces:read'
  | 'traces:create'
  | 'traces:delete'
  | 'scores:read'
  | 'scores:CUD'
  | 'scoreConfigs:read'
  | 'scoreConfigs:CUD'
  | 'media:read'
  | 'media:create'
  | 'models:CUD'
  | 'apiKeys:read'
  | 'apiKeys:CUD';

/** Decides the body of an error (S10.2): `bare` routes answer `{message}` alone. */
export type RouteFamily = 'standard' | 'ingestion' | 'otlp' | 'bare';

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
  family: RouteFamily;
  params: Params;
  query: Query;
  body: Body;
  /** Hand the bytes to the handler as they came, or the stream of them, of any length; `body` is not consulted. */
  rawBody: boolean | 'stream';
  /** Status of success. */
  status: number;
  response: Response;
}

const nothing = z.unknown();
type Nothing = typeof nothing;

/** Fills in what a declaration leaves out: no parameters, status 200, family `standard`. */
export function defineRoute<
  Params extends Shape = Nothing,
  Query extends Shape = Nothing,
  Body extends Shape = Nothing,
  Response extends Shape = Nothing,
>(
  declaration: Pick<Route, 'method' | 'path' | 'scope' | 'summary'> &
    Partial<Pick<Route, 'family' | 'rawBody' | 'status'>> & {
      params?: Params;
      query?: Query;
      body?: Body;
      response?: Response;
    },
): Route<Params, Query, Body, Response> {
  return {
    family: 'standard',
    rawBody: false,
    status: 200,
    ...declaration,
    params: declaration.params ?? (nothing as Shape as Params),
    query: declaration.query ?? (nothing as Shape as Query),
    body: declaration.body ?? (nothing as Shape as Body),
    response: declaration.response ?? (nothing as Shape as Response),
  };
}
