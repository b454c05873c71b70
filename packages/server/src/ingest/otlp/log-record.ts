import { type AttributeValue, type Attributes, RejectedSpanError } from './span.ts';

/** A log record about a span, as both encodings decode to. */
export interface DecodedLog {
  /** As those of spans: lower hex when they came as bytes. */
  traceId: string;
  spanId: string;
  /** `event_name`, or the older attribute `event.name`. */
  name: string;
  /** Nanoseconds as decimal text: its own time, else when it was observed; empty when neither is said. */
  timeUnixNano: string;
  body: AttributeValue;
  attributes: Attributes;
  scopeName: string;
  resource: Attributes;
}

/** One ExportLogsServiceRequest: what its observations are told, and how many records are not for us. */
export interface DecodedLogs {
  logs: DecodedLog[];
  /** Records that are no GenAI event. */
  others: number;
  /** GenAI events that name no span, or cannot be read. */
  refused: Map<string, number>;
}

export const emptyLogs = (): DecodedLogs => ({ logs: [], others: 0, refused: new Map() });

/** What is wrong with one record does not cost the others. */
export function readOrRefuse({ refused }: DecodedLogs, read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof RejectedSpanError)) throw error;
    refused.set(error.message, (refused.get(error.message) ?? 0) + 1);
  }
}

/**
 * Values of one request. Less than spans may have, for these are read on the main thread: so many take 50 ms.
 */
export const MAX_LOG_VALUES = 200_000;

const contentEvents: ReadonlySet<string> = new Set([
  'gen_ai.system.message',
  'gen_ai.user.message',
  'gen_ai.assistant.message',
  'gen_ai.tool.message',
  'gen_ai.choice',
  'gen_ai.content.prompt',
  'gen_ai.content.completion',
  'gen_ai.client.inference.operation.details',
]);

/** The events that carry what went into a model and what came out (conventions up to 1.27, 1.28 to 1.36, 1.37 and later). */
export const isContentEvent = (name: string): boolean => contentEvents.has(name);
