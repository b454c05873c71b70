import {
  createScimGroup,
  createScimUser,
  deleteScimUser,
  listScimGroups,
  listScimResourceTypes,
  listScimSchemas,
  listScimUsers,
  patchScimGroup,
  patchScimUser,
  readScimConfiguration,
  readScimGroup,
  readScimResourceType,
  readScimSchema,
  readScimUser,
  replaceScimGroup,
  replaceScimUser,
  type ScimGroup,
  type ScimListQuery,
  type ScimProjection,
  type ScimSearch,
  type ScimUser,
  scimUrns,
  searchScim,
  searchScimUsers,
} from '@tracehouse/contract/scim';
import { Answer, bind, type BoundRoute } from '../../http/bind.ts';
import { NotFoundError } from '../../http/errors.ts';
import type { OrganizationScope } from '../../stores/scope.ts';
import { resourceTypes, schemas, serviceProviderConfiguration } from './documents.ts';
import type { RoleGroup, ScimGroups } from './groups.ts';
import { project, toScimGroup, toScimUser } from './resource.ts';
import type { PersonRow } from './store.ts';
import type { ScimUsers } from './users.ts';

/** SCIM 2.0 (S9.6). `url` is where clients reach us, for the addresses of resources. */
export function scimRoutes({
  users,
  groups,
  url,
}: {
  users: ScimUsers;
  groups: ScimGroups;
  url: string | undefined;
}): BoundRoute[] {
  const origin = (url ?? '').replace(/\/+$/, '');
  return [...documentRoutes(), ...userRoutes(users, origin), ...groupRoutes(groups, origin)];
}

const listed = <Resource>(Resources: Resource[]) => ({
  schemas: [scimUrns.list],
  totalResults: Resources.length,
  Resources,
});

function documentRoutes(): BoundRoute[] {
  const named = <Document extends { id: string }>(documents: readonly Document[], id: string): Document => {
    const document = documents.find((each) => each.id === id);
    if (!document) throw new NotFoundError(`There is no ${id}`);
    return document;
  };
  return [
    bind(readScimConfiguration, () => serviceProviderConfiguration),
    bind(listScimResourceTypes, () => listed(resourceTypes)),
    bind(readScimResourceType, ({ params }) => named(resourceTypes, params.id)),
    bind(listScimSchemas, () => listed(schemas)),
    bind(readScimSchema, ({ params }) => named(schemas, params.id)),
  ];
}

function userRoutes(users: ScimUsers, origin: string): BoundRoute[] {
  const shown = (person: PersonRow, query: ScimProjection): ScimUser => project(toScimUser(person, origin), query);
  const page = async (organization: OrganizationScope, query: ScimListQuery) => {
    const { total, startIndex, rows } = await users.list(organization, query);
    return {
      schemas: [scimUrns.list],
      totalResults: total,
      startIndex,
      itemsPerPage: rows.length,
      Resources: rows.map((person) => shown(person, query)),
    };
  };
  const search = ({ filter, startIndex, count, attributes, excludedAttributes }: ScimSearch): ScimListQuery => ({
    filter: filter ?? undefined,
    startIndex: startIndex ?? undefined,
    count: count ?? undefined,
    attributes: attributes?.join(','),
    excludedAttributes: excludedAttributes?.join(','),
  });
  return [
    bind(listScimUsers, ({ organization, query }) => page(organization, query)),
    bind(searchScimUsers, ({ organization, body }) => page(organization, search(body))),
    // People are all that can be provisioned.
    bind(searchScim, ({ organization, body }) => page(organization, search(body))),
    bind(createScimUser, async ({ organization, actor, query, body }) => {
      const person = await users.create(organization, actor, body);
      const location = toScimUser(person, origin).meta?.location ?? '';
      return new Answer(shown(person, query), { headers: { location } });
    }),
    bind(readScimUser, async ({ organization, params, query }) =>
      shown(await users.find(organization, params.id), query),
    ),
    bind(replaceScimUser, async ({ organization, actor, params, query, body }) =>
      shown(await users.replace(organization, actor, params.id, body), query),
    ),
    bind(patchScimUser, async ({ organization, actor, params, query, body }) =>
      shown(await users.patch(organization, actor, params.id, body), query),
    ),
    bind(deleteScimUser, async ({ organization, actor, params }) => {
      await users.remove(organization, actor, params.id);
      return undefined;
    }),
  ];
}

function groupRoutes(groups: ScimGroups, origin: string): BoundRoute[] {
  const shown = (group: RoleGroup, query: ScimProjection): ScimGroup => project(toScimGroup(group, origin), query);
  return [
    bind(listScimGroups, async ({ organization, query }) => {
      const { total, startIndex, groups: page } = await groups.list(organization, query);
      return {
        schemas: [scimUrns.list],
        totalResults: total,
        startIndex,
        itemsPerPage: page.length,
        Resources: page.map((group) => shown(group, query)),
      };
    }),
    bind(createScimGroup, ({ body }) => groups.create(body)),
    bind(readScimGroup, async ({ organization, params, query }) =>
      shown(await groups.find(organization, params.id, query), query),
    ),
    bind(replaceScimGroup, async ({ organization, actor, params, query, body }) =>
      shown(await groups.replace(organization, actor, params.id, body, query), query),
    ),
    bind(patchScimGroup, async ({ organization, actor, params, query, body }) =>
      shown(await groups.patch(organization, actor, params.id, body, query), query),
    ),
  ];
}
