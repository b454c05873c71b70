const RESERVED = /^(?:langfuse[-_]?)+/;
const ALLOWED = /^[a-z0-9_-]+$/;
const MAX_LENGTH = 40;

/** S1.7: lower case, without the reserved prefix `langfuse`, at most 40 characters of `[a-z0-9-_]`, else `default`. */
export function normalizeEnvironment(given: string): string {
  const name = given.toLowerCase().replace(RESERVED, '').slice(0, MAX_LENGTH);
  return ALLOWED.test(name) ? name : 'default';
}
