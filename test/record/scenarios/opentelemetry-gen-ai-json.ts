import { sendGenAiSpans } from '../gen-ai-spans.ts';
import { finish, otlpProcessor, register } from '../tracer.ts';

const provider = register(otlpProcessor('json'));
sendGenAiSpans();
await finish(provider, ['@opentelemetry/sdk-trace-base', '@opentelemetry/exporter-trace-otlp-http']);
