import { isObject } from './compare.ts';
import type { FixtureRequest, Json, JsonObject } from './recording.ts';

/** An observation that a client sent, as far as one can tell without our own mapping. */
export interface SentObservation {
  id: string;
  traceId: string;
  name: string;
  /** It is a model call whose sender counted tokens. */
  hasUsage: boolean;
}

export function sentObservations(requests: readonly FixtureRequest[]): SentObservation[] {
  const found = requests.flatMap((request) => {
    if (request.path === '/api/public/otel/v1/traces') return spansOf(request.decoded ?? request.body);
    return request.path === '/api/public/ingestion' ? eventsOf(request.body) : [];
  });
  // An update says only what changed.
  const byId = new Map<string, SentObservation>();
  for (const one of found) {
    const before = byId.get(one.id);
    byId.set(
      one.id,
      before ? { ...before, name: one.name || before.name, hasUsage: one.hasUsage || before.hasUsage } : one,
    );
  }
  return [...byId.values()];
}

function spansOf(body: Json | undefined): SentObservation[] {
  return items(body, 'resourceSpans').flatMap((resource) =>
    items(resource, 'scopeSpans').flatMap((scope) =>
      items(scope, 'spans').map((span) => {
        const attributes = new Map(
          items(span, 'attributes').map((attribute) => [text(attribute, 'key'), attribute['value']]),
        );
        const said = (key: string): string | undefined => {
          const value = attributes.get(key);
          return isObject(value) ? (Object.values(value).map(String)[0] ?? undefined) : undefined;
        };
        // S1.3
        const name = said('gen_ai.tool.name') ?? said('logfire.msg') ?? text(span, 'name');
        return {
          id: text(span, 'spanId'),
          traceId: text(span, 'traceId'),
          name,
          hasUsage: countsTokens(attributes.keys(), said),
        };
      }),
    ),
  );
}

/** A span around model calls may repeat their tokens; it must not count them again (clients.md, check-list 8). */
function countsTokens(keys: Iterable<string>, said: (key: string) => string | undefined): boolean {
  const agent = said('gen_ai.operation.name') === 'invoke_agent';
  const details = said('langfuse.observation.usage_details');
  const counted = [...keys].some(
    (key) =>
      /^(gen_ai\.usage|llm\.token_count)\..*(tokens|prompt|completion|total)$/.test(key) && Number(said(key)) > 0,
  );
  return !agent && (counted || (details !== undefined && /:\s*[1-9]/.test(details)));
}

function eventsOf(body: Json | undefined): SentObservation[] {
  return items(body, 'batch').flatMap((event) => {
    const said = event['body'];
    if (
      !/^(span|generation|event|observation|agent|tool|chain|retriever|embedding|evaluator|guardrail)-/.test(
        text(event, 'type'),
      ) ||
      !isObject(said)
    )
      return [];
    const counts = [said['usage'], said['usageDetails']].flatMap((usage) =>
      isObject(usage) ? Object.values(usage) : [],
    );
    return [
      {
        id: text(said, 'id'),
        traceId: text(said, 'traceId'),
        name: text(said, 'name'),
        hasUsage: counts.some((units) => Number.isInteger(units) && Number(units) > 0),
      },
    ];
  });
}

function items(value: Json | undefined, key: string): JsonObject[] {
  const list = isObject(value) ? value[key] : undefined;
  return Array.isArray(list) ? list.filter(isObject) : [];
}

function text(value: JsonObject, key: string): string {
  const found = value[key];
  return typeof found === 'string' ? found : '';
}
