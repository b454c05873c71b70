import type { Role } from '@tracehouse/contract/roles';
import type { RouteScope } from '@tracehouse/contract/route';

/** An organization with its project, and whoever may do everything there. */
export interface Side {
  organizationId: string;
  projectId: string;
  /** Of the organization, not its owner, and nobody that others need. */
  memberId: string;
  /** Asks for what must succeed, as whoever may (`whoMay`). Answers the body. */
  // oxlint-disable-next-line typescript/no-explicit-any -- matchers and the next request say what is expected of it
  call(method: string, path: string, body?: unknown): Promise<any>;
}

/** What a request says beside its route. */
export interface Example {
  params?: Record<string, string>;
  query?: string;
  body?: unknown;
  /** Headers in place of the side's own: `x-tracehouse-…`. */
  place?: Record<string, string>;
  /** Whose log it is in, when that is none of the side's: headers of who reads it, by what was answered. */
  // oxlint-disable-next-line typescript/no-explicit-any -- an answer's body
  readBy?(answer: any): Record<string, string>;
}

/** Who asks in examples: persons where persons may. */
export const whoMay = (scope: RouteScope): 'owner' | 'organizationKey' | 'adminKey' | 'nobody' => {
  if (scope === 'organization') return 'organizationKey';
  if (scope === 'admin') return 'adminKey';
  return scope === 'public' || scope === 'link' ? 'nobody' : 'owner';
};

let made = 0;
/** A text that was not there before. */
const fresh = (word: string): string => `${word} ${(made += 1)}`;
const key = (): string => fresh('key').replace(' ', '-');
const address = (): string => `${fresh('person').replace(' ', '-')}@new.dev`;
const api = '/api/public';

const model = () => ({ modelName: fresh('model'), matchPattern: `^never ${made}$`, unit: 'TOKENS', inputPrice: 1 });
const config = () => ({ name: fresh('config'), dataType: 'NUMERIC' });
const newModel = async (side: Side): Promise<string> => (await side.call('POST', `${api}/models`, model())).id;
const newConfig = async (side: Side): Promise<string> => (await side.call('POST', `${api}/score-configs`, config())).id;
const newKey = async (side: Side, path: string): Promise<string> => (await side.call('POST', `${api}${path}`, {})).id;

async function newScore(side: Side): Promise<string> {
  const id = key();
  await side.call('POST', `${api}/scores`, { id, traceId: 'trace', name: 'score', value: 1 });
  return id;
}

async function newScimUser(side: Side): Promise<string> {
  const user = { schemas: [SCIM_USER], userName: address(), name: { formatted: 'Somebody' } };
  return (await side.call('POST', `${api}/scim/Users`, user)).id;
}
const SCIM_USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const SCIM_GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const SCIM_PATCH = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

async function newPrompt(side: Side): Promise<string> {
  const { name } = await side.call('POST', `${api}/v2/prompts`, prompt());
  return name;
}
/** An A/B test, as far as the steps take it. */
async function newAbTest(side: Side, ...steps: string[]): Promise<string> {
  const name = await newPrompt(side);
  await side.call('POST', `${api}/v2/prompts`, { name, prompt: 'Hi' });
  const { id } = await side.call('POST', `${api}/x/ab-tests`, abTest(name));
  for (const step of steps) await side.call('POST', `${api}/x/ab-tests/${id}/${step}`);
  return id;
}
const abTest = (prompt: string) => ({
  prompt,
  label: 'production',
  arms: [
    { version: 1, share: 50 },
    { version: 2, share: 50 },
  ],
});

const prompt = () => ({ name: fresh('prompt'), prompt: 'Hello', labels: ['production'] });

const withRole = (role: Role) => ({ role });

/**
 * For each route that changes something a request that does, made for a side: what it is about is made first where it must be there.
 * A test asks it at home and expects a line of the audit log; another asks it from elsewhere and expects that nothing changes.
 */
export const examples: Readonly<Record<string, (side: Side) => Example | Promise<Example>>> = {
  [`POST ${api}/models`]: () => ({ body: model() }),
  [`PUT ${api}/x/models/:modelId`]: async (side) => ({ params: { modelId: await newModel(side) }, body: model() }),
  [`DELETE ${api}/models/:modelId`]: async (side) => ({ params: { modelId: await newModel(side) } }),
  [`POST ${api}/x/recalculations`]: async (side) => ({ body: { modelId: await newModel(side) } }),
  [`POST ${api}/x/jobs/:jobId/cancel`]: async (side) => {
    const job = await side.call('POST', `${api}/x/recalculations`, { modelId: await newModel(side) });
    return { params: { jobId: job.id } };
  },
  [`POST ${api}/x/model-matches`]: () => ({ body: { names: ['model'] } }),

  [`POST ${api}/v2/prompts`]: () => ({ body: prompt() }),
  [`POST ${api}/prompts`]: () => ({ body: prompt() }),
  [`PATCH ${api}/v2/prompts/*`]: async (side) => ({
    params: { '*': `${await newPrompt(side)}/versions/1` },
    body: { newLabels: ['staging'] },
  }),
  [`POST ${api}/x/prompts`]: () => ({ body: { prompt: prompt() } }),
  [`POST ${api}/x/prompt-preview`]: () => ({
    body: { name: 'prompt', prompt: '@@@langfusePrompt:name=prompt|version=1@@@' },
  }),
  [`PUT ${api}/x/prompt-labels`]: async (side) => ({
    body: { name: await newPrompt(side), label: 'staging', version: 1 },
  }),
  [`PUT ${api}/x/prompt-tags`]: async (side) => ({ body: { name: await newPrompt(side), tags: ['new'] } }),
  [`POST ${api}/x/prompt-copies`]: async (side) => ({
    body: { from: { name: await newPrompt(side) }, to: fresh('copy'), versions: 'all' },
  }),
  [`PUT ${api}/x/protected-prompt-labels`]: () => ({ body: { labels: [key()] } }),
  [`DELETE ${api}/v2/prompts/*`]: async (side) => ({ params: { '*': await newPrompt(side) } }),

  [`POST ${api}/x/ab-tests`]: async (side) => {
    const name = await newPrompt(side);
    await side.call('POST', `${api}/v2/prompts`, { name, prompt: 'Hi' });
    return { body: abTest(name) };
  },
  [`PATCH ${api}/x/ab-tests/:testId`]: async (side) => ({
    params: { testId: await newAbTest(side) },
    body: { name: fresh('test') },
  }),
  [`DELETE ${api}/x/ab-tests/:testId`]: async (side) => ({ params: { testId: await newAbTest(side) } }),
  [`POST ${api}/x/ab-tests/:testId/start`]: async (side) => ({ params: { testId: await newAbTest(side) } }),
  [`POST ${api}/x/ab-tests/:testId/pause`]: async (side) => ({ params: { testId: await newAbTest(side, 'start') } }),
  [`POST ${api}/x/ab-tests/:testId/resume`]: async (side) => ({
    params: { testId: await newAbTest(side, 'start', 'pause') },
  }),
  [`POST ${api}/x/ab-tests/:testId/end`]: async (side) => ({
    params: { testId: await newAbTest(side, 'start') },
    body: { makeVersion: 2 },
  }),

  [`POST ${api}/score-configs`]: () => ({ body: config() }),
  [`PATCH ${api}/score-configs/:configId`]: async (side) => ({
    params: { configId: await newConfig(side) },
    body: { isArchived: true },
  }),
  [`DELETE ${api}/scores/:scoreId`]: async (side) => ({ params: { scoreId: await newScore(side) } }),
  [`DELETE ${api}/traces/:traceId`]: () => ({ params: { traceId: 'trace to delete' } }),
  [`DELETE ${api}/traces`]: () => ({ body: { traceIds: ['trace to delete', 'another'] } }),

  [`POST ${api}/x/api-keys`]: () => ({ body: { note: fresh('key') } }),
  [`PATCH ${api}/x/api-keys/:id`]: async (side) => ({
    params: { id: await newKey(side, '/x/api-keys') },
    body: { note: fresh('renamed') },
  }),
  [`DELETE ${api}/x/api-keys/:id`]: async (side) => ({ params: { id: await newKey(side, '/x/api-keys') } }),
  [`POST ${api}/projects/:projectId/apiKeys`]: ({ projectId }) => ({ params: { projectId }, body: {} }),
  [`DELETE ${api}/projects/:projectId/apiKeys/:apiKeyId`]: async (side) => ({
    params: { projectId: side.projectId, apiKeyId: await newKey(side, '/x/api-keys') },
  }),

  [`POST ${api}/scim/Users`]: () => ({ body: { schemas: [SCIM_USER], userName: address() } }),
  [`PUT ${api}/scim/Users/:id`]: async (side) => ({
    params: { id: await newScimUser(side) },
    body: { schemas: [SCIM_USER], active: true, roles: ['ADMIN'] },
  }),
  [`PATCH ${api}/scim/Users/:id`]: async (side) => ({
    params: { id: await newScimUser(side) },
    body: { schemas: [SCIM_PATCH], Operations: [{ op: 'replace', value: { active: false } }] },
  }),
  [`DELETE ${api}/scim/Users/:id`]: async (side) => ({ params: { id: await newScimUser(side) } }),
  [`PUT ${api}/scim/Groups/:id`]: async (side) => ({
    params: { id: 'VIEWER' },
    body: { schemas: [SCIM_GROUP], members: [{ value: await newScimUser(side) }] },
  }),
  [`PATCH ${api}/scim/Groups/:id`]: async (side) => ({
    params: { id: 'VIEWER' },
    body: {
      schemas: [SCIM_PATCH],
      Operations: [{ op: 'add', path: 'members', value: [{ value: await newScimUser(side) }] }],
    },
  }),

  [`PATCH ${api}/x/organization`]: () => ({ body: { name: fresh('Organization') } }),
  [`DELETE ${api}/x/organization`]: async (side) => ({
    place: { 'x-tracehouse-organization': await newOrganization(side) },
  }),
  [`POST ${api}/x/organizations`]: () => ({
    body: { name: fresh('Organization') },
    readBy: ({ id }) => ({ 'x-tracehouse-organization': id }),
  }),
  [`POST ${api}/x/organization-keys`]: () => ({ body: { note: fresh('key') } }),
  [`PATCH ${api}/x/organization-keys/:id`]: async (side) => ({
    params: { id: await newKey(side, '/x/organization-keys') },
    body: { note: fresh('renamed') },
  }),
  [`DELETE ${api}/x/organization-keys/:id`]: async (side) => ({
    params: { id: await newKey(side, '/x/organization-keys') },
  }),
  [`PUT ${api}/x/members/:userId`]: async (side) => ({
    params: { userId: await member(side, 'VIEWER') },
    body: withRole('MEMBER'),
  }),
  [`DELETE ${api}/x/members/:userId`]: async (side) => ({ params: { userId: await newScimUser(side) } }),
  [`PUT ${api}/x/project-members/:userId`]: async (side) => ({
    params: { userId: await projectMember(side, 'VIEWER') },
    body: withRole('MEMBER'),
  }),
  [`DELETE ${api}/x/project-members/:userId`]: async (side) => ({
    params: { userId: await projectMember(side, 'VIEWER') },
  }),
  [`PUT ${api}/organizations/memberships`]: async (side) => ({
    body: { userId: await member(side, 'VIEWER'), role: 'MEMBER' },
  }),
  [`DELETE ${api}/organizations/memberships`]: async (side) => ({ body: { userId: await newScimUser(side) } }),
  [`PUT ${api}/projects/:projectId/memberships`]: async (side) => ({
    params: { projectId: side.projectId },
    body: { userId: await projectMember(side, 'VIEWER'), role: 'MEMBER' },
  }),
  [`DELETE ${api}/projects/:projectId/memberships`]: async (side) => ({
    params: { projectId: side.projectId },
    body: { userId: await projectMember(side, 'VIEWER') },
  }),
  [`POST ${api}/x/invitations`]: () => ({ body: { email: address(), role: 'VIEWER' } }),
  [`POST ${api}/x/invitations/:id/renew`]: async (side) => ({ params: { id: await newInvitation(side) } }),
  [`DELETE ${api}/x/invitations/:id`]: async (side) => ({ params: { id: await newInvitation(side) } }),

  [`POST ${api}/projects`]: () => ({ body: { name: fresh('Project') } }),
  [`POST ${api}/x/projects`]: () => ({ body: { name: fresh('Project') } }),
  [`PUT ${api}/projects/:projectId`]: ({ projectId }) => ({ params: { projectId }, body: { name: fresh('Project') } }),
  [`PATCH ${api}/x/project`]: () => ({ body: { name: fresh('Project') } }),
  [`DELETE ${api}/x/project`]: async (side) => ({ place: { 'x-tracehouse-project': await newProject(side) } }),
  [`POST ${api}/x/projects/:projectId/transfer`]: async (side) => ({
    params: { projectId: await newProject(side) },
    body: { organizationId: await newOrganization(side) },
  }),
  [`DELETE ${api}/projects/:projectId`]: async (side) => ({ params: { projectId: await newProject(side) } }),
  [`PUT /api/admin/organizations/:organizationId`]: ({ organizationId }) => ({
    params: { organizationId },
    body: { name: fresh('Organization') },
  }),
  [`POST /api/admin/organizations/:organizationId/apiKeys`]: ({ organizationId }) => ({
    params: { organizationId },
    body: { note: fresh('key') },
  }),
  [`DELETE /api/admin/organizations/:organizationId/apiKeys/:apiKeyId`]: async (side) => ({
    params: { organizationId: side.organizationId, apiKeyId: await newKey(side, '/x/organization-keys') },
  }),

  [`PATCH ${api}/x/account`]: () => ({ body: { name: fresh('Ada') } }),
};

const newOrganization = async (side: Side): Promise<string> =>
  (await side.call('POST', `${api}/x/organizations`, { name: fresh('Organization') })).id;
const newInvitation = async (side: Side): Promise<string> =>
  (await side.call('POST', `${api}/x/invitations`, { email: address(), role: 'VIEWER' })).id;
const newProject = async (side: Side): Promise<string> =>
  (await side.call('POST', `${api}/x/projects`, { name: fresh('Project') })).id;

async function member(side: Side, role: Role): Promise<string> {
  await side.call('PUT', `${api}/x/members/${side.memberId}`, { role });
  return side.memberId;
}

async function projectMember(side: Side, role: Role): Promise<string> {
  await side.call('PUT', `${api}/x/project-members/${side.memberId}`, { role });
  return side.memberId;
}
