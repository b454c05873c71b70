import { readFileSync } from 'node:fs';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type SpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

/** Where the recording server and the fake model listen, as the recorder says. */
export const recordUrl = process.env['RECORD_URL'] ?? '';
export const modelUrl = process.env['MODEL_URL'] ?? '';

/** Registers a provider whose resource says nothing about the machine that records. */
export function register(processor: SpanProcessor): NodeTracerProvider {
  const resource = resourceFromAttributes({
    'service.name': 'recorded-service',
    'service.version': '1.2.3',
    'deployment.environment.name': 'staging',
  });
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  provider.register();
  return provider;
}

export function otlpProcessor(encoding: 'protobuf' | 'json'): SpanProcessor {
  const Exporter = encoding === 'json' ? JsonExporter : ProtobufExporter;
  return new BatchSpanProcessor(new Exporter({ url: `${recordUrl}/v1/traces` }));
}

/** Ends a scenario: everything is sent, and the recorder learns what was used. */
export async function finish(provider: { shutdown(): Promise<void> }, packages: string[]): Promise<void> {
  await provider.shutdown();
  process.stdout.write(JSON.stringify(Object.fromEntries(packages.map((name) => [name, versionOf(name)]))));
}

function versionOf(name: string): string {
  const manifest = readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}
