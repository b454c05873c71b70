/*
 * Log records about an observation. They are kept among its events and its input and output follow from all of them, so each
 * may come in a request of its own, before or after the span.
 */
import { messagesOfEvents, type Payload } from '../conventions/messages.ts';
import type { AttributeValue } from '../otlp/span.ts';

/** One record, as the row keeps it: JSON text of a `StoredLog`. Two with the same text are the same record. */
export interface LogEvent {
  /** Nanoseconds, 20 digits; what the order goes by. */
  time: string;
  text: string;
}

/** Beside the span's own events, with the time to the nanosecond. */
export interface StoredLog {
  name: string;
  timestamp: string | null;
  timeUnixNano: string;
  attributes: Record<string, AttributeValue>;
}

/** Of one observation; what comes later is not kept, so that nobody can make a row grow without end. */
const MAX_LOGS = 1000;
const MAX_CHARACTERS = 16 * 1024 * 1024;

export const toLogEvent = (log: StoredLog): LogEvent => ({
  time: log.timeUnixNano.padStart(20, '0'),
  text: JSON.stringify(log),
});

/** Commutative, associative, idempotent: the first of all, up to the bounds. */
export function joinLogs(a: readonly LogEvent[], b: readonly LogEvent[]): readonly LogEvent[] {
  if (b.length === 0) return a;
  if (a.length === 0) return withinBounds(b);
  const byText = new Map([...a, ...b].map((log) => [log.text, log]));
  return withinBounds([...byText.values()].toSorted(compareLogs));
}

const compareLogs = (a: LogEvent, b: LogEvent): number =>
  a.time < b.time ? -1 : a.time > b.time ? 1 : a.text < b.text ? -1 : a.text > b.text ? 1 : 0;

function withinBounds(logs: readonly LogEvent[]): readonly LogEvent[] {
  let left = MAX_CHARACTERS;
  const end = logs.findIndex(({ text }, i) => i >= MAX_LOGS || (left -= text.length) < 0);
  return end === -1 ? logs : logs.slice(0, end);
}

/** The column of events: those of the span, then the logs. */
export function showEvents(own: string, logs: readonly LogEvent[]): string {
  if (logs.length === 0) return own;
  const texts = logs.map(({ text }) => text).join(',');
  return own === '' ? `[${texts}]` : `${own.slice(0, -1)},${texts}]`;
}

/** The reverse, with how many of them are logs. */
export function readEvents(shown: string, logs: number): { own: string; logs: LogEvent[] } {
  if (logs === 0) return { own: shown, logs: [] };
  const events = JSON.parse(shown) as StoredLog[];
  const own = events.slice(0, -logs);
  return { own: own.length === 0 ? '' : JSON.stringify(own), logs: events.slice(-logs).map(toLogEvent) };
}

/** Input and output, as far as they say it; each empty where they do not. */
export function payloadOfLogs(logs: readonly LogEvent[]): Payload {
  return messagesOfEvents(
    logs.map(({ text }) => {
      const { name, attributes } = JSON.parse(text) as StoredLog;
      return { name, time: null, attributes: new Map(Object.entries(attributes)) };
    }),
  );
}
