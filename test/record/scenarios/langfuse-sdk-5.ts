import { LangfuseSpanProcessor } from '@langfuse/otel';
import { propagateAttributes, startActiveObservation, startObservation } from '@langfuse/tracing';
import { finish, recordUrl, register } from '../tracer.ts';

const provider = register(
  new LangfuseSpanProcessor({
    baseUrl: recordUrl,
    publicKey: 'pk-lf-recorded',
    secretKey: 'sk-lf-recorded',
    environment: 'production',
    release: 'r-1',
  }),
);

const said = {
  traceName: 'checkout',
  userId: 'user-1',
  sessionId: 'session-1',
  tags: ['a', 'b'],
  version: 'v1',
  metadata: { tenant: 'acme' },
};
await propagateAttributes(said, () =>
  startActiveObservation('handle-order', async (root) => {
    root.update({ input: { order: 4711 }, metadata: { n: 3, nested: { deep: [1] } } });
    const generation = startObservation(
      'plan',
      {
        model: 'gpt-4o-mini',
        modelParameters: { temperature: 0.2, stop: ['\n'] as never },
        input: [{ role: 'user', content: 'plan my order' }],
        usageDetails: { input: 10, output: 5, total: 15 },
        costDetails: { input: 0.001, output: 0.002 },
        completionStartTime: new Date(Date.now() + 5),
        prompt: { name: 'planner', version: 2, isFallback: false },
      },
      { asType: 'generation' },
    );
    generation.update({ output: { role: 'assistant', content: 'done' } }).end();
    startObservation('look-up', { input: 'sku', output: ['x'] }, { asType: 'tool' }).end();
    startObservation('refused', { level: 'ERROR', statusMessage: 'out of stock' }, { asType: 'guardrail' }).end();
    root.update({ output: 'ok' });
  }),
);
await finish(provider, ['@langfuse/tracing', '@langfuse/otel']);
