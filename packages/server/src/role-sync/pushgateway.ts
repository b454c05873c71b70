import type { RoleSyncReport } from '@tracehouse/contract/x-role-sync-runs';
import { createRegistry } from '../telemetry/prometheus.ts';
import { type Call, RequestFailed } from './call.ts';

/**
 * Replaces what the Pushgateway holds of the job (github.com/prometheus/pushgateway, README, read 2026-11-30). It adds
 * nothing up, so that there is no counter of runs: `push_time_seconds` of its own says when the last one was.
 */
export async function pushMetrics(
  call: Call,
  url: string,
  { result, durationMs, counts }: RoleSyncReport,
): Promise<void> {
  const { gauge, render } = createRegistry();
  const results = ['success', 'partial', 'stopped', 'failed'] as const;
  gauge('langfuse_role_sync_run', 'Result of the last run.', () =>
    results.map((each) => [{ result: each }, Number(each === result)]),
  );
  gauge('langfuse_role_sync_duration_seconds', 'How long it took.', () => durationMs / 1000);
  gauge('langfuse_role_sync_users', 'People, by what became of them.', () =>
    Object.entries(counts).map(([state, users]) => [{ state }, users]),
  );
  const path = '/metrics/job/tracehouse-role-sync';
  const headers = { 'content-type': 'text/plain; version=0.0.4' };
  const { status } = await call({ method: 'PUT', url: `${url}${path}`, headers, body: render() });
  if (status >= 300) throw new RequestFailed(`The Pushgateway answered ${status} to PUT ${path}`, status);
}
