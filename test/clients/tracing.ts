import { LangfuseSpanProcessor } from '@langfuse/otel';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { afterAll } from 'vitest';
import { projectApi, type ProjectAccess } from '../harness/project-api.ts';

/** Registers the file's tracer provider with the given way out, and shuts it down after the file's tests. */
export function register(processor: SpanProcessor, resource: Record<string, string> = {}): NodeTracerProvider {
  const provider = new NodeTracerProvider({
    resource: defaultResource().merge(resourceFromAttributes(resource)),
    spanProcessors: [processor],
  });
  provider.register();
  afterAll(() => provider.shutdown());
  return provider;
}

/** Langfuse's own span processor, set up by what a project's settings page shows. */
export const langfuseProcessor = (
  { url, publicKey, secretKey }: ProjectAccess,
  options: Partial<ConstructorParameters<typeof LangfuseSpanProcessor>[0]> = {},
): LangfuseSpanProcessor => new LangfuseSpanProcessor({ baseUrl: url, publicKey, secretKey, ...options });

const exporters = { protobuf: ProtobufExporter, json: JsonExporter } as const;

/** A plain OpenTelemetry exporter; `url` is the whole address. */
export function otlpProcessor(
  server: ProjectAccess,
  {
    encoding = 'protobuf',
    url = `${server.url}/api/public/otel/v1/traces`,
    gzip = false,
  }: { encoding?: keyof typeof exporters; url?: string; gzip?: boolean } = {},
): SpanProcessor {
  return new BatchSpanProcessor(
    new exporters[encoding]({
      url,
      headers: { authorization: projectApi(server).authorization },
      // The enum of the package is not among its exports.
      ...(gzip ? { compression: 'gzip' as never } : {}),
    }),
  );
}
