import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accepted } from './accepted.ts';
import { isObject } from './compare.ts';
import { recordedScoreTimes, withRecordedTime } from './recorded-times.ts';
import { createJudge } from './judge.ts';
import { pending } from './pending.ts';
import { readGolden } from './recording.ts';
import type { GoldenCase, Json } from './recording.ts';
import { basic, compareAnswer, explain, send, toRequest } from './replay.ts';
import type { Answer, Sent, Variables } from './replay.ts';
import { startServer } from './server.ts';
import type { TestServer } from './server.ts';

/** The project of the recording: it receives both doors, and v1 reads come from it. */
const PROJECT = '7a88fb47-b4e2-43b8-a06c-a5ce950dc53a';
const PUBLIC_KEY = 'pk-lf-1234567890';
/** Received OTLP alone: v2 reads of observations come from here (differences.md). */
const OTLP_ONLY = 'otlp-only';

/** Groups in the order of recording. `write` is sent to make the reads comparable and not compared here. */
const groups: readonly { group: string; write?: true }[] = [
  { group: 'health' },
  { group: 'projects-auth' },
  { group: 'prompts' },
  { group: 'score-configs' },
  { group: 'models' },
  { group: 'ingestion' },
  { group: 'legacy-create' },
  { group: 'otel' },
  { group: 'traces' },
  { group: 'observations' },
  { group: 'observations-v2' },
  { group: 'sessions' },
  { group: 'media' },
  { group: 'scores' },
  { group: 'scores-v1-read' },
  { group: 'scores-v2' },
  { group: 'scores-v3' },
  { group: 'metrics' },
  { group: 'metrics-v2' },
  { group: 'metrics-daily' },
  { group: 'deletes' },
  { group: 'organizations' },
  { group: 'scim' },
];

const names = new Set(groups.map(({ group }) => group));
const ofTheseGroups = (entry: { case: string | readonly string[] }): boolean =>
  [entry.case].flat().some((pattern) => names.has(pattern.split('/')[0] ?? ''));
const { judge, unused, counts } = createJudge({
  accepted: accepted.filter(ofTheseGroups),
  pending: pending.filter(ofTheseGroups),
});

let server: TestServer;
const scoreTimes = recordedScoreTimes();
const variables: Variables = new Map([['pid', PROJECT]]);

beforeAll(async () => {
  const organization = { id: 'seed-org-id', name: 'Seed Org' };
  const other = { id: 'other-org', name: 'Other' };
  server = await startServer({
    projects: [
      { id: PROJECT, name: 'llm-app', organization, publicKey: PUBLIC_KEY, secretKey: 'sk-lf-1234567890' },
      { id: OTLP_ONLY, name: 'otlp', organization, publicKey: 'pk-lf-otlp-only', secretKey: 'sk-lf-otlp-only' },
      { id: 'other', name: 'other', organization: other, publicKey: 'pk-lf-other', secretKey: 'sk-lf-other' },
    ],
    organizationKeys: [
      { organizationId: organization.id, publicKey: 'pk-lf-org-oracle', secretKey: 'sk-lf-org-oracle' },
    ],
  });
});

afterAll(async () => {
  await server?.stop();
  console.log(
    `golden: ${counts.equal} equal, ${counts.accepted} with an accepted difference, ${counts.pending} pending, ${counts.failed} failed`,
  );
});

describe.each(groups)('$group', ({ group, write }) => {
  test.each(readGolden(group))('$n $case', async (recorded) => {
    const sent = withRecordedTime(recorded, toRequest(recorded, variables), scoreTimes);
    if (group === 'otel') await sendToOtlpOnly(sent);
    const isOfObservations = group === 'metrics-v2' && sent.path.includes('%22observations%22');
    const answer = asRecorded(
      group === 'observations-v2' || isOfObservations ? await sendToOtlpOnly(sent) : await send(server.origin, sent),
    );
    saveVariables(recorded, answer);
    noteMade(recorded, answer);
    if (write) {
      expect(answer.status, `${sent.method} ${sent.path}: ${answer.text.slice(0, 300)}`).toBeLessThan(500);
      return;
    }
    const name = `${group}/${recorded.n}`;
    const left = judge(name, compareAnswer(recorded, asRecorded(answer)));
    expect.soft(left.length === 0, explain(name, sent, answer, left)).toBe(true);
  });
});

test('the lists name nothing that has become equal', () => {
  expect(unused()).toEqual([]);
});

/** The same request with the other project's key; in the answer the project's id is replaced by the recorded one. */
async function sendToOtlpOnly(sent: Sent): Promise<Answer> {
  const recorded = basic(PUBLIC_KEY, 'sk-lf-1234567890');
  const authorization =
    sent.headers['authorization'] === recorded ? { authorization: basic('pk-lf-otlp-only', 'sk-lf-otlp-only') } : {};
  const answer = await send(server.origin, { ...sent, headers: { ...sent.headers, ...authorization } });
  const text = answer.text.replaceAll(OTLP_ONLY, PROJECT);
  return { ...answer, text, body: answer.body === undefined ? undefined : JSON.parse(text) };
}

/** Ids that were made here, with what the recording had in their place: later answers are compared as if it were the same. */
const made = new Map<string, string>();

function noteMade({ request, response }: GoldenCase, { body }: Answer): void {
  if (request.method !== 'POST') return;
  const ours = idOf(body);
  const theirs = response.body && 'json' in response.body ? idOf(response.body.json) : undefined;
  if (ours !== undefined && theirs !== undefined && ours !== theirs) made.set(ours, theirs);
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** Of a thing that was made: its id is generated, or all that is answered. */
const idOf = (body: Json | undefined): string | undefined => {
  const id = isObject(body) ? body['id'] : undefined;
  if (typeof id !== 'string' || !isObject(body)) return undefined;
  return UUID.test(id) || Object.keys(body).join() === 'id' ? id : undefined;
};

function asRecorded(answer: Answer): Answer {
  const text = [...made].reduce((so, [ours, theirs]) => so.replaceAll(ours, theirs), answer.text);
  return text === answer.text ? answer : { ...answer, text, body: JSON.parse(text) as Json };
}

function saveVariables({ save }: GoldenCase, { body }: Answer): void {
  for (const [name, path] of Object.entries(save ?? {})) {
    const value = path
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], body);
    if (typeof value === 'string') variables.set(name, value);
  }
}
