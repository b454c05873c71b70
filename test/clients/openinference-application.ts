import { setMetadata, setSession, setTags, setUser } from '@arizeai/openinference-core';
import { context, trace as otel, type Context } from '@opentelemetry/api';
import { inject } from 'vitest';
import { projectApi } from '../harness/project-api.ts';
import { readBack, type ReadBack } from '../harness/read-back.ts';
import { otlpProcessor, register } from './tracing.ts';

/** An application with two spans of its own around what an OpenInference instrumentation records. */
export function application() {
  const server = inject('server');
  const provider = register(otlpProcessor(server), { 'service.name': 'travel-desk' });
  const tracer = otel.getTracer('travel-desk');
  return {
    /** Runs `call` as user `user-1`, with a session, tags and metadata, and reads the trace back. */
    async within(call: () => Promise<unknown>): Promise<ReadBack> {
      const traceId = await context.with(about(context.active()), () =>
        tracer.startActiveSpan('request', (outer) =>
          tracer.startActiveSpan('guide', { attributes: { 'openinference.span.kind': 'AGENT' } }, async (inner) => {
            await call();
            inner.end();
            outer.end();
            return outer.spanContext().traceId;
          }),
        ),
      );
      await provider.forceFlush();
      return readBack(projectApi(server), traceId);
    },
  };
}

const about = (outer: Context): Context =>
  [
    (inner: Context) => setSession(inner, { sessionId: 'session-openinference' }),
    (inner: Context) => setUser(inner, { userId: 'user-1' }),
    (inner: Context) => setTags(inner, ['travel', 'eu']),
    (inner: Context) => setMetadata(inner, { plan: 'pro' }),
  ].reduce((inner, set) => set(inner), outer);
