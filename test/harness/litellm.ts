import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FakeModel } from './fake-model.ts';
import { python } from './parts.ts';
import { freePorts } from './ports.ts';
import { startProcess, waitUntilAnswers } from './process.ts';
import type { ProjectAccess } from './project-api.ts';

/**
 * A LiteLLM proxy that serves the models `smart` (gpt-4o-mini), `embed` (text-embedding-3-small) and `prompted`: gpt-4o-mini behind `PROMPT`.
 */
export interface LiteLlm {
  readonly url: string;
  /** Sends a request with the master key; answers whatever the status. */
  send(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  readonly log: () => string;
  stop(): Promise<void>;
}

/** Starts the proxy in front of `model`; it reports to `server` by the given callback. Takes 10 to 20 seconds. */
export async function startLiteLlm({
  release,
  callback,
  server,
  model,
}: {
  release: '1.108.7' | '1.98.1';
  callback: 'langfuse' | 'langfuse_otel';
  server: ProjectAccess;
  model: FakeModel;
}): Promise<LiteLlm> {
  const directory = await mkdtemp(join(tmpdir(), 'litellm-'));
  const config = join(directory, 'config.yaml');
  // JSON is YAML.
  await writeFile(config, JSON.stringify(configuration(callback, model)));
  const [port] = (await freePorts(1)) as [number];
  const proxy = startProcess(
    python(`litellm-${release}`),
    [
      // The environment was moved after it was made, so its `litellm` script points nowhere.
      '-c',
      'from litellm.proxy.proxy_cli import run_server; run_server()',
      '--config',
      config,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
      '--telemetry',
      'False',
    ],
    {
      cwd: directory,
      env: {
        LANGFUSE_PUBLIC_KEY: server.publicKey,
        LANGFUSE_SECRET_KEY: server.secretKey,
        LANGFUSE_HOST: server.url,
        LANGFUSE_OTEL_HOST: server.url,
        // Its prices come with it; the newest ones are on a host that tests do not call.
        LITELLM_LOCAL_MODEL_COST_MAP: 'True',
        // The exporter's 5 s make tests slow and prove nothing.
        OTEL_BSP_SCHEDULE_DELAY: '200',
      },
    },
  );
  const stop = async (): Promise<void> => {
    await proxy.stop();
    await rm(directory, { recursive: true, force: true });
  };
  const url = `http://127.0.0.1:${port}`;
  try {
    await waitUntilAnswers(`${url}/health/liveliness`, proxy, 120_000);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    log: proxy.output,
    stop,
    send: (path, body, headers = {}) =>
      fetch(url + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  };
}

/** Of the model `prompted`. */
export const PROMPT = 'litellm/answer';

const MASTER_KEY = 'sk-test-master';

const configuration = (callback: string, { url }: FakeModel) => ({
  model_list: [
    { name: 'smart', model: 'openai/gpt-4o-mini' },
    { name: 'embed', model: 'openai/text-embedding-3-small' },
    { name: 'prompted', model: 'langfuse/gpt-4o-mini', prompt_id: PROMPT },
  ].map(({ name, ...params }) => ({
    model_name: name,
    litellm_params: { ...params, api_base: url, api_key: 'none', max_retries: 0 },
  })),
  litellm_settings: { success_callback: [callback], failure_callback: [callback], num_retries: 0 },
  router_settings: { disable_cooldowns: true },
  general_settings: { master_key: MASTER_KEY },
});
