import { roleMay } from '@tracehouse/contract/roles';
import { ConflictError, ForbiddenError, NotFoundError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { type Actor, recordAudit } from '../audit/audit.ts';
import { insertProject, lockOrganization, selectOrganizationRole } from '../members/organizations-store.ts';
import {
  isProjectNameTaken,
  type OrganizationProjectRow,
  selectProjectIn,
  selectProjectsOf,
  updateProjectOrganization,
  updateProjectRow,
  type InOrganization,
} from './store.ts';

export type Projects = ReturnType<typeof createProjects>;

/** As upstream says it, also of a project of somebody else. */
export const NO_PROJECT = "Project not found or you don't have access to it";

/** Projects of organizations; their deletion is in `features/project-deletion`. */
export function createProjects({
  postgres,
  forgetKeys,
  now,
  newId,
}: {
  postgres: Postgres;
  /** Keys are remembered with the organization of their project. */
  forgetKeys(): Promise<void>;
  now: () => Date;
  newId: () => string;
}) {
  async function refuseTaken(tx: Postgres, organizationId: string, wish: { name: string; exceptId?: string }) {
    if (await isProjectNameTaken(tx, organizationId, wish))
      throw new ConflictError('A project with this name already exists in your organization');
  }

  return {
    list: ({ organizationId }: InOrganization): Promise<OrganizationProjectRow[]> =>
      selectProjectsOf(postgres, organizationId),

    /** @throws NotFoundError for a project of another organization */
    async get({ organizationId }: InOrganization, id: string): Promise<OrganizationProjectRow> {
      const project = await selectProjectIn(postgres, organizationId, id);
      if (!project) throw new NotFoundError(NO_PROJECT);
      return project;
    },

    /** @throws ConflictError */
    async create(
      { organizationId }: InOrganization,
      { name, metadata }: { name: string; metadata?: Record<string, unknown> },
      actor: Actor,
    ): Promise<OrganizationProjectRow> {
      const [id, at] = [newId(), now()];
      await postgres.transaction(async (tx) => {
        await lockOrganization(tx, organizationId);
        await refuseTaken(tx, organizationId, { name });
        await insertProject(tx, organizationId, { id, name, at });
        if (metadata) await updateProjectRow(tx, id, { metadata }, at);
        await recordAudit(tx, actor, at, {
          place: { projectId: id },
          action: 'create',
          objectType: 'project',
          objectId: id,
          after: { name, ...(metadata && { metadata }) },
        });
      });
      return { id, organization_id: organizationId, name, metadata: metadata ?? {}, created_at: at, updated_at: at };
    },

    /** What is not given stays. @throws NotFoundError, ConflictError */
    async update(
      { organizationId }: InOrganization,
      id: string,
      change: { name?: string; metadata?: Record<string, unknown> },
      actor: Actor,
    ): Promise<OrganizationProjectRow> {
      return postgres.transaction(async (tx) => {
        await lockOrganization(tx, organizationId);
        const project = await selectProjectIn(tx, organizationId, id);
        if (!project) throw new NotFoundError(NO_PROJECT);
        const before = { name: project.name, metadata: project.metadata };
        if (JSON.stringify({ ...before, ...change }) === JSON.stringify(before)) return project;
        if (change.name !== undefined) await refuseTaken(tx, organizationId, { name: change.name, exceptId: id });
        const at = now();
        await updateProjectRow(tx, id, change, at);
        await recordAudit(tx, actor, at, {
          place: { projectId: id },
          action: 'update',
          objectType: 'project',
          objectId: id,
          before,
          after: { ...before, ...change },
        });
        return { ...project, ...change, updated_at: at };
      });
    },

    /**
     * Data, keys and settings come along; roles in the project end, those in the new organization count.
     * @throws NotFoundError, ConflictError, ForbiddenError for a person who may not make projects there, and for a key
     */
    async transfer({ organizationId }: InOrganization, id: string, targetId: string, actor: Actor): Promise<void> {
      await postgres.transaction(async (tx) => {
        // In one order, so that two transfers do not wait for each other in a circle.
        for (const each of [organizationId, targetId].toSorted()) await lockOrganization(tx, each);
        const project = await selectProjectIn(tx, organizationId, id);
        if (!project) throw new NotFoundError(NO_PROJECT);
        if (targetId === organizationId) throw new ConflictError('The project is in this organization already');
        const there =
          actor.kind === 'person' && actor.id !== null ? await selectOrganizationRole(tx, targetId, actor.id) : null;
        // The same for one that does not exist.
        if (!there || !roleMay(there.role, 'projects:create'))
          throw new ForbiddenError('You need the role ADMIN or higher in the organization that takes the project.');
        await refuseTaken(tx, targetId, { name: project.name });
        const at = now();
        await updateProjectOrganization(tx, id, targetId, at);
        for (const place of [{ organizationId }, { organizationId: targetId }]) {
          await recordAudit(tx, actor, at, {
            place,
            action: 'transfer',
            objectType: 'project',
            objectId: id,
            before: { organizationId },
            after: { organizationId: targetId, name: project.name },
          });
        }
      });
      await forgetKeys();
    },
  };
}
