import type { AuditActorKind, AuditLine } from '@tracehouse/contract/x-audit-log';
import { UNKNOWN } from '../../components/formats.ts';

const kindWords: Record<AuditActorKind, string> = {
  person: 'Person',
  projectKey: 'Project key',
  organizationKey: 'Organization key',
  adminKey: 'Admin key',
  system: 'Tracehouse',
};

/** What did it: "Person", "Project key". */
export const actorKind = ({ actor }: Pick<AuditLine, 'actor'>): string => kindWords[actor.kind];

export const actorName = ({ actor }: Pick<AuditLine, 'actor'>): string => actor.name ?? actor.id ?? UNKNOWN;

/** `scoreConfig` → `score config`. */
export const nounOf = (objectType: string): string =>
  objectType
    .replace(/([a-z])([A-Z])/gu, '$1 $2')
    .toLowerCase()
    .replace(/^api\b/u, 'API');

/** Whether the line only says which route was refused. */
const isRoute = ({ objectType }: Pick<AuditLine, 'objectType'>): boolean => objectType === 'route';

const past: Record<string, string> = {
  create: 'created',
  update: 'updated',
  delete: 'deleted',
  start: 'started',
  cancel: 'cancelled',
  revoke: 'revoked',
  renew: 'renewed',
  accept: 'accepted',
  rotate: 'rotated',
  reset: 'reset',
  verify: 'verified',
  link: 'linked',
  unlink: 'unlinked',
  transfer: 'transferred',
  'sign-in': 'signed in',
  'sign-out': 'signed out',
};

/** What was done or tried: "updated model", "tried POST". */
export function deedOf(line: Pick<AuditLine, 'action' | 'objectType' | 'refusedFor'>): string {
  if (isRoute(line)) return `tried ${line.action.toUpperCase()}`;
  const verb = past[line.action] ?? line.action;
  return line.refusedFor === null
    ? `${verb} ${nounOf(line.objectType)}`
    : `tried to ${line.action} ${nounOf(line.objectType)}`;
}

/** What people call the object, else its id. */
export const objectOf = ({ objectName, objectId }: Pick<AuditLine, 'objectName' | 'objectId'>): string =>
  objectName ?? objectId ?? UNKNOWN;
