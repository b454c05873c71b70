/** What a client needs to reach this project. `secretKey` is null when it is not known in this tab. */
export interface Connection {
  baseUrl: string;
  publicKey: string;
  secretKey: string | null;
}

export type SnippetLanguage = 'shell' | 'js' | 'python' | 'yaml';

/** One block to copy: a command, or a file by its name. */
export interface SnippetBlock {
  language: SnippetLanguage;
  /** Name of the file it goes into; without it, it is a command. */
  file?: string;
  code: string;
}

export interface Snippet {
  id: string;
  label: string;
  /** Install line and code, in this order. */
  blocks: SnippetBlock[];
  /** The command of step 3. */
  run: SnippetBlock;
  note?: string;
}

/** Stands for a secret that is not known here; a snippet with it does not run. */
const SECRET_PLACEHOLDER = 'YOUR-SECRET-KEY';

const shell = (code: string): SnippetBlock => ({ language: 'shell', code });

/** Every client we show, complete with address and keys; test/ui runs each of them as printed. */
export function snippetsFor(connection: Connection): Snippet[] {
  const { baseUrl, publicKey } = connection;
  const secretKey = connection.secretKey ?? SECRET_PLACEHOLDER;
  const secret = `LANGFUSE_SECRET_KEY=${secretKey}`;
  const basic = btoa(`${publicKey}:${secretKey}`);
  return [
    {
      id: 'js-v5',
      label: 'JS v5',
      blocks: [
        shell('npm install @langfuse/tracing @langfuse/otel @opentelemetry/sdk-trace-node'),
        {
          language: 'js',
          file: 'trace.mjs',
          code: `import { LangfuseSpanProcessor } from "@langfuse/otel";
import { startObservation } from "@langfuse/tracing";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const provider = new NodeTracerProvider({ spanProcessors: [new LangfuseSpanProcessor({
  baseUrl: "${baseUrl}",
  publicKey: "${publicKey}",
  secretKey: process.env.LANGFUSE_SECRET_KEY,
})] });
provider.register();

const turn = startObservation("chat-turn", { input: "Where is my refund?" });
turn.startObservation("answer", {
  input: "Where is my refund?", output: "It left our bank on Monday.",
  model: "gpt-5-mini", usageDetails: { input: 21, output: 9 },
}, { asType: "generation" }).end();
turn.update({ output: "It left our bank on Monday." }).end();
await provider.shutdown();`,
        },
      ],
      run: shell(`${secret} node trace.mjs`),
    },
    {
      id: 'js-v3',
      label: 'JS v3',
      blocks: [
        shell('npm install langfuse'),
        {
          language: 'js',
          file: 'trace.mjs',
          code: `import { Langfuse } from "langfuse";

const langfuse = new Langfuse({
  baseUrl: "${baseUrl}",
  publicKey: "${publicKey}",
  secretKey: process.env.LANGFUSE_SECRET_KEY,
});

const trace = langfuse.trace({ name: "chat-turn", input: "Where is my refund?" });
trace.generation({
  name: "answer",
  model: "gpt-5-mini",
  input: [{ role: "user", content: "Where is my refund?" }],
}).end({
  output: { role: "assistant", content: "It left our bank on Monday." },
  usageDetails: { input: 21, output: 9 },
});
trace.update({ output: "It left our bank on Monday." });
await langfuse.shutdownAsync();`,
        },
      ],
      run: shell(`${secret} node trace.mjs`),
    },
    {
      id: 'python',
      label: 'Python',
      blocks: [
        shell('pip install langfuse'),
        {
          language: 'python',
          file: 'trace.py',
          code: `import os
from langfuse import Langfuse

langfuse = Langfuse(
    base_url="${baseUrl}",
    public_key="${publicKey}",
    secret_key=os.environ["LANGFUSE_SECRET_KEY"],
)

with langfuse.start_as_current_observation(name="chat-turn", input="Where is my refund?") as turn:
    with langfuse.start_as_current_observation(
        as_type="generation",
        name="answer",
        model="gpt-5-mini",
        input=[{"role": "user", "content": "Where is my refund?"}],
    ) as answer:
        answer.update(output="It left our bank on Monday.", usage_details={"input": 21, "output": 9})
    turn.update(output="It left our bank on Monday.")

langfuse.flush()`,
        },
      ],
      run: shell(`${secret} python trace.py`),
    },
    {
      id: 'litellm',
      label: 'LiteLLM',
      blocks: [
        shell('pip install litellm opentelemetry-sdk opentelemetry-exporter-otlp'),
        {
          language: 'python',
          file: 'trace.py',
          code: `import os

os.environ["LANGFUSE_OTEL_HOST"] = "${baseUrl}"
os.environ["LANGFUSE_PUBLIC_KEY"] = "${publicKey}"

import litellm

litellm.callbacks = ["langfuse_otel"]
litellm.completion(
    model="gpt-5-mini",
    messages=[{"role": "user", "content": "Where is my refund?"}],
    # Answers without calling the model. Leave it out and set OPENAI_API_KEY for a real answer.
    mock_response="It left our bank on Monday.",
)`,
        },
      ],
      run: shell(`${secret} python trace.py`),
      note: 'In the proxy: litellm_settings: callbacks: ["langfuse_otel"], with the same three variables in its environment. The older callback "langfuse" works too; it reads LANGFUSE_HOST.',
    },
    {
      id: 'opentelemetry',
      label: 'OpenTelemetry',
      blocks: [
        shell('npm install @opentelemetry/api @opentelemetry/sdk-trace-node @opentelemetry/exporter-trace-otlp-proto'),
        {
          language: 'js',
          file: 'trace.mjs',
          code: `import { trace } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { BatchSpanProcessor, NodeTracerProvider } from "@opentelemetry/sdk-trace-node";

const keys = "${publicKey}:" + process.env.LANGFUSE_SECRET_KEY;
const provider = new NodeTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter({
  url: "${baseUrl}/api/public/otel/v1/traces",
  headers: { Authorization: "Basic " + Buffer.from(keys).toString("base64") },
}))] });
provider.register();

trace.getTracer("chat").startActiveSpan("chat gpt-5-mini", (span) => {
  span.setAttributes({
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "gpt-5-mini",
    "gen_ai.input.messages": JSON.stringify([
      { role: "user", parts: [{ type: "text", content: "Where is my refund?" }] },
    ]),
    "gen_ai.output.messages": JSON.stringify([
      { role: "assistant", parts: [{ type: "text", content: "It left our bank on Monday." }] },
    ]),
    "gen_ai.usage.input_tokens": 21,
    "gen_ai.usage.output_tokens": 9,
  });
  span.end();
});
await provider.shutdown();`,
        },
      ],
      run: shell(`${secret} node trace.mjs`),
      note: `Any other exporter or collector: OTEL_EXPORTER_OTLP_ENDPOINT=${baseUrl}/api/public/otel and OTEL_EXPORTER_OTLP_HEADERS="Authorization=Basic ${connection.secretKey === null ? '…' : basic}".`,
    },
    {
      id: 'vercel-ai-sdk',
      label: 'Vercel AI SDK',
      blocks: [
        shell('npm install ai @ai-sdk/otel @langfuse/otel @opentelemetry/sdk-trace-node'),
        {
          language: 'js',
          file: 'trace.mjs',
          code: `import { OpenTelemetry } from "@ai-sdk/otel";
import { LangfuseSpanProcessor } from "@langfuse/otel";
import { NodeTracerProvider } from "@opentelemetry/sdk-trace-node";
import { generateText, registerTelemetry } from "ai";
import { MockLanguageModelV4 } from "ai/test";

const provider = new NodeTracerProvider({ spanProcessors: [new LangfuseSpanProcessor({
  baseUrl: "${baseUrl}",
  publicKey: "${publicKey}",
  secretKey: process.env.LANGFUSE_SECRET_KEY,
})] });
provider.register();
registerTelemetry(new OpenTelemetry());

await generateText({
  // Answers without a provider. Put yours here: openai("gpt-5-mini").
  model: new MockLanguageModelV4({ modelId: "gpt-5-mini", doGenerate: {
    content: [{ type: "text", text: "It left our bank on Monday." }],
    finishReason: { unified: "stop", raw: undefined },
    usage: {
      inputTokens: { total: 21, noCache: 21, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 9, text: 9, reasoning: 0 },
    },
    warnings: [],
  } }),
  prompt: "Where is my refund?",
});
await provider.shutdown();`,
        },
      ],
      run: shell(`${secret} node trace.mjs`),
      note: 'AI SDK 5 and 6 have telemetry built in: leave out @ai-sdk/otel and pass experimental_telemetry: { isEnabled: true }.',
    },
    {
      id: 'curl',
      label: 'curl',
      blocks: [],
      run: shell(`curl ${baseUrl}/api/public/otel/v1/traces \\
  --user ${publicKey}:${secretKey} \\
  --header 'Content-Type: application/json' \\
  --data '{ "resourceSpans": [{ "scopeSpans": [{ "spans": [{
    "traceId": "'$(openssl rand -hex 16)'",
    "spanId": "'$(openssl rand -hex 8)'",
    "name": "chat-turn",
    "startTimeUnixNano": "'$(date +%s)'000000000",
    "endTimeUnixNano": "'$(date +%s)'840000000",
    "attributes": [
      { "key": "langfuse.observation.input", "value": { "stringValue": "Where is my refund?" } },
      { "key": "langfuse.observation.output", "value": { "stringValue": "It left our bank on Monday." } }
    ]
  }] }] }] }'`),
    },
  ];
}
