import * as z from 'zod';
import { Role } from './roles.ts';
import { defineRoute } from './route.ts';

/** SCIM 2.0 (RFC 7643, 7644) as S9.6 has it, by the key of an organization: its people, and its roles as groups. */
export const scimUrns = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  /** Our part of a user: the role in the organization. */
  role: 'urn:ietf:params:scim:schemas:extension:langfuse:2.0:User',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  schema: 'urn:ietf:params:scim:schemas:core:2.0:Schema',
  resourceType: 'urn:ietf:params:scim:schemas:core:2.0:ResourceType',
  configuration: 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
} as const;

/**
 * Where it is. The list of resource types names paths from the root, as upstream's does; a client that takes them to begin at this
 * path, as RFC 7643 has it, says it twice, and is served.
 */
export const SCIM_PATH = '/api/public/scim';

const text = z.string().max(1000);

const ScimMeta = z.object({
  resourceType: z.string(),
  created: z.iso.datetime().optional(),
  lastModified: z.iso.datetime().optional(),
  location: z.string().optional(),
});

const ScimName = z.object({
  formatted: text.nullish(),
  givenName: text.nullish(),
  familyName: text.nullish(),
});

const ScimEmail = z.object({
  value: text,
  type: text.nullish(),
  primary: z.boolean().nullish(),
});

/** Entra says booleans as text. */
const ScimBoolean = z.union([
  z.boolean(),
  z
    .string()
    .regex(/^(true|false)$/i)
    .transform((said) => said.toLowerCase() === 'true'),
]);

/** What we keep of what an identity provider says about a person; everything else is passed over. */
const userAttributes = {
  externalId: text.nullish(),
  displayName: text.nullish(),
  name: ScimName.nullish(),
  emails: z.array(ScimEmail).max(20).nullish(),
  active: ScimBoolean.nullish(),
  /** The first counts: one person has one role. Upstream takes names alone, the RFC has objects. */
  roles: z.array(z.union([text, z.object({ value: text })])).nullish(),
  [scimUrns.role]: z.object({ orgRole: text.nullish() }).nullish(),
};

export const NewScimUser = z.object({ userName: text.nullish(), ...userAttributes });
export type NewScimUser = z.output<typeof NewScimUser>;

export const ReplacedScimUser = NewScimUser.extend({ schemas: z.array(text).max(20).nullish() });
export type ReplacedScimUser = z.output<typeof ReplacedScimUser>;

/** `path` and `value` as the RFC, Entra or Okta write them; what they may name is checked by the service. */
export const ScimPatch = z.object({
  schemas: z.array(text).max(20).nullish(),
  Operations: z
    .array(z.object({ op: text, path: text.nullish(), value: z.unknown().optional() }))
    .max(1000)
    .nullish(),
});
export type ScimPatch = z.output<typeof ScimPatch>;

/** A person of the organization. What is optional is left out where there is none, and where `attributes` does not ask for it. */
export const ScimUser = z.object({
  schemas: z.array(z.string()),
  id: z.string(),
  externalId: z.string().optional(),
  userName: z.string(),
  name: ScimName.optional(),
  displayName: z.string().optional(),
  emails: z.array(ScimEmail).optional(),
  active: z.boolean().optional(),
  roles: z.array(z.object({ value: Role })).optional(),
  [scimUrns.role]: z.object({ orgRole: Role }).optional(),
  meta: ScimMeta.optional(),
});
export type ScimUser = z.output<typeof ScimUser>;

const listOf = <Resource extends z.ZodType>(resource: Resource) =>
  z.object({
    schemas: z.array(z.string()),
    totalResults: z.int(),
    startIndex: z.int().optional(),
    itemsPerPage: z.int().optional(),
    Resources: z.array(resource),
  });

/** Comma-separated names of attributes. */
const projection = { attributes: text.optional(), excludedAttributes: text.optional() };
export const ScimProjection = z.object(projection);
export type ScimProjection = z.output<typeof ScimProjection>;

const wholeNumber = z
  .string()
  .regex(/^[-+]?\d{1,9}$/, 'is no whole number')
  .transform(Number);

export const ScimListQuery = z.object({
  ...projection,
  /** RFC 7644, 3.4.2.2; how long and how deep is checked by the service. */
  filter: z.string().optional(),
  /** From 1. */
  startIndex: wholeNumber.optional(),
  count: wholeNumber.optional(),
});
export type ScimListQuery = z.output<typeof ScimListQuery>;

const scim = { scope: 'organization', family: 'scim' } as const;
const byId = z.object({ id: z.string() });
/** A document of its own form, the same for everyone. */
const fixed = z.record(z.string(), z.unknown());

export const readScimConfiguration = defineRoute({
  ...scim,
  method: 'GET',
  path: '/api/public/scim/ServiceProviderConfig',
  summary: 'What our SCIM can do',
  response: fixed,
});
export const listScimResourceTypes = defineRoute({
  ...scim,
  method: 'GET',
  path: '/api/public/scim/ResourceTypes',
  summary: 'Which resources are provisioned by SCIM',
  response: listOf(fixed),
});
export const readScimResourceType = defineRoute({
  ...scim,
  method: 'GET',
  path: '/api/public/scim/ResourceTypes/:id',
  summary: 'One of them',
  params: byId,
  response: fixed,
});
export const listScimSchemas = defineRoute({
  ...scim,
  method: 'GET',
  path: '/api/public/scim/Schemas',
  summary: 'Attributes of these resources',
  response: listOf(fixed),
});
export const readScimSchema = defineRoute({
  ...scim,
  method: 'GET',
  path: '/api/public/scim/Schemas/:id',
  summary: 'Attributes by the name of their schema',
  params: byId,
  response: fixed,
});

export const listScimUsers = defineRoute({
  ...scim,
  method: 'GET',
  path: '/api/public/scim/Users',
  summary: 'The people of the organization, also those that SCIM has deactivated',
  query: ScimListQuery,
  response: listOf(ScimUser),
});
/** The same by POST (RFC 7644, 3.4.3), for what is too long or too private for an address. */
export const ScimSearch = z.object({
  filter: z.string().nullish(),
  startIndex: z.int().nullish(),
  count: z.int().nullish(),
  attributes: z.array(text).nullish(),
  excludedAttributes: z.array(text).nullish(),
});
export type ScimSearch = z.output<typeof ScimSearch>;
const search = {
  ...scim,
  method: 'POST',
  audit: { none: 'changes nothing' },
  summary: 'The people of the organization, asked by POST',
  body: ScimSearch,
  response: listOf(ScimUser),
} as const;
export const searchScimUsers = defineRoute({ ...search, path: '/api/public/scim/Users/.search' });
export const searchScim = defineRoute({ ...search, path: '/api/public/scim/.search' });

export const createScimUser = defineRoute({
  ...scim,
  method: 'POST',
  audit: 'membership',
  path: '/api/public/scim/Users',
  summary: 'Make a person a member',
  query: ScimProjection,
  body: NewScimUser,
  status: 201,
  response: ScimUser,
});
export const readScimUser = defineRoute({
  ...scim,
  method: 'GET',
  path: '/api/public/scim/Users/:id',
  summary: 'A person of the organization',
  params: byId,
  query: ScimProjection,
  response: ScimUser,
});
export const replaceScimUser = defineRoute({
  ...scim,
  method: 'PUT',
  audit: 'membership',
  path: '/api/public/scim/Users/:id',
  summary: 'What is said of a person; what is left out stays',
  params: byId,
  query: ScimProjection,
  body: ReplacedScimUser,
  response: ScimUser,
});
export const patchScimUser = defineRoute({
  ...scim,
  method: 'PATCH',
  audit: 'membership',
  path: '/api/public/scim/Users/:id',
  summary: 'Change single attributes of a person',
  params: byId,
  query: ScimProjection,
  body: ScimPatch,
  response: ScimUser,
});
export const deleteScimUser = defineRoute({
  ...scim,
  method: 'DELETE',
  audit: 'membership',
  path: '/api/public/scim/Users/:id',
  summary: 'Take a person out of the organization; done also when there was none',
  params: byId,
  status: 204,
});

const ScimMember = z.object({
  value: text,
  display: text.optional(),
  type: z.literal('User').optional(),
  $ref: z.string().optional(),
});

/** A role of the organization; its id is the role. One person is a member of one. */
export const ScimGroup = z.object({
  schemas: z.array(z.string()),
  id: Role,
  displayName: z.string().optional(),
  members: z.array(ScimMember).optional(),
  meta: ScimMeta.optional(),
});
export type ScimGroup = z.output<typeof ScimGroup>;

/** Members by their ids; left out, they stay. */
export const WrittenScimGroup = z.object({
  displayName: text.nullish(),
  members: z.array(z.object({ value: text })).nullish(),
});
export type WrittenScimGroup = z.output<typeof WrittenScimGroup>;

export const listScimGroups = defineRoute({
  ...scim,
  method: 'GET',
  path: '/api/public/scim/Groups',
  summary: 'The roles of the organization, each a group of those who have it',
  query: ScimListQuery,
  response: listOf(ScimGroup),
});
export const createScimGroup = defineRoute({
  ...scim,
  method: 'POST',
  audit: { none: 'is always refused' },
  path: '/api/public/scim/Groups',
  summary: 'Refused: roles are there, a client links its groups to them',
  body: WrittenScimGroup,
  status: 201,
  response: ScimGroup,
});
export const readScimGroup = defineRoute({
  ...scim,
  method: 'GET',
  path: '/api/public/scim/Groups/:id',
  summary: 'A role and who has it',
  params: byId,
  query: ScimProjection,
  response: ScimGroup,
});
export const replaceScimGroup = defineRoute({
  ...scim,
  method: 'PUT',
  audit: 'membership',
  path: '/api/public/scim/Groups/:id',
  summary: 'Give a role to these people and to nobody else',
  params: byId,
  query: ScimProjection,
  body: WrittenScimGroup,
  response: ScimGroup,
});
export const patchScimGroup = defineRoute({
  ...scim,
  method: 'PATCH',
  audit: 'membership',
  path: '/api/public/scim/Groups/:id',
  summary: 'Give a role to people, or take it from them',
  params: byId,
  query: ScimProjection,
  body: ScimPatch,
  response: ScimGroup,
});
