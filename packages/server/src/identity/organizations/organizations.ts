import type { OrganizationDetails } from '@tracehouse/contract/x-organizations';
import { InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type Actor, recordAudit } from '../audit/audit.ts';
import { setOrganizationRole } from '../members/members.ts';
import { insertOrganization, lockOrganization, selectOrganizationOwners } from '../members/organizations-store.ts';
import {
  countProjects,
  deleteOrganizationRow,
  type OrganizationProjectRow,
  type OrganizationRow,
  selectAllProjects,
  selectClosedProjectIds,
  selectOrganization,
  selectOrganizations,
  selectProjectsOf,
  updateOrganizationRow,
  type InOrganization,
} from './store.ts';

export type Organizations = ReturnType<typeof createOrganizations>;

const MAX_OWNERS = 20;

/** Organizations themselves; `forgetKeys` is told before a change that ends keys is acknowledged. */
export function createOrganizations({
  postgres,
  forgetKeys,
  now,
  newId,
}: {
  postgres: Postgres;
  forgetKeys(): Promise<void>;
  now: () => Date;
  newId: () => string;
}) {
  async function found(db: Postgres, id: string): Promise<OrganizationRow> {
    const row = await selectOrganization(db, id);
    if (!row) throw new NotFoundError('Organization not found');
    return row;
  }

  return {
    /** As a person sees it: without projects in which they have the role NONE. @throws NotFoundError */
    async read({ organizationId }: InOrganization, userId: string | null): Promise<OrganizationDetails> {
      const { id, name, created_at } = await found(postgres, organizationId);
      const [owners, projects, closed] = await Promise.all([
        selectOrganizationOwners(postgres, id, MAX_OWNERS),
        selectProjectsOf(postgres, id),
        userId === null ? new Set<string>() : selectClosedProjectIds(postgres, userId),
      ]);
      return {
        id,
        name,
        createdAt: created_at.toISOString(),
        owners,
        projects: projects.filter((project) => !closed.has(project.id)).map(toOrganizationProject),
      };
    },

    /** @throws NotFoundError */
    async get(id: string): Promise<WholeOrganization> {
      const row = await found(postgres, id);
      return { ...row, projects: await selectProjectsOf(postgres, id) };
    },

    /** All of the installation. */
    async list(): Promise<WholeOrganization[]> {
      const [organizations, projects] = await Promise.all([selectOrganizations(postgres), selectAllProjects(postgres)]);
      return organizations.map((row) => ({
        ...row,
        projects: projects.filter(({ organization_id }) => organization_id === row.id),
      }));
    },

    /** With `ownerId` as its owner; without one, nobody is a member. */
    async create(
      { name, metadata, ownerId }: { name: string; metadata?: Record<string, unknown>; ownerId?: string },
      actor: Actor,
    ): Promise<WholeOrganization> {
      const [id, at] = [newId(), now()];
      await postgres.transaction(async (tx) => {
        await insertOrganization(tx, { id, name, at });
        if (metadata) await updateOrganizationRow(tx, id, { metadata }, at);
        await recordAudit(tx, actor, at, {
          place: { organizationId: id },
          action: 'create',
          objectType: 'organization',
          objectId: id,
          after: { name, ...(metadata && { metadata }) },
        });
        if (ownerId !== undefined)
          await setOrganizationRole(
            tx,
            { organizationId: id, userId: ownerId, role: 'OWNER' },
            { actor, source: 'person', at },
          );
      });
      return { id, name, metadata: metadata ?? {}, created_at: at, projects: [] };
    },

    /** What is not given stays. @throws NotFoundError */
    async update(
      id: string,
      change: { name?: string; metadata?: Record<string, unknown> },
      actor: Actor,
    ): Promise<void> {
      await postgres.transaction(async (tx) => {
        await lockOrganization(tx, id);
        const { name, metadata } = await found(tx, id);
        const before = { name, metadata };
        if (JSON.stringify({ ...before, ...change }) === JSON.stringify(before)) return;
        const at = now();
        await updateOrganizationRow(tx, id, change, at);
        await recordAudit(tx, actor, at, {
          place: { organizationId: id },
          action: 'update',
          objectType: 'organization',
          objectId: id,
          before,
          after: { ...before, ...change },
        });
      });
    },

    /** @throws NotFoundError, InvalidRequestError while it has projects; `words` say so */
    async delete(id: string, words: string, actor: Actor): Promise<void> {
      await postgres.transaction(async (tx) => {
        await lockOrganization(tx, id);
        const { name } = await found(tx, id);
        if ((await countProjects(tx, id)) > 0) throw new InvalidRequestError(words);
        await deleteOrganizationRow(tx, id);
        // Its own lines of the log go with it.
        await recordAudit(tx, actor, now(), {
          place: null,
          action: 'delete',
          objectType: 'organization',
          objectId: id,
          before: { name },
        });
      });
      await forgetKeys();
    },
  };
}

export interface WholeOrganization extends OrganizationRow {
  projects: OrganizationProjectRow[];
}

/** A project as a page lists it. */
export const toOrganizationProject = ({ id, name, created_at }: OrganizationProjectRow) => ({
  id,
  name,
  createdAt: created_at.toISOString(),
});
