import {
  asObject,
  asText,
  type Budget,
  countGroup,
  list,
  parse,
  readAnyValue,
  readAttributes,
  readId,
} from './json.ts';
import { type DecodedLogs, emptyLogs, isContentEvent, MAX_LOG_VALUES, readOrRefuse } from './log-record.ts';
import { checkIds, type Attributes, limits } from './span.ts';

/** An ExportLogsServiceRequest in JSON. @throws OtlpParseError when the body is not JSON */
export function decodeLogsJson(body: Uint8Array): DecodedLogs {
  const decoded = emptyLogs();
  const budget: Budget = { groups: 0, values: limits.valuesPerExport - MAX_LOG_VALUES };
  for (const resourceLogs of listOr(parse(body)['resourceLogs'], 'resourceLogs', decoded)) {
    countGroup(budget);
    const { resource, scopeLogs } = asObject(resourceLogs);
    const attributes: Attributes = new Map();
    readOrRefuse(decoded, () => readAttributes(asObject(resource)['attributes'], attributes, budget));
    for (const each of listOr(scopeLogs, 'scopeLogs', decoded)) {
      countGroup(budget);
      const { scope, logRecords } = asObject(each);
      const scopeName = asText(asObject(scope)['name']);
      for (const record of listOr(logRecords, 'logRecords', decoded)) {
        readOrRefuse(decoded, () => readLog(asObject(record), scopeName, attributes, budget, decoded));
      }
    }
  }
  return decoded;
}

function readLog(
  given: Record<string, unknown>,
  scopeName: string,
  resource: Attributes,
  budget: Budget,
  decoded: DecodedLogs,
): void {
  const named = asText(given['eventName']) || olderName(given['attributes']);
  if (!isContentEvent(named)) {
    decoded.others += 1;
    return;
  }
  const traceId = readId(given['traceId'], 'traceId');
  const spanId = readId(given['spanId'], 'spanId');
  checkIds(traceId, spanId);
  const attributes: Attributes = new Map();
  readAttributes(given['attributes'], attributes, budget);
  decoded.logs.push({
    traceId: traceId!,
    spanId: spanId!,
    name: named,
    timeUnixNano: readNanos(given['timeUnixNano']) || readNanos(given['observedTimeUnixNano']),
    body: readAnyValue(given['body'], 1, budget),
    attributes,
    scopeName,
    resource,
  });
}

const olderName = (attributes: unknown): string => {
  const named = listOf(attributes).find((pair) => asObject(pair)['key'] === 'event.name');
  return asText(asObject(asObject(named)['value'])['stringValue']);
};

/** Decimal text, or a number; 0 says nothing. */
function readNanos(given: unknown): string {
  if (typeof given === 'number' && Number.isFinite(given) && given > 0) return BigInt(Math.floor(given)).toString();
  return typeof given === 'string' && /^[1-9]\d{0,19}$/.test(given) ? given : '';
}

const listOf = (given: unknown): unknown[] => (Array.isArray(given) ? given : []);

/** What cannot be read counts as one refused record: how many it held nobody can know. */
function listOr(given: unknown, field: string, decoded: DecodedLogs): unknown[] {
  let found: unknown[] = [];
  readOrRefuse(decoded, () => {
    found = list(given, field);
  });
  return found;
}
