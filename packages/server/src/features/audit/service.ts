import { Readable } from 'node:stream';
import type {
  AuditExportQuery,
  AuditFilter,
  AuditLine,
  AuditLineDetails,
  AuditList,
  AuditQuery,
} from '@tracehouse/contract/x-audit-log';
import * as z from 'zod';
import { InvalidRequestError, NotFoundError } from '../../http/errors.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import { csvLine } from './csv.ts';
import { deleteLinesBefore, type LineRow, type LogScope, selectLine, selectLines, type WholeLineRow } from './store.ts';

export type AuditLog = ReturnType<typeof createAuditLog>;

/** Lines of an export that are in memory at a time: each up to 200 kB. */
const EXPORTED_AT_ONCE = 100;
/** Lines a statement removes: short locks, a quick stop. */
const SWEPT_AT_ONCE = 1_000;
const DAY_MS = 86_400_000;

/** Reads what `recordAudit` wrote. `retentionDays` null: it is kept for ever. */
export function createAuditLog({
  postgres,
  retentionDays,
  now,
}: {
  postgres: Postgres;
  retentionDays: number | null;
  now: () => Date;
}) {
  async function* export_(scope: LogScope, filter: AuditFilter, toText: (line: AuditLineDetails) => string) {
    let last: LineRow | undefined;
    do {
      const page = { after: last ?? null, limit: EXPORTED_AT_ONCE, whole: true } as const;
      const rows = await selectLines(postgres, scope, filter, page);
      yield rows.map((row) => toText(toWholeLine(row))).join('');
      last = rows.length === EXPORTED_AT_ONCE ? rows.at(-1) : undefined;
    } while (last);
  }

  return {
    /** @throws InvalidRequestError when the cursor is none of ours */
    async list(scope: LogScope, { limit, cursor, ...filter }: AuditQuery): Promise<AuditList> {
      const after = cursor === undefined ? null : readCursor(cursor);
      const rows = await selectLines(postgres, scope, filter, { after, limit: limit + 1, whole: false });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return { data: page.map(toLine), meta: last && rows.length > limit ? { cursor: cursorOf(last) } : {} };
    },

    /** @throws NotFoundError, also for a line of somebody else */
    async get(scope: LogScope, id: string): Promise<AuditLineDetails> {
      const row = await selectLine(postgres, scope, id);
      if (!row) throw new NotFoundError('No line of the audit log with this id found.');
      return toWholeLine(row);
    },

    /** Read as fast as it is taken; what is written meanwhile is not in it. */
    export(scope: LogScope, { format, ...filter }: AuditExportQuery): Readable {
      const until = { ...filter, to: filter.to ?? now().toISOString() };
      const text =
        format === 'csv' ? export_(scope, until, toCsv) : export_(scope, until, (line) => `${JSON.stringify(line)}\n`);
      const head = format === 'csv' ? csvLine(csvColumns.map(([name]) => name)) : '';
      return Readable.from(
        (async function* () {
          if (head !== '') yield head;
          yield* text;
        })(),
      );
    },

    /** Removes what is older than is kept. */
    async sweep(signal: AbortSignal): Promise<number> {
      if (retentionDays === null) return 0;
      const before = new Date(now().getTime() - retentionDays * DAY_MS);
      let removed = 0;
      for (let gone = SWEPT_AT_ONCE; gone === SWEPT_AT_ONCE; removed += gone) {
        signal.throwIfAborted();
        gone = await deleteLinesBefore(postgres, before, SWEPT_AT_ONCE);
      }
      return removed;
    },
  };
}

const toLine = (row: LineRow): AuditLine => ({
  id: row.id,
  at: row.at.toISOString(),
  actor: {
    kind: row.actor_kind,
    id: row.actor_id,
    name: row.actor_name,
    sessionId: row.session_id,
    ip: row.ip,
    userAgent: row.user_agent,
  },
  project: row.project_id === null ? null : { id: row.project_id, name: row.project_name },
  action: row.action,
  objectType: row.object_type,
  objectId: row.object_id,
  objectName: row.object_name,
  refusedFor: row.refused_for,
});

const toWholeLine = (row: WholeLineRow): AuditLineDetails => ({ ...toLine(row), before: row.before, after: row.after });

const orNothing = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));

// oxfmt-ignore
const csvColumns: readonly (readonly [string, (line: AuditLineDetails) => string | null])[] = [
  ['time',        ({ at }) => at],
  ['actor_kind',  ({ actor }) => actor.kind],
  ['actor',       ({ actor }) => actor.name],
  ['actor_id',    ({ actor }) => actor.id],
  ['session',     ({ actor }) => actor.sessionId],
  ['ip',          ({ actor }) => actor.ip],
  ['user_agent',  ({ actor }) => actor.userAgent],
  ['project_id',  ({ project }) => project?.id ?? null],
  ['project',     ({ project }) => project?.name ?? null],
  ['action',      ({ action }) => action],
  ['object_type', ({ objectType }) => objectType],
  ['object_id',   ({ objectId }) => objectId],
  ['object',      ({ objectName }) => objectName],
  ['refused_for', ({ refusedFor }) => refusedFor],
  ['before',      ({ before }) => orNothing(before)],
  ['after',       ({ after }) => orNothing(after)],
  ['id',          ({ id }) => id],
];

const toCsv = (line: AuditLineDetails): string => csvLine(csvColumns.map(([, cellOf]) => cellOf(line)));

const Cursor = z.tuple([z.iso.datetime(), z.string()]);

const cursorOf = ({ at, id }: LineRow): string =>
  Buffer.from(JSON.stringify([at.toISOString(), id])).toString('base64url');

function readCursor(text: string): { at: Date; id: string } {
  try {
    const [at, id] = Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { at: new Date(at), id };
  } catch (cause) {
    throw new InvalidRequestError('Invalid cursor format', { cause });
  }
}
