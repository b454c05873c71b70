// Field numbers: opentelemetry-proto v1.10, logs/v1/logs.proto. Most log records are no GenAI events, so a record is first walked
// for its name, and its body and attributes are read only where that is one of ours.
import { checkIds, type Attributes, type AttributeValue, limits } from './span.ts';
import { type DecodedLogs, emptyLogs, isContentEvent, MAX_LOG_VALUES, readOrRefuse } from './log-record.ts';
import { FIXED64, LENGTH, readAnyValue, readAttributes, readBoundedKeyValue, Reader } from './protobuf.ts';

/** @throws OtlpParseError when the bytes are not protobuf */
export function decodeLogsProtobuf(body: Uint8Array): DecodedLogs {
  const reader = new Reader(body);
  reader.values = limits.valuesPerExport - MAX_LOG_VALUES;
  const decoded = emptyLogs();
  reader.message(body.length, (field, wire) => {
    if (field !== 1 || wire !== LENGTH) return false;
    readResourceLogs(reader, reader.end(), decoded);
    return true;
  });
  return decoded;
}

function readResourceLogs(reader: Reader, end: number, decoded: DecodedLogs): void {
  reader.countGroup();
  const resource: Attributes = new Map();
  const scopes: number[] = [];
  reader.message(end, (field, wire) => {
    if (wire !== LENGTH || (field !== 1 && field !== 2)) return false;
    const groupEnd = reader.end();
    if (field === 1) readOrRefuse(decoded, () => readAttributes(reader, groupEnd, 1, resource));
    else scopes.push(reader.at, groupEnd);
    reader.at = groupEnd;
    return true;
  });
  const after = reader.at;
  // After the loop: the resource may stand behind what it holds for.
  for (let i = 0; i < scopes.length; i += 2) {
    reader.at = scopes[i]!;
    readScopeLogs(reader, scopes[i + 1]!, resource, decoded);
  }
  reader.at = after;
}

function readScopeLogs(reader: Reader, end: number, resource: Attributes, decoded: DecodedLogs): void {
  reader.countGroup();
  const first = decoded.logs.length;
  let scopeName = '';
  reader.message(end, (field, wire) => {
    if (wire !== LENGTH || (field !== 1 && field !== 2)) return false;
    const partEnd = reader.end();
    if (field === 1) {
      reader.message(partEnd, (inner, innerWire) => {
        if (inner !== 1 || innerWire !== LENGTH) return false;
        scopeName = reader.text();
        return true;
      });
    } else readOrRefuse(decoded, () => readLog(reader, partEnd, resource, decoded));
    reader.at = partEnd;
    return true;
  });
  for (const log of decoded.logs.slice(first)) log.scopeName = scopeName;
}

function readLog(reader: Reader, end: number, resource: Attributes, decoded: DecodedLogs): void {
  const start = reader.at;
  let name = '';
  let traceId = '';
  let spanId = '';
  let time = 0n;
  let observed = 0n;
  let bodyAt = -1;
  const attributesAt: number[] = [];
  reader.message(end, (field, wire) => {
    if (wire === FIXED64 && (field === 1 || field === 11)) {
      const nanos = reader.fixed64();
      if (field === 1) time = nanos;
      else observed = nanos;
      return true;
    }
    if (wire !== LENGTH) return false;
    if (field === 9) traceId = reader.hex();
    else if (field === 10) spanId = reader.hex();
    else if (field === 12) name = reader.text();
    else if (field === 5 || field === 6) {
      if (field === 5) bodyAt = reader.at;
      else attributesAt.push(reader.at);
      reader.at = reader.end();
    } else return false;
    return true;
  });
  const attributes: Attributes = new Map();
  // Before there were names of events, an attribute told.
  if (!isContentEvent(name) && (name !== '' || !reader.holds('gen_ai.', start, end))) {
    decoded.others += 1;
    return;
  }
  for (const at of attributesAt) {
    reader.at = at;
    readBoundedKeyValue(reader, reader.end(), attributes);
  }
  if (name === '') name = String(attributes.get('event.name') ?? '');
  if (!isContentEvent(name)) {
    decoded.others += 1;
    return;
  }
  checkIds(traceId, spanId);
  let body: AttributeValue = null;
  if (bodyAt !== -1) {
    reader.at = bodyAt;
    body = readAnyValue(reader, reader.end(), 1);
  }
  const timeUnixNano = time || observed ? String(time || observed) : '';
  decoded.logs.push({ traceId, spanId, name, timeUnixNano, body, attributes, scopeName: '', resource });
}
