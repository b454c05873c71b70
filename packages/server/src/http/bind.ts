import type { Route } from '@tracehouse/contract/route';
import type * as z from 'zod';
import type { Actor } from '../identity/audit/audit.ts';
import type { Principal } from '../identity/principal.ts';
import type { OrganizationScope, ProjectScope } from '../stores/scope.ts';

/** What a handler knows of its request. `scope` is there on routes whose scope needs a project. */
export interface RequestContext<Params, Query, Body> {
  scope: ProjectScope;
  /** There on routes whose scope needs an organization, and for people on those that need a project. */
  organization: OrganizationScope;
  principal: Principal;
  /** Who does it, for the audit log; there on all routes but public ones and links. */
  actor: Actor;
  params: Params;
  query: Query;
  body: Body;
  /** Lower-case names. */
  headers: Record<string, string | undefined>;
  /** The caller's network address. */
  ip: string;
  /** Fires when the client has gone. */
  signal: AbortSignal;
  /**
   * Counts memory that grows out of the body (inflating it) against the room for all bodies, until the answer has left.
   * @throws OverloadedError when there is none
   */
  reserve(bytes: number): void;
}

/** An answer that differs from the declared status, or carries headers. */
export class Answer<Body> {
  readonly body: Body;
  readonly status: number | undefined;
  readonly headers: Record<string, string | string[]>;
  constructor(
    body: Body,
    { status, headers = {} }: { status?: number; headers?: Record<string, string | string[]> } = {},
  ) {
    this.body = body;
    this.status = status;
    this.headers = headers;
  }
}

/** A declaration with its handler, as the HTTP set-up registers it. */
export interface BoundRoute {
  route: Route;
  handle(context: RequestContext<unknown, unknown, unknown>): Promise<unknown>;
}

/** Ties a declaration to its handler; one that answers something else than declared does not compile. */
export function bind<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, R extends z.ZodType>(
  route: Route<P, Q, B, R>,
  handle: (
    context: RequestContext<z.output<P>, z.output<Q>, z.output<B>>,
  ) => z.input<R> | Answer<z.input<R>> | Promise<z.input<R> | Answer<z.input<R>>>,
): BoundRoute {
  return { route, handle: async (context) => handle(context as RequestContext<z.output<P>, z.output<Q>, z.output<B>>) };
}
