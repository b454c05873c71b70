import { createScimGroups } from './groups.ts';
import { createScimUsers } from './users.ts';

/** Provisioning of an organization, wired. */
export function createScim(parts: Parameters<typeof createScimUsers>[0]) {
  const users = createScimUsers(parts);
  return { users, groups: createScimGroups({ postgres: parts.postgres, users }) };
}
