import { isObject } from './compare.ts';
import { type GoldenCase, readGolden } from './recording.ts';
import type { Sent } from './replay.ts';

/**
 * A score that is posted takes the time of its receipt, and lists are sorted by it: it is sent with the time that the
 * recording server gave it, so that its pages can be compared.
 */
export function withRecordedTime(recorded: GoldenCase, sent: Sent, times: ReadonlyMap<string, string>): Sent {
  if (sent.method !== 'POST' || sent.path !== '/api/public/scores' || typeof sent.body !== 'string') return sent;
  const answer = recorded.response.body;
  const id = answer !== null && 'json' in answer && isObject(answer.json) ? answer.json['id'] : undefined;
  const timestamp = typeof id === 'string' ? times.get(id) : undefined;
  if (timestamp === undefined) return sent;
  return { ...sent, body: JSON.stringify({ ...(JSON.parse(sent.body) as object), timestamp }) };
}

/** The time of every score in a recorded list of them. */
export function recordedScoreTimes(): ReadonlyMap<string, string> {
  const lists = ['scores-v1-read', 'scores-v2', 'scores-v3', 'deletes'].flatMap(readGolden).flatMap(({ response }) => {
    const body = response.body !== null && 'json' in response.body ? response.body.json : null;
    if (!isObject(body)) return [];
    return Array.isArray(body['data']) ? body['data'] : [body];
  });
  return new Map(
    lists.flatMap((item) =>
      isObject(item) && typeof item['id'] === 'string' && typeof item['timestamp'] === 'string'
        ? [[item['id'], item['timestamp']] as const]
        : [],
    ),
  );
}
