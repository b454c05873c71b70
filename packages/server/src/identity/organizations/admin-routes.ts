import {
  adminCreateOrganization,
  adminCreateOrganizationKey,
  adminDeleteOrganization,
  adminDeleteOrganizationKey,
  adminListOrganizationKeys,
  adminListOrganizations,
  adminReadOrganization,
  adminUpdateOrganization,
} from '@tracehouse/contract/admin';
import { bind, type BoundRoute } from '../../http/bind.ts';
import { type ApiKeys, keyToWire } from '../keys/api-keys.ts';
import type { Organizations, WholeOrganization } from './organizations.ts';
import { projectToWire } from './rest-routes.ts';

/** What ADMIN_API_KEY may ask (S9.8). */
export function adminRoutes({
  organizations,
  apiKeys,
}: {
  organizations: Organizations;
  apiKeys: Pick<ApiKeys, 'list' | 'create' | 'revoke'>;
}): BoundRoute[] {
  const owner = async ({ organizationId }: { organizationId: string }) => ({
    organizationId: (await organizations.get(organizationId)).id,
  });
  return [
    bind(adminListOrganizations, async () => ({ organizations: (await organizations.list()).map(toWire) })),
    bind(adminCreateOrganization, async ({ body: { name, metadata }, actor }) =>
      toWire(await organizations.create({ name, ...(metadata && { metadata }) }, actor)),
    ),
    bind(adminReadOrganization, async ({ params }) => toWire(await organizations.get(params.organizationId))),
    bind(adminUpdateOrganization, async ({ params: { organizationId }, body: { name, metadata }, actor }) => {
      await organizations.update(organizationId, { name, ...(metadata && { metadata }) }, actor);
      return toWire(await organizations.get(organizationId));
    }),
    bind(adminDeleteOrganization, async ({ params: { organizationId }, actor }) => {
      await organizations.delete(organizationId, 'Cannot delete organization with existing projects', actor);
      return { success: true as const };
    }),

    bind(adminListOrganizationKeys, async ({ params }) => ({
      apiKeys: (await apiKeys.list(await owner(params))).map(keyToWire),
    })),
    bind(adminCreateOrganizationKey, async ({ params, body, actor }) => {
      const key = await apiKeys.create(await owner(params), { note: body?.note ?? null }, actor);
      const { id, createdAt, note, publicKey, displaySecretKey } = keyToWire(key);
      return { id, createdAt, note, publicKey, displaySecretKey, secretKey: key.secretKey };
    }),
    bind(adminDeleteOrganizationKey, async ({ params, actor }) => {
      await apiKeys.revoke(await owner(params), params.apiKeyId, actor);
      return { success: true as const };
    }),
  ];
}

const toWire = ({ id, name, metadata, created_at, projects }: WholeOrganization) => ({
  id,
  name,
  createdAt: created_at.toISOString(),
  metadata,
  projects: projects.map(projectToWire),
});
