import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LangfuseClient } from '@langfuse/client';
import { Langfuse } from 'langfuse';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { abTestOf } from '../harness/ab-test.ts';

const server = inject('server');

/** What both packages do, said once. */
interface Client {
  createText(body: {
    name: string;
    prompt: string;
    labels?: string[];
    config?: unknown;
    tags?: string[];
  }): Promise<{ version: number }>;
  createChat(name: string, labels: string[]): Promise<{ version: number }>;
  get(
    name: string,
    options?: { version?: number; label?: string; cacheTtlSeconds?: number; fallback?: string },
  ): Promise<Got>;
  chat(name: string): Promise<{
    prompt: unknown;
    compile(variables: Record<string, string>, placeholders: Record<string, unknown>): unknown;
  }>;
  setLabels(name: string, version: number, newLabels: string[]): Promise<unknown>;
}

interface Got {
  readonly name: string;
  readonly version: number;
  readonly prompt: string;
  readonly config: unknown;
  readonly labels: readonly string[];
  readonly tags: readonly string[];
  readonly isFallback: boolean;
  compile(variables?: Record<string, string>): string;
}

const chat = [
  { role: 'system', content: 'You help customers of {{company}}.' },
  { type: 'placeholder' as const, name: 'history' },
  { role: 'user', content: '{{question}}' },
];

function newest(baseUrl: string): Client {
  const { publicKey, secretKey } = server;
  const { prompt } = new LangfuseClient({ baseUrl, publicKey, secretKey });
  return {
    createText: (body) => prompt.create({ ...body, type: 'text' }),
    createChat: (name, labels) => prompt.create({ name, labels, type: 'chat', prompt: chat }),
    get: (name, options) => prompt.get(name, { ...options, type: 'text' }),
    chat: (name) => prompt.get(name, { type: 'chat' }),
    setLabels: (name, version, newLabels) => prompt.update({ name, version, newLabels }),
  };
}

const older: Langfuse[] = [];
function old(baseUrl: string): Client {
  const { publicKey, secretKey } = server;
  const langfuse = new Langfuse({ baseUrl, publicKey, secretKey });
  older.push(langfuse);
  return {
    createText: (body) => langfuse.createPrompt({ labels: [], ...body, type: 'text' }),
    createChat: (name, labels) => langfuse.createPrompt({ name, labels, type: 'chat', prompt: chat }),
    get: (name, { version, ...options } = {}) => langfuse.getPrompt(name, version, { ...options, type: 'text' }),
    chat: (name) => langfuse.getPrompt(name, undefined, { type: 'chat' }),
    setLabels: (name, version, newLabels) => langfuse.updatePrompt({ name, version, newLabels }),
  };
}

/** Passes everything on to the server and notes what was asked for. */
async function startRelay(): Promise<{ url: string; asked: string[]; stop(): void }> {
  const asked: string[] = [];
  const relay = createServer((request: IncomingMessage, response) => {
    asked.push(request.url ?? '');
    const headers = { authorization: request.headers.authorization ?? '' };
    fetch(server.url + request.url, { headers })
      .then(async (answer) => {
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? 'text/plain' });
        response.end(await answer.text());
      })
      .catch((cause: unknown) => response.destroy(cause as Error));
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { port } = relay.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, asked, stop: () => relay.close() };
}

describe.each([
  { title: '@langfuse/client 5', folder: 'js5', clientOf: newest },
  { title: 'langfuse 3', folder: 'js3', clientOf: old },
])('$title', ({ folder, clientOf }) => {
  let relay: Awaited<ReturnType<typeof startRelay>>;
  const client = clientOf(server.url);
  beforeAll(async () => {
    relay = await startRelay();
  });
  afterAll(async () => {
    relay.stop();
    await Promise.all(older.splice(0).map((one) => one.shutdownAsync()));
  });

  test('a text is made, fetched by label, version and default, and filled in', async () => {
    const name = `${folder}/greeting €`;
    const first = await client.createText({
      name,
      prompt: 'Hello {{name}}',
      labels: ['production'],
      config: { model: 'gpt-4o-mini' },
      tags: ['a'],
    });
    const second = await client.createText({ name, prompt: 'Hi {{name}}', labels: ['staging'] });
    expect([first.version, second.version]).toEqual([1, 2]);
    const got = await client.get(name);
    expect(got).toMatchObject({ name, version: 1, config: { model: 'gpt-4o-mini' }, tags: ['a'], isFallback: false });
    expect(got.labels).toEqual(['production']);
    expect(got.compile({ name: 'Ada' })).toBe('Hello Ada');
    expect(await client.get(name, { label: 'staging' })).toMatchObject({ version: 2, prompt: 'Hi {{name}}' });
    expect(await client.get(name, { label: 'latest' })).toMatchObject({ version: 2 });
    expect(await client.get(name, { version: 1 })).toMatchObject({ version: 1 });
  });

  test('a chat takes messages in its placeholder', async () => {
    const name = `${folder}/support/chat`;
    await client.createChat(name, ['production']);
    const got = await client.chat(name);
    const history = [
      { role: 'user', content: 'Hello' },
      { role: 'assistant', content: 'Hi' },
    ];
    expect(got.compile({ company: 'Acme', question: 'Why?' }, { history })).toEqual([
      { role: 'system', content: 'You help customers of Acme.' },
      ...history,
      { role: 'user', content: 'Why?' },
    ]);
  });

  test('what another prompt says is in its place', async () => {
    await client.createText({ name: `${folder}/tone`, prompt: 'Be "kind" to {{name}}.', labels: ['production'] });
    await client.createText({
      name: `${folder}/answer`,
      prompt: `@@@langfusePrompt:name=${folder}/tone|label=production@@@ Answer.`,
      labels: ['production'],
    });
    expect((await client.get(`${folder}/answer`)).compile({ name: 'Ada' })).toBe('Be "kind" to Ada. Answer.');
  });

  test('it keeps what it has for its time, and then sees at once where the label went', async () => {
    const name = `${folder}/moved`;
    await client.createText({ name, prompt: 'one', labels: ['production'] });
    await client.createText({ name, prompt: 'two' });
    const reader = clientOf(relay.url);
    const before = relay.asked.length;
    expect(await reader.get(name)).toMatchObject({ prompt: 'one' });
    await client.setLabels(name, 2, ['production']);
    expect(await reader.get(name)).toMatchObject({ prompt: 'one' });
    expect(relay.asked.slice(before)).toHaveLength(1);
    expect(await reader.get(name, { cacheTtlSeconds: 0 })).toMatchObject({ prompt: 'two', version: 2 });
  });

  test('without such a prompt it falls back, or says which one there is not', async () => {
    const fallback = await client.get(`${folder}/missing`, { fallback: 'Just say {{word}}' });
    expect(fallback).toMatchObject({ isFallback: true });
    expect(fallback.compile({ word: 'hello' })).toBe('Just say hello');
    await expect(client.get(`${folder}/missing`)).rejects.toThrow(/not found/i);
  });

  test('a key behind the label decides the arm, and the same key always the same', async () => {
    const name = `${folder}/ab`;
    await client.createText({ name, prompt: 'A', labels: ['production'] });
    await client.createText({ name, prompt: 'B' });
    const started = await abTestOf(server, { prompt: name, shares: { 1: 50, 2: 50 } });
    const reader = clientOf(relay.url);
    const before = relay.asked.length;
    const users = Array.from({ length: 12 }, (_, i) => `user-${i} ü@x`);
    for (const user of users) {
      const { version, labels } = await reader.get(name, { label: `production@${user}` });
      expect(version).toBe(await started.versionOf(user));
      expect(labels).toContain('production');
    }
    expect(new Set(await Promise.all(users.map(started.versionOf)))).toEqual(new Set([1, 2]));
    expect(relay.asked.slice(before)).toHaveLength(users.length);
    expect(relay.asked.at(-1)).toContain('label=production%40user-11');
    const slots = await Promise.all([7, 8].map((slot) => client.get(name, { label: `production@slot:${slot}` })));
    expect(slots.map(({ version }) => version)).toEqual(
      await Promise.all([7, 8].map((slot) => started.versionOf(`slot:${slot}`))),
    );
    await started.end();
    expect(await client.get(name, { label: `production@${users[3]}x` })).toMatchObject({ version: 1 });
  });
});

test('@langfuse/client 5 names the key in the query too', async () => {
  const { url: baseUrl, publicKey, secretKey } = server;
  const langfuse = new LangfuseClient({ baseUrl, publicKey, secretKey });
  const name = 'js5/by-query';
  for (const prompt of ['A', 'B']) {
    await langfuse.prompt.create({ name, prompt, type: 'text', labels: prompt === 'A' ? ['production'] : [] });
  }
  const started = await abTestOf(server, { prompt: name, shares: { 1: 50, 2: 50 } });
  for (const abKey of ['user-1', 'user-2', 'user-3', 'user-4']) {
    const got = await langfuse.api.prompts.get(name, { label: 'production' }, { queryParams: { abKey } });
    expect(got.version).toBe(await started.versionOf(abKey));
  }
});
