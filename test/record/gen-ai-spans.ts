import { SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';

/** One span of each generation of the GenAI conventions, as their documents write them, and what stands beside them. */
export function sendGenAiSpans(): void {
  const tracer = trace.getTracer('recorded.genai', '0.1.0');
  const root = tracer.startSpan('invoke_agent weather', {
    attributes: {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.agent.name': 'weather',
      'gen_ai.usage.input_tokens': 60,
      'gen_ai.conversation.id': 'conv-1',
    },
  });
  tracer
    .startSpan('openai.chat', {
      kind: SpanKind.CLIENT,
      attributes: {
        'gen_ai.system': 'OpenAI',
        'gen_ai.request.model': 'gpt-3.5-turbo',
        'gen_ai.response.model': 'gpt-3.5-turbo-0125',
        'gen_ai.prompt.0.role': 'user',
        'gen_ai.prompt.0.content': 'hi',
        'gen_ai.completion.0.role': 'assistant',
        'gen_ai.completion.0.content': 'hello',
        'gen_ai.usage.prompt_tokens': 5,
        'gen_ai.usage.completion_tokens': 6,
      },
    })
    .end();
  const second = tracer.startSpan('chat gpt-4o', {
    kind: SpanKind.CLIENT,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.system': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.usage.input_tokens': 3,
      'gen_ai.usage.output_tokens': 2,
    },
  });
  second.addEvent('gen_ai.system.message', { content: 'be brief' });
  second.addEvent('gen_ai.user.message', { content: 'hi' });
  second.addEvent('gen_ai.choice', { index: 0, finish_reason: 'stop', message: '{"content":"hello"}' });
  second.end();
  const third = tracer.startSpan('chat gpt-4o', {
    kind: SpanKind.CLIENT,
    attributes: {
      'gen_ai.operation.name': 'chat',
      'gen_ai.provider.name': 'openai',
      'gen_ai.request.model': 'gpt-4o',
      'gen_ai.response.model': 'gpt-4o-2024-08-06',
      'gen_ai.request.temperature': 0.5,
      'gen_ai.request.stop_sequences': ['END'],
      'gen_ai.response.time_to_first_chunk': 0.25,
      'gen_ai.system_instructions': '[{"type":"text","content":"be brief"}]',
      'gen_ai.input.messages': '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
      'gen_ai.output.messages':
        '[{"role":"assistant","parts":[{"type":"text","content":"hello"}],"finish_reason":"stop"}]',
      'gen_ai.usage.input_tokens': 60,
      'gen_ai.usage.output_tokens': 20,
      'gen_ai.usage.cache_read.input_tokens': 10,
      'gen_ai.usage.reasoning.output_tokens': 4,
      'gen_ai.conversation.id': 'conv-1',
    },
  });
  third.end();
  const tool = tracer.startSpan('execute_tool get_weather', {
    attributes: {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'get_weather',
      'gen_ai.tool.call.arguments': '{"city":"Paris"}',
    },
  });
  tool.recordException({
    name: 'Error',
    message: 'no weather today',
    stack: 'Error: no weather today\n    at getWeather (tools.js:3:9)',
  });
  tool.setStatus({ code: SpanStatusCode.ERROR });
  tool.end();
  root.end();
}
