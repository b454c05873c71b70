import type { ObservationRow } from '../observation.ts';

/**
 * LiteLLM writes a cost of 0 for a model it has no price for, which would read as "free" (clients.md 2.4). On a hit of its
 * cache 0 is the truth.
 */
export function isPriceUnknownToLiteLlm(row: ObservationRow): boolean {
  const costs = Object.values(row.providedCost);
  const tokens = Object.values(row.providedUsage).some((units) => units > 0);
  return (
    costs.length > 0 && costs.every((cost) => Number(cost) === 0) && tokens && isFromLiteLlm(row) && !isCacheHit(row)
  );
}

/** Its OpenTelemetry callback names its scope; both classic callbacks are known only by what they put into the metadata. */
export function isFromLiteLlm(row: ObservationRow): boolean {
  return row.scopeName === 'litellm' || Object.keys(row.metadata).some((key) => key.startsWith('litellm_'));
}

function isCacheHit({ metadata, tags }: ObservationRow): boolean {
  return metadata['cache_hit']?.toLowerCase() === 'true' || tags.some((tag) => tag.toLowerCase() === 'cache_hit:true');
}
