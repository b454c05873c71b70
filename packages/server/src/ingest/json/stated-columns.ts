import { RowBinaryWriter } from '../../stores/clickhouse/row-binary.ts';
import { observationColumns } from '../observation-columns.ts';
import { emptyRow, type ObservationRow } from '../observation.ts';
import { fieldOf, observationReader } from '../read-rows.ts';
import { observationFields } from './fields.ts';

type Field = keyof ObservationRow & string;

/** All that the entity of a row of this door is made from (`fromObservationRow`): half of the columns, and each costs a read 0.2 ms. */
const fields: ReadonlySet<Field> = new Set<Field>([
  'kind',
  'id',
  ...Object.values(observationFields).flatMap(({ columns }) => columns),
  'metadata',
  'traceMetadata',
  'tags',
  'payloadBlobs',
  'events', // log records
  'eventTime',
  'timeAdjusted',
  'source',
  'clocks',
  'createdAt',
  'rowVersion',
  'isDeleted',
]);
const columns = observationColumns.filter(({ name }) => (fields as ReadonlySet<string>).has(fieldOf(name)));

/** Reads the columns of a row that this door states; in others the row is as if nothing had been said. */
export const statedReader = {
  select: () => reader.select(),
  parse: (projectId: string, answer: Uint8Array): ObservationRow[] =>
    reader.parse(answer).map((row) => {
      const { kind, id, traceId, startTime, source } = row;
      return { ...emptyRow({ projectId, kind, id, traceId, startTime, source }), ...row };
    }),
};
const reader = observationReader.only<Field>(fields);

/** Whether these columns are all that the row's entity is made from. */
export const areAllStated = ({ source, clocks, isDeleted }: ObservationRow): boolean =>
  isDeleted || (source === 'json' && clocks !== '');

/** A row of these columns alone. */
export function packRow(row: ObservationRow): Uint8Array {
  writer.truncate(0);
  for (const { write } of columns) write(writer, row);
  return Uint8Array.from(writer.bytes());
}
const writer = new RowBinaryWriter();

export const unpackRow = (projectId: string, bytes: Uint8Array): ObservationRow =>
  statedReader.parse(projectId, bytes)[0]!;
