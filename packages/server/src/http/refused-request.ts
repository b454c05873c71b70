import type { ProjectScope } from '../stores/scope.ts';

/** Who sent what was refused, as far as a project can be told. */
export interface RefusedSender {
  scope: ProjectScope;
  /** Empty for a person. */
  publicKey: string;
  /** What is wrong with the key, where that is why. */
  keyProblem?: string;
}

/** A request for ingestion that is answered with an error as a whole. */
export interface RefusedRequest {
  path: string;
  /** Null when it belongs to no project. */
  sender: RefusedSender | null;
  /** Lower-case names. */
  headers: Readonly<Record<string, string | undefined>>;
  /** As sent; null when it was not read. */
  body: Uint8Array | null;
  /** An ApiError, or what went wrong on our side. */
  error: unknown;
}
