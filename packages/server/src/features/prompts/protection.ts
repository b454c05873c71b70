import { ForbiddenError } from '../../http/errors.ts';
import type { Actor } from '../../identity/audit/audit.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { selectProtected } from './store.ts';

/** Who changes something, and whether also what is protected (`promptProtectedLabels:CUD`). */
export interface Editor {
  actor: Actor;
  mayMoveProtected: boolean;
}

/**
 * Whether somebody may create with, move or take away these labels, or delete a version that has them.
 * @throws ForbiddenError that names the first that they may not
 */
export async function checkProtected(
  db: Postgres,
  scope: ProjectScope,
  { mayMoveProtected }: Pick<Editor, 'mayMoveProtected'>,
  labels: readonly string[],
): Promise<void> {
  if (mayMoveProtected || labels.length === 0) return;
  const locked = new Set(await selectProtected(db, scope));
  const label = labels.find((one) => locked.has(one));
  if (label === undefined) return;
  throw new ForbiddenError(
    `The label '${label}' is protected in this project: only its admins and owners, signed in, may create with it, move it, take it away, or delete the version that has it`,
  );
}
