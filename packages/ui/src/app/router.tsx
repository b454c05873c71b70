import type { QueryClient } from '@tanstack/react-query';
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  notFound,
  redirect,
} from '@tanstack/react-router';
import { listTraces } from '@tracehouse/contract/x-traces';
import { call } from '../api/call.ts';
import type { AuditSearch } from '../features/audit/useAuditLog.ts';
import { NotFoundPage } from './NotFoundPage.tsx';
import { RootFrame } from './RootFrame.tsx';
import { RouteFailure } from './RouteFailure.tsx';
import { parseSearch, stringifySearch } from './search-text.ts';
import { projectsOf, sessionQuery } from './session.ts';

/** Keys of the address that a list and the pages opened from it share (`q`, `t`, `env`, `sort`). Unknown keys stay. */
export interface ListSearch {
  q?: string;
  t?: string;
  env?: string;
  sort?: string;
}

/** Keys of a trace's address besides those of its list. */
export interface TraceSearch extends ListSearch {
  observation?: string;
  tab?: string;
}

/** Keys of the address of a comparison of two versions, and how. */
export interface CompareSearch {
  a?: string;
  b?: string;
  mode?: string;
}

/** Keys of the address of a prompt's A/B tests: which one, which phase of it, and `new` for the form of another. */
export interface AbTestSearch {
  test?: string;
  phase?: string;
  new?: string;
}

/** Keys of the address of the models: what is searched and shown, which one is open (`new`: for a name, like another). */
export interface ModelsSearch {
  q?: string;
  show?: string;
  model?: string;
  name?: string;
  like?: string;
}

/** Keys of the address of the prompts: the folder that is open, what is looked for, and the order. */
export interface PromptsSearch {
  folder?: string;
  q?: string;
  sort?: string;
}

/** Which version of a prompt; without either what production points at. */
export interface PromptSearch {
  version?: string;
  label?: string;
}

const rootRoute = createRootRouteWithContext<{ queryClient: QueryClient }>()({
  component: RootFrame,
  notFoundComponent: NotFoundPage,
  errorComponent: RouteFailure,
});

/** Where a person without a session goes, and comes back from. */
const toSignIn = (href: string) => redirect({ to: '/sign-in', search: { next: href } });

const signInRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-in',
  /** `left`: the provider whose session goes on after a sign-out. */
  validateSearch: (search: Record<string, unknown>) => search as { next?: string; left?: string },
  component: lazyRouteComponent(() => import('../features/sign-in/SignInPage.tsx'), 'SignInPage'),
});

const signUpRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/sign-up',
  validateSearch: (search: Record<string, unknown>) => search as { next?: string },
  component: lazyRouteComponent(() => import('../features/sign-in/SignUpPage.tsx'), 'SignUpPage'),
});

const resetPasswordRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/reset-password',
  validateSearch: (search: Record<string, unknown>) => search as { next?: string; email?: string },
  component: lazyRouteComponent(() => import('../features/sign-in/ResetPasswordPage.tsx'), 'ResetPasswordPage'),
});

const ssoErrorRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/auth/error',
  validateSearch: (search: Record<string, unknown>) => search as { error?: string },
  component: lazyRouteComponent(() => import('../features/sign-in/SsoErrorPage.tsx'), 'SsoErrorPage'),
});

const linkRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/auth/link',
  component: lazyRouteComponent(() => import('../features/sign-in/LinkPage.tsx'), 'LinkPage'),
});

/** Where upstream has them. */
const upstreamEntryRoutes = (
  [
    ['/auth/sign-in', '/sign-in'],
    ['/auth/sign-up', '/sign-up'],
    ['/auth/reset-password', '/reset-password'],
  ] as const
).map(([path, to]) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path,
    beforeLoad: () => {
      throw redirect({ to });
    },
  }),
);

const accountRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/account',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session.user) throw toSignIn(location.href);
  },
  component: lazyRouteComponent(() => import('../features/account/AccountFrame.tsx'), 'AccountFrame'),
});

const accountIndexRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/',
  beforeLoad: () => {
    throw redirect({ to: '/account/profile' });
  },
});

const profileRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/profile',
  component: lazyRouteComponent(() => import('../features/account/ProfilePage.tsx'), 'ProfilePage'),
});

const securityRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/security',
  component: lazyRouteComponent(() => import('../features/account/SecurityPage.tsx'), 'SecurityPage'),
});

const accountSessionsRoute = createRoute({
  getParentRoute: () => accountRoute,
  path: '/sessions',
  component: lazyRouteComponent(() => import('../features/account/SessionsPage.tsx'), 'SessionsPage'),
});

const indexRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session.user) throw toSignIn(location.href);
    const [first] = projectsOf(session);
    if (first) throw redirect({ to: '/project/$projectId', params: { projectId: first.project.id } });
    const organization = session.organizations.find(({ role }) => role !== 'NONE');
    if (organization) {
      throw redirect({ to: '/organization/$organizationId', params: { organizationId: organization.id } });
    }
  },
  component: lazyRouteComponent(() => import('./NoProjectPage.tsx'), 'NoProjectPage'),
});

/** Upstream's deep links name a trace without its project. */
const traceLinkRoutes = (['/trace/$traceId', '/public/traces/$traceId'] as const).map((path) =>
  createRoute({
    getParentRoute: () => rootRoute,
    path,
    beforeLoad: async ({ context, params, location }) => {
      const session = await context.queryClient.ensureQueryData(sessionQuery);
      if (!session.user) throw toSignIn(location.href);
      const projectId = await findProjectOf(
        params.traceId,
        projectsOf(session).map(({ project }) => project.id),
      );
      if (projectId === null) throw notFound();
      throw redirect({
        to: '/project/$projectId/traces/$traceId',
        params: { projectId, traceId: params.traceId },
        search: (search: TraceSearch) => search,
      });
    },
  }),
);

async function findProjectOf(traceId: string, projectIds: string[]): Promise<string | null> {
  const q = `id:"${traceId.replace(/["\\]/gu, String.raw`\$&`)}"`;
  for (const project of projectIds) {
    const { data } = await call(listTraces, { project, query: { q, environment: '*', limit: 1 } });
    if (data.length > 0) return project;
  }
  return null;
}

const inviteRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/invite',
  component: lazyRouteComponent(() => import('../features/invitation/InvitePage.tsx'), 'InvitePage'),
});

const organizationsRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/organizations',
  beforeLoad: async ({ context, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session.user) throw toSignIn(location.href);
  },
  component: lazyRouteComponent(() => import('../features/organization/OrganizationsPage.tsx'), 'OrganizationsPage'),
});

const organizationRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/organization/$organizationId',
  beforeLoad: async ({ context, params, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session.user) throw toSignIn(location.href);
    const organization = session.organizations.find(({ id }) => id === params.organizationId);
    if (!organization) throw notFound();
    return { organization };
  },
  component: lazyRouteComponent(() => import('./OrganizationShell.tsx'), 'OrganizationShell'),
});

const organizationProjectsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: '/',
  component: lazyRouteComponent(() => import('../features/organization/ProjectsPage.tsx'), 'ProjectsPage'),
});

const organizationSettingsRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: '/settings',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/organization/$organizationId/settings/general', params });
  },
});

const organizationGeneralRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: '/settings/general',
  component: lazyRouteComponent(
    () => import('../features/general/OrganizationGeneralPage.tsx'),
    'OrganizationGeneralPage',
  ),
});

const organizationMembersRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: '/settings/members',
  component: lazyRouteComponent(
    () => import('../features/members/OrganizationMembersPage.tsx'),
    'OrganizationMembersPage',
  ),
});

const organizationApiKeysRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: '/settings/api-keys',
  component: lazyRouteComponent(() => import('../features/api-keys/ApiKeysPage.tsx'), 'OrganizationApiKeysPage'),
});

const organizationSsoRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: '/settings/sso',
  component: lazyRouteComponent(() => import('../features/sso-status/SsoStatusPage.tsx'), 'SsoStatusPage'),
});

const organizationAuditLogRoute = createRoute({
  getParentRoute: () => organizationRoute,
  path: '/settings/audit-log',
  validateSearch: (search: Record<string, unknown>) => search as AuditSearch,
  component: lazyRouteComponent(
    () => import('../features/audit/OrganizationAuditLogPage.tsx'),
    'OrganizationAuditLogPage',
  ),
});

const projectRoute = createRoute({
  getParentRoute: () => rootRoute,
  path: '/project/$projectId',
  beforeLoad: async ({ context, params, location }) => {
    const session = await context.queryClient.ensureQueryData(sessionQuery);
    if (!session.user) throw toSignIn(location.href);
    const place = projectsOf(session).find(({ project }) => project.id === params.projectId);
    if (!place) throw notFound();
    return { place };
  },
  component: lazyRouteComponent(() => import('./ProjectShell.tsx'), 'ProjectShell'),
});

const projectIndexRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/',
  beforeLoad: async ({ params }) => {
    const newest = await call(listTraces, { project: params.projectId, query: { environment: '*', limit: 1 } });
    throw redirect({ to: newest.data.length > 0 ? '/project/$projectId/traces' : '/project/$projectId/setup', params });
  },
});

const setupRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/setup',
  component: lazyRouteComponent(() => import('../features/setup/SetupPage.tsx'), 'SetupPage'),
});

const tracesRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/traces',
  validateSearch: (search: Record<string, unknown>) => search as ListSearch,
  component: lazyRouteComponent(() => import('../features/traces/TracesPage.tsx'), 'TracesPage'),
});

const traceRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/traces/$traceId',
  validateSearch: (search: Record<string, unknown>) => search as TraceSearch,
  component: lazyRouteComponent(() => import('../features/trace/TracePage.tsx'), 'TracePage'),
});

const promptsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/prompts',
  validateSearch: (search: Record<string, unknown>) => search as PromptsSearch,
  component: lazyRouteComponent(() => import('../features/prompts/PromptsPage.tsx'), 'PromptsPage'),
});

const promptRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/prompts/$promptName',
  validateSearch: (search: Record<string, unknown>) => search as PromptSearch,
  component: lazyRouteComponent(() => import('../features/prompts/PromptPage.tsx'), 'PromptPage'),
});

const settingsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings',
  beforeLoad: ({ params }) => {
    throw redirect({ to: '/project/$projectId/settings/api-keys', params });
  },
});

const projectGeneralRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/general',
  component: lazyRouteComponent(() => import('../features/general/ProjectGeneralPage.tsx'), 'ProjectGeneralPage'),
});

const projectMembersRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/members',
  component: lazyRouteComponent(() => import('../features/members/ProjectMembersPage.tsx'), 'ProjectMembersPage'),
});

const apiKeysRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/api-keys',
  component: lazyRouteComponent(() => import('../features/api-keys/ApiKeysPage.tsx'), 'ApiKeysPage'),
});

const modelsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/models',
  validateSearch: (search: Record<string, unknown>) => search as ModelsSearch,
  component: lazyRouteComponent(() => import('../features/models/ModelsPage.tsx'), 'ModelsPage'),
});

const protectedLabelsRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/prompts',
  component: lazyRouteComponent(() => import('../features/prompts/ProtectedLabelsPage.tsx'), 'ProtectedLabelsPage'),
});

const newPromptRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/prompts/new',
  /** `folder`: where the name begins. */
  validateSearch: (search: Record<string, unknown>) => search as { folder?: string },
  component: lazyRouteComponent(() => import('../features/prompts/edit/NewPromptPage.tsx'), 'NewPromptPage'),
});

const editPromptRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/prompts/$promptName/edit',
  /** `from`: the version it begins as. */
  validateSearch: (search: Record<string, unknown>) => search as { from?: string },
  component: lazyRouteComponent(() => import('../features/prompts/edit/EditPromptPage.tsx'), 'EditPromptPage'),
});

const comparePromptRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/prompts/$promptName/compare',
  validateSearch: (search: Record<string, unknown>) => search as CompareSearch,
  component: lazyRouteComponent(() => import('../features/prompts/compare/ComparePage.tsx'), 'ComparePage'),
});

const abTestRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/prompts/$promptName/ab-test',
  validateSearch: (search: Record<string, unknown>) => search as AbTestSearch,
  component: lazyRouteComponent(() => import('../features/prompts/ab-test/AbTestPage.tsx'), 'AbTestPage'),
});

const projectAuditLogRoute = createRoute({
  getParentRoute: () => projectRoute,
  path: '/settings/audit-log',
  validateSearch: (search: Record<string, unknown>) => search as AuditSearch,
  component: lazyRouteComponent(() => import('../features/audit/ProjectAuditLogPage.tsx'), 'ProjectAuditLogPage'),
});

const routeTree = rootRoute.addChildren([
  signInRoute,
  signUpRoute,
  resetPasswordRoute,
  ssoErrorRoute,
  linkRoute,
  ...upstreamEntryRoutes,
  accountRoute.addChildren([accountIndexRoute, profileRoute, securityRoute, accountSessionsRoute]),
  indexRoute,
  ...traceLinkRoutes,
  inviteRoute,
  organizationsRoute,
  organizationRoute.addChildren([
    organizationProjectsRoute,
    organizationSettingsRoute,
    organizationGeneralRoute,
    organizationMembersRoute,
    organizationApiKeysRoute,
    organizationSsoRoute,
    organizationAuditLogRoute,
  ]),
  projectRoute.addChildren([
    projectIndexRoute,
    setupRoute,
    tracesRoute,
    traceRoute,
    promptsRoute,
    promptRoute,
    settingsRoute,
    projectGeneralRoute,
    projectMembersRoute,
    apiKeysRoute,
    modelsRoute,
    protectedLabelsRoute,
    projectAuditLogRoute,
    newPromptRoute,
    editPromptRoute,
    comparePromptRoute,
    abTestRoute,
  ]),
]);

export function createAppRouter(queryClient: QueryClient) {
  return createRouter({
    routeTree,
    context: { queryClient },
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: false,
    defaultPendingMs: 150,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
