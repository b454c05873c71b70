import { getRouteApi } from '@tanstack/react-router';
import type { ProjectPlace } from './session.ts';

const route = getRouteApi('/project/$projectId');

/** The project that the page is in, with its organization. */
export const useProject = (): ProjectPlace => route.useRouteContext({ select: ({ place }) => place });
