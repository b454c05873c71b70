import type { RouteFamily } from '@tracehouse/contract/route';
import { scimUrns } from '@tracehouse/contract/scim';
import type * as z from 'zod';
import type { Principal } from '../identity/principal.ts';
import { JsonBodyError } from './json-body.ts';

/** What the caller can fix, or retry. `wireName` is matched on by SDKs and never changes. */
export class ApiError extends Error {
  readonly status: number;
  readonly wireName: string;
  /** Who was refused, where the auth hook knows it already. */
  principal?: Principal;
  constructor(status: number, wireName: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = wireName;
    this.status = status;
    this.wireName = wireName;
  }
}

export class InvalidRequestError extends ApiError {
  constructor(message: string, options?: ErrorOptions) {
    super(400, 'InvalidRequestError', message, options);
  }
}

/** A schema refused the request; the issues name the fields. */
export class ValidationError extends ApiError {
  readonly issues: readonly z.core.$ZodIssue[];
  constructor(issues: readonly z.core.$ZodIssue[]) {
    super(400, 'InvalidRequestError', 'Invalid request data');
    this.issues = issues;
  }
}

export class UnauthorizedError extends ApiError {
  constructor(message: string) {
    super(401, 'UnauthorizedError', message);
  }
}

export class ForbiddenError extends ApiError {
  constructor(message: string) {
    super(403, 'ForbiddenError', message);
  }
}

export class NotFoundError extends ApiError {
  constructor(message: string) {
    super(404, 'LangfuseNotFoundError', message);
  }
}

export class MethodNotAllowedError extends ApiError {
  constructor() {
    super(405, 'MethodNotAllowedError', 'Method not allowed');
  }
}

export class ConflictError extends ApiError {
  /** What else the answer says, for a client that can do something about it. */
  readonly details: Readonly<Record<string, unknown>>;
  constructor(message: string, details: Readonly<Record<string, unknown>> = {}) {
    super(409, 'LangfuseConflictError', message);
    this.details = details;
  }
}

export class TooLargeError extends ApiError {
  constructor(message: string) {
    super(413, 'PayloadTooLargeError', message);
  }
}

/** What SCIM clients tell errors by (RFC 7644, table 9). */
type ScimType = 'invalidFilter' | 'invalidPath' | 'invalidSyntax' | 'invalidValue' | 'mutability' | 'noTarget';

/** A SCIM request that cannot be done as it is written. */
export class ScimError extends ApiError {
  readonly scimType: ScimType;
  constructor(scimType: ScimType, message: string) {
    super(400, 'InvalidRequestError', message);
    this.scimType = scimType;
  }
}

/** A read that the engine stopped: too slow or too much memory. */
export class TooHeavyError extends ApiError {
  constructor(message: string) {
    super(422, 'Request timed out', message);
  }
}

/** Understood, and not possible. */
export class UnprocessableError extends ApiError {
  constructor(message: string) {
    super(422, 'UnprocessableError', message);
  }
}

export class TooManyRequestsError extends ApiError {
  readonly retryAfterS: number;
  /** `X-RateLimit-*`, where the limit is one a caller may know. */
  readonly headers: Readonly<Record<string, string>>;
  constructor(message: string, retryAfterS: number, headers: Readonly<Record<string, string>> = {}) {
    super(429, 'TooManyRequestsError', message);
    this.retryAfterS = retryAfterS;
    this.headers = headers;
  }
}

/** Exporters retry 503 and lose the batch on 500, so whatever may pass by itself is this. */
export class OverloadedError extends ApiError {
  readonly retryAfterS: number;
  constructor(message: string, retryAfterS = 1, options?: ErrorOptions) {
    super(503, 'ServiceUnavailableError', message, options);
    this.retryAfterS = retryAfterS;
  }
}

type Body = Record<string, unknown>;

/** S10.2: refusals of the auth hook carry `message` alone, other errors also their name. */
const standard = (error: ApiError): Body =>
  error.status === 401 || error.status === 403 ? { message: error.message } : named(error);

const named = (error: ApiError): Body => ({
  message: error.message,
  error: error instanceof ValidationError ? error.issues : error.wireName,
  ...(error instanceof ConflictError && error.details),
});

const detailOf = ({ issues }: ValidationError): string =>
  issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ');

function scimTypeOf(error: ApiError): string | undefined {
  if (error instanceof ScimError) return error.scimType;
  if (error instanceof ValidationError) return 'invalidValue';
  return error instanceof ConflictError ? 'uniqueness' : undefined;
}

const bodies: Record<RouteFamily, (error: ApiError) => Body> = {
  standard,
  named,
  ingestion: (error) =>
    error instanceof ValidationError
      ? { message: error.message, errors: error.issues.map((issue) => issue.message) }
      : { error: error.wireName, message: error.message },
  terse: (error) =>
    error instanceof ValidationError
      ? { error: 'Invalid request body', details: error.issues }
      : { error: error.message },
  scim: (error) => {
    const isSyntax = error.cause instanceof JsonBodyError;
    const scimType = isSyntax ? 'invalidSyntax' : scimTypeOf(error);
    return {
      schemas: [scimUrns.error],
      ...(scimType !== undefined && { scimType }),
      detail: isSyntax ? 'Invalid JSON body' : error instanceof ValidationError ? detailOf(error) : error.message,
      status: error.status,
    };
  },
  bare: (error) => ({ message: error.message }),
  otlp: (error) => (error.status === 400 ? { error: error.message } : standard(error)),
};

/** The body of an error on a route of this family. */
export const errorBody = (error: ApiError, family: RouteFamily): Body => bodies[family](error);
