// The SDK before OpenTelemetry, and its callback handler for LangChain: events in several batches, updates among them.
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { ChatOpenAI } from '@langchain/openai';
import { Langfuse } from 'langfuse';
import { CallbackHandler } from 'langfuse-langchain';
import { finish } from '../tracer.ts';

const { RECORD_URL: baseUrl = '', MODEL_URL: baseURL = '' } = process.env;
const langfuse = new Langfuse({ baseUrl, publicKey: 'pk-lf-recorded', secretKey: 'sk-lf-recorded', release: 'v1.4.0' });

const trace = langfuse.trace({
  name: 'question',
  userId: 'user-1',
  tags: ['travel'],
  metadata: { plan: 'pro', a: { b: 1 } },
});
const span = trace.span({ name: 'guide', input: 'France' });
const generation = span.generation({
  name: 'say it',
  model: 'gpt-4o-mini',
  input: [{ role: 'user', content: 'capital?' }],
});
await langfuse.flushAsync();
generation.update({ completionStartTime: new Date(), metadata: { attempt: 1 } });
span.event({ name: 'cache miss', level: 'WARNING', statusMessage: 'cold' });
trace.update({ sessionId: 'session-1', tags: ['eu'], metadata: { a: { c: 2 } } });
await langfuse.flushAsync();
generation.end({
  output: 'Paris',
  usageDetails: { input: 100, input_cached_tokens: 20, output: 48 },
  metadata: { attempt: 2 },
});
span.end({ output: 'Paris' });
trace.update({ output: 'Paris' });
generation.score({ id: 'helpful', name: 'helpful', value: 0.75 });
trace.score({ id: 'safe', name: 'safe', value: 1, dataType: 'BOOLEAN' });
await langfuse.flushAsync();
trace.score({ id: 'helpful-again', name: 'helpful', value: 0.5, comment: 'second thought' });

const llm = new ChatOpenAI({ model: 'gpt-4o-mini', apiKey: 'recorded', maxRetries: 0, configuration: { baseURL } });
const chain = ChatPromptTemplate.fromMessages([['human', '{question}']]).pipe(llm);
for (const question of ['What is the capital of France?', 'fail 500']) {
  const handler = new CallbackHandler({
    baseUrl,
    publicKey: 'pk-lf-recorded',
    secretKey: 'sk-lf-recorded',
    flushAt: 3,
  });
  await chain.invoke({ question }, { callbacks: [handler], runName: 'question' }).catch(() => undefined);
  await handler.shutdownAsync();
}
await finish({ shutdown: () => langfuse.shutdownAsync() }, ['langfuse', 'langfuse-langchain']);
