import { isObject } from '../conventions/readers.ts';
import { toLogEvent } from '../json/log-events.ts';
import type { Clock } from '../json/clock.ts';
import type { EventStatement, Sender } from '../json/events.ts';
import type { ObservationField } from '../json/fields.ts';
import { silent, type Statement } from '../json/merge.ts';
import type { ObservationRow } from '../observation.ts';
import { type InlineFile, takeFilesOfText } from './inline-media.ts';
import type { DecodedLog } from './log-record.ts';
import { isPlausible, mapExport, toIso } from './map.ts';
import { type AttributeValue, emptyExport } from './span.ts';

/**
 * What a log record says of the observation of its span, whichever of the two comes first: input and output, and, for one whose
 * span never comes, weakly what the record tells of the call.
 */
export function readLog(log: DecodedLog, sender: Sender): EventStatement {
  const { projectId, publicKey, sdkName, sdkVersion, receivedAt } = sender;
  const { traceId, spanId } = log;
  const given = Math.floor(Number(log.timeUnixNano) / 1000);
  const isOwn = given > 0 && isPlausible(given, receivedAt);
  const time = isOwn ? given : receivedAt;
  const clock: Clock = [time, 0, ''];

  const call = asCall(log, sender, time);
  const statements: Partial<Record<ObservationField, Statement<ObservationRow>>> = {
    traceId: { set: { traceId }, clock },
    origin: { set: { publicKey, sdkName, sdkVersion }, clock },
  };
  const sayWeakly = (field: ObservationField, set: Partial<ObservationRow>): void =>
    void (statements[field] = { set, clock, isWeak: true });
  sayWeakly('startTime', { startTime: time });
  sayWeakly('environment', { environment: call.environment });
  sayWeakly('type', { type: 'GENERATION' });
  if (call.model !== '') {
    sayWeakly('model', { model: call.model });
    sayWeakly('name', { name: call.name });
  }
  if (call.modelParameters !== '') sayWeakly('modelParameters', { modelParameters: call.modelParameters });
  if (Object.keys(call.providedUsage).length > 0) sayWeakly('usage', { providedUsage: call.providedUsage });
  return {
    kind: 'observation',
    isUpdate: false,
    entity: {
      ...silent<ObservationRow>(projectId, spanId),
      statements,
      logs: [
        toLogEvent({
          name: log.name,
          timestamp: toIso(time),
          timeUnixNano: log.timeUnixNano || `${time}000`,
          attributes: contentOf(log),
        }),
      ],
      isTimeAdjusted: given > 0 && !isOwn,
      createdAt: receivedAt,
    },
    times: [time],
  };
}

/** The record with tokens for the files in what it says; `files` gets these. No file has more than `maxBytes`. */
export function takeFilesOfLog(log: DecodedLog, maxBytes: number, files: InlineFile[]): DecodedLog {
  const { traceId, spanId: observationId, name } = log;
  const taken = Object.entries(contentOf(log)).map(([key, value]): [string, AttributeValue] => {
    const field = isOutput.has(name) || isOutput.has(key) ? 'output' : 'input';
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    const rest = takeFilesOfText(text, { traceId, observationId, field }, maxBytes, files);
    if (rest === text) return [key, value];
    return [key, typeof value === 'string' ? rest : (JSON.parse(rest) as AttributeValue)];
  });
  return hasBody(log) ? { ...log, body: Object.fromEntries(taken) } : { ...log, attributes: new Map(taken) };
}

/** Events all of which is output, and the attribute of others that is. */
const isOutput: ReadonlySet<string> = new Set(['gen_ai.choice', 'gen_ai.content.completion', 'gen_ai.output.messages']);

/** The message is the body where there is one, and stands among the attributes in the newest conventions. */
const contentOf = (log: DecodedLog): Record<string, AttributeValue> =>
  isObject(log.body) && hasBody(log) ? { ...log.body } : Object.fromEntries(log.attributes);

const hasBody = ({ body }: DecodedLog): boolean => isObject(body) && Object.keys(body).length > 0;

/** The record read as if it were a span: the newest conventions repeat on it what the span says. */
function asCall(
  { traceId, spanId, name, attributes, scopeName, resource }: DecodedLog,
  { projectId, publicKey, sdkName, sdkVersion, receivedAt }: Sender,
  time: number,
): ObservationRow {
  const span = {
    traceId,
    spanId,
    parentSpanId: '',
    kind: 3,
    startTime: time,
    endTime: time,
    attributes,
    events: [],
    links: [],
    statusCode: 0,
    statusMessage: '',
    flags: 0,
    droppedAttributes: 0,
    name: [attributes.get('gen_ai.operation.name') ?? name, attributes.get('gen_ai.request.model')].join(' ').trim(),
  };
  const scope = { name: scopeName, version: '', attributes: new Map(), spans: [span] };
  const { rows } = mapExport(
    { ...emptyExport('text'), resources: [{ attributes: resource, scopes: [scope] }], spanCount: 1 },
    { projectId, publicKey, sdkName, sdkVersion, now: receivedAt },
  );
  return rows[0]!;
}
