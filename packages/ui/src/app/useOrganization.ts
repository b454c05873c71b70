import type { SessionOrganization } from '@tracehouse/contract/session';
import { getRouteApi } from '@tanstack/react-router';

const route = getRouteApi('/organization/$organizationId');

/** The organization that the page is in, with the person's role there and the projects they may open. */
export const useOrganization = (): SessionOrganization =>
  route.useRouteContext({ select: ({ organization }) => organization });
