import type { ObservationRow } from '../observation.ts';
import { mapExport, type MapOptions } from './map.ts';
import { emptyExport, type AttributeValue, type DecodedEvent, type DecodedExport, type DecodedSpan } from './span.ts';

/** For tests: 2026-03-02T10:00:00Z, when every example span is received; it started a minute before and took 2 s. */
export const receivedAt = Date.UTC(2026, 2, 2, 10) * 1000;
export const startedAt = receivedAt - 60_000_000;

interface Example {
  attributes?: Record<string, AttributeValue>;
  resource?: Record<string, AttributeValue>;
  scope?: { name?: string; version?: string; attributes?: Record<string, AttributeValue> };
  events?: { name: string; attributes: Record<string, AttributeValue> }[];
  span?: Partial<Omit<DecodedSpan, 'attributes' | 'events'>>;
}

/** An export of one span. */
export function exampleExport({
  attributes = {},
  resource = {},
  scope = {},
  events = [],
  span = {},
}: Example): DecodedExport {
  const toEvent = (event: (typeof events)[number]): DecodedEvent => ({
    name: event.name,
    time: startedAt,
    attributes: new Map(Object.entries(event.attributes)),
  });
  return {
    ...emptyExport('base64'),
    spanCount: 1,
    resources: [
      {
        attributes: new Map(Object.entries(resource)),
        scopes: [
          {
            name: scope.name ?? 'example',
            version: scope.version ?? '1.0.0',
            attributes: new Map(Object.entries(scope.attributes ?? {})),
            spans: [
              {
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: 'b7ad6b7169203331',
                parentSpanId: '',
                name: 'example-span',
                kind: 1,
                startTime: startedAt,
                endTime: startedAt + 2_000_000,
                links: [],
                statusCode: 0,
                statusMessage: '',
                flags: 0,
                droppedAttributes: 0,
                ...span,
                attributes: new Map(Object.entries(attributes)),
                events: events.map(toEvent),
              },
            ],
          },
        ],
      },
    ],
  };
}

/** Who sends it, and when it is received. */
export const exampleSender: MapOptions = {
  projectId: 'project',
  publicKey: 'pk-lf-example',
  sdkName: 'unknown',
  sdkVersion: 'unknown',
  now: receivedAt,
};

/** The row of an example span. */
export function mapExample(example: Example): ObservationRow {
  const { rows } = mapExport(exampleExport(example), exampleSender);
  return rows[0]!;
}
