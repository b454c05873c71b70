import { projectApi, type ProjectAccess } from './project-api.ts';

/** An A/B test of the label `production` that runs. */
export interface StartedAbTest {
  /** The version that the server says a key gets. */
  versionOf(key: string): Promise<number>;
  end(): Promise<unknown>;
}

/** Makes a test over versions that there are, with these shares in percent, and starts it. The label points at the first of them. */
export async function abTestOf(
  access: ProjectAccess,
  { prompt, shares }: { prompt: string; shares: Record<number, number> },
): Promise<StartedAbTest> {
  const api = projectApi(access);
  const arms = Object.entries(shares).map(([version, share]) => ({ version: Number(version), share }));
  const { id } = await api.post<{ id: string }>('/x/ab-tests', { prompt, label: 'production', arms });
  await api.post(`/x/ab-tests/${id}/start`, {});
  return {
    versionOf: async (key) => (await api.get<{ version: number }>(`/x/ab-tests/${id}/assignment`, { key })).version,
    end: () => api.post(`/x/ab-tests/${id}/end`, {}),
  };
}
