import type { PromptUsage, PromptVersionUsage, UsageScore } from '@tracehouse/contract/x-prompts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { toMicros } from '../filters/time.ts';
import {
  type ScoreRow,
  selectPromptUsage,
  selectVersionScores,
  selectVersionUsage,
  type UsageRow,
} from './usage-store.ts';

export type PromptUsages = ReturnType<typeof createPromptUsages>;

/** What model calls say of the prompts they name. */
export function createPromptUsages({ clickhouse }: { clickhouse: ClickHouse }) {
  return {
    /** Of each prompt since a time. */
    async ofPrompts(scope: ProjectScope, { from }: { from: string }): Promise<{ data: PromptUsage[] }> {
      const rows = await selectPromptUsage(clickhouse, scope, { from: toMicros(from), to: null });
      return { data: rows.map((row) => ({ name: row.name, ...toUsage(row) })) };
    },

    /** Of each version of one prompt, with scores. */
    async ofVersions(
      scope: ProjectScope,
      { name, from, to }: { name: string; from: string; to?: string | undefined },
    ): Promise<{ data: PromptVersionUsage[] }> {
      const range = { from: toMicros(from), to: to === undefined ? null : toMicros(to) };
      const [rows, scores] = await Promise.all([
        selectVersionUsage(clickhouse, scope, range, name),
        selectVersionScores(clickhouse, scope, range, name),
      ]);
      const byVersion = Map.groupBy(scores, ({ version }) => version);
      const data = rows.map((row) => ({
        version: row.version,
        ...toUsage(row),
        scores: (byVersion.get(row.version) ?? []).map(toScore),
      }));
      return { data };
    },
  };
}

const toUsage = (row: UsageRow) => ({
  calls: row.calls,
  p50LatencyMs: row.p50_latency_ms,
  inputTokens: row.input,
  outputTokens: row.output,
  totalCost: row.cost === null ? null : Number(row.cost),
  unpricedCalls: row.unpriced_calls,
  lastUsedAt: row.last_used_at,
});

const toScore = (row: ScoreRow): UsageScore => ({
  name: row.name,
  dataType: row.data_type,
  count: row.scores,
  average: row.average,
  deviation: row.deviation,
  mostCommon: row.data_type === 'CATEGORICAL' ? row.most_common : null,
});
