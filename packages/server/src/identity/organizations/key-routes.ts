import { createProjectApiKey, deleteProjectApiKey, listProjectApiKeys } from '@tracehouse/contract/projects';
import { createApiKey, listApiKeys, type NewApiKey, renameApiKey, revokeApiKey } from '@tracehouse/contract/x-api-keys';
import {
  createOrganizationApiKey,
  listOrganizationApiKeys,
  renameOrganizationApiKey,
  revokeOrganizationApiKey,
} from '@tracehouse/contract/x-organization-keys';
import { bind, type BoundRoute } from '../../http/bind.ts';
import type { OrganizationScope } from '../../stores/scope.ts';
import { type ApiKeys, keyToWire } from '../keys/api-keys.ts';
import type { Principal } from '../principal.ts';
import type { Projects } from './projects.ts';

const done = { success: true as const };

/** Keys of a project and of an organization, by people and by keys of the organization (S9.7). */
export const keyRoutes = (parts: { apiKeys: ApiKeys; projects: Projects }): BoundRoute[] => [
  ...projectKeyRoutes(parts.apiKeys),
  ...organizationKeyRoutes(parts.apiKeys),
  ...restKeyRoutes(parts),
];

const projectKeyRoutes = (apiKeys: ApiKeys): BoundRoute[] => [
  bind(listApiKeys, async ({ scope }) => ({ data: (await apiKeys.list(scope)).map(keyToWire).toReversed() })),
  bind(createApiKey, async ({ scope, principal, actor, body }) => {
    const key = await apiKeys.create(scope, { note: noteOf(body), createdBy: creatorOf(principal) }, actor);
    return { ...keyToWire(key), secretKey: key.secretKey };
  }),
  bind(renameApiKey, async ({ scope, actor, params, body }) =>
    keyToWire(await apiKeys.rename(scope, params.id, noteOf(body), actor)),
  ),
  bind(revokeApiKey, async ({ scope, actor, params }) => {
    await apiKeys.revoke(scope, params.id, actor);
    return done;
  }),
];

const organizationKeyRoutes = (apiKeys: ApiKeys): BoundRoute[] => [
  bind(listOrganizationApiKeys, async ({ organization }) => ({
    data: (await apiKeys.list(organization)).map(keyToWire).toReversed(),
  })),
  bind(createOrganizationApiKey, async ({ organization, principal, actor, body }) => {
    const key = await apiKeys.create(organization, { note: noteOf(body), createdBy: creatorOf(principal) }, actor);
    return { ...keyToWire(key), secretKey: key.secretKey };
  }),
  bind(renameOrganizationApiKey, async ({ organization, actor, params, body }) =>
    keyToWire(await apiKeys.rename(organization, params.id, noteOf(body), actor)),
  ),
  bind(revokeOrganizationApiKey, async ({ organization, actor, params }) => {
    await apiKeys.revoke(organization, params.id, actor);
    return done;
  }),
];

function restKeyRoutes({ apiKeys, projects }: { apiKeys: ApiKeys; projects: Projects }): BoundRoute[] {
  const owned = async (organization: OrganizationScope, projectId: string): Promise<{ projectId: string }> => ({
    projectId: (await projects.get(organization, projectId)).id,
  });
  return [
    bind(listProjectApiKeys, async ({ organization, params }) => ({
      apiKeys: (await apiKeys.list(await owned(organization, params.projectId))).map(keyToWire),
    })),
    bind(createProjectApiKey, async ({ organization, params, actor, body: { note, publicKey, secretKey } }) => {
      const pair = typeof publicKey === 'string' && typeof secretKey === 'string' && { pair: { publicKey, secretKey } };
      const owner = await owned(organization, params.projectId);
      const key = await apiKeys.create(owner, { note: note ?? null, ...pair }, actor);
      const { id, createdAt, note: kept, publicKey: made, displaySecretKey } = keyToWire(key);
      return { id, createdAt, note: kept, publicKey: made, secretKey: key.secretKey, displaySecretKey };
    }),
    bind(deleteProjectApiKey, async ({ organization, params, actor }) => {
      await apiKeys.revoke(await owned(organization, params.projectId), params.apiKeyId, actor);
      return done;
    }),
  ];
}

const noteOf = ({ note }: NewApiKey): string | null => (note === undefined || note === '' ? null : note);
const creatorOf = (principal: Principal): string | null => (principal.kind === 'person' ? principal.userId : null);
