/** The public API with a project's key, as an application reads it. */
export type ProjectApi = ReturnType<typeof projectApi>;

type Query = Record<string, string | number | readonly string[]>;

/** What `projectApi` needs to know: a `TestServer` is one. */
export interface ProjectAccess {
  readonly url: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

export function projectApi({ url, publicKey, secretKey }: ProjectAccess) {
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString('base64')}`;
  /** @throws when the answer is not 2xx */
  async function ask<T>(
    method: 'GET' | 'POST',
    path: string,
    { query = {}, body }: { query?: Query; body?: object } = {},
  ) {
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([name, value]) => [value].flat().map((one) => [name, String(one)])),
    );
    const target = `${url}/api/public${path}${search.size > 0 ? `?${search}` : ''}`;
    const answer = await fetch(target, {
      method,
      headers: { authorization, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${target} answered ${answer.status}: ${text}`);
    return JSON.parse(text) as T;
  }
  const get = <T>(path: string, query: Query = {}): Promise<T> => ask<T>('GET', path, { query });
  return {
    authorization,
    get,
    post: <T>(path: string, body: object): Promise<T> => ask<T>('POST', path, { body }),
    trace: (id: string) => get<Trace>(`/traces/${encodeURIComponent(id)}`),
    traces: async (query: Query) => (await get<{ data: Trace[] }>('/traces', query)).data,
    observations: async (traceId: string) =>
      (await get<{ data: Observation[] }>('/observations', { traceId, limit: 100 })).data,
    /** Through v2, with every field group. */
    observationsV2: async (traceId: string, filter: Query = {}) =>
      (
        await get<{ data: ObservationV2[] }>('/v2/observations', {
          ...filter,
          traceId,
          limit: 100,
          fields: 'core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context',
        })
      ).data,
  };
}

/** The parts of a v1 trace that tests look at. */
export interface Trace {
  readonly id: string;
  readonly name: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly tags: readonly string[];
  readonly metadata: Record<string, unknown> | null;
  readonly environment: string;
  readonly release: string | null;
  readonly version: string | null;
  readonly input: unknown;
  readonly output: unknown;
  readonly latency: number;
  readonly totalCost: number;
  readonly observations: readonly Observation[];
  readonly scores: readonly Score[];
}

/** The parts of a v1 observation that tests look at. */
export interface Observation {
  readonly id: string;
  readonly traceId: string;
  readonly parentObservationId: string | null;
  readonly type: string;
  readonly name: string | null;
  readonly level: string;
  readonly statusMessage: string | null;
  readonly startTime: string;
  readonly endTime: string | null;
  readonly completionStartTime: string | null;
  readonly model: string | null;
  readonly modelParameters: Record<string, unknown> | null;
  readonly input: unknown;
  readonly output: unknown;
  readonly metadata: Record<string, unknown> | null;
  readonly environment: string;
  readonly version: string | null;
  readonly usageDetails: Record<string, number>;
  readonly costDetails: Record<string, number>;
  readonly calculatedTotalCost: number | null;
  readonly latency: number | null;
  readonly timeToFirstToken: number | null;
  readonly promptName: string | null;
  readonly promptVersion: number | null;
}

/** The parts of a v2 observation that tests look at. Input and output are text there. */
export interface ObservationV2 {
  readonly id: string;
  readonly traceId: string;
  readonly parentObservationId: string | null;
  readonly type: string;
  readonly name: string | null;
  readonly level: string;
  readonly statusMessage: string | null;
  readonly userId: string | null;
  readonly sessionId: string | null;
  readonly traceName: string | null;
  readonly tags: readonly string[];
  readonly input: string | null;
  readonly output: string | null;
  readonly metadata: Record<string, unknown> | null;
  readonly providedModelName: string | null;
  readonly usageDetails: Record<string, number>;
  readonly totalCost: number | null;
}

export interface Score {
  readonly id: string;
  readonly name: string;
  readonly value: number | string;
  readonly stringValue?: string | null;
  readonly dataType: string;
  readonly comment: string | null;
  readonly observationId: string | null;
  readonly traceId: string | null;
}
