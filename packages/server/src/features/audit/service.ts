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
import { nextTurn } from '../../turns.ts';
import { csvLine } from './csv.ts';
import {
  deleteLinesBefore,
  type LinePosition,
  type LineRow,
  type LogScope,
  selectLine,
  selectLines,
  selectPositions,
  type WholeLineRow,
} from './store.ts';

export type AuditLog = ReturnType<typeof createAuditLog>;

/** Lines that are looked through in one go: an embedded Postgres lets nothing else run meanwhile (15 ms of CPU with a text). */
const SEARCHED_AT_ONCE = 500;
/** Lines that are looked through for one answer, which may be short of a page then; its cursor goes on. */
const SEARCHED_FOR_ANSWER = 20_000;
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
    let after: LinePosition | null = null;
    do {
      const positions: LinePosition[] = await selectPositions(postgres, scope, filter, {
        after,
        limit: EXPORTED_AT_ONCE,
      });
      const rows = await selectLines(postgres, positions, filter, { limit: EXPORTED_AT_ONCE, whole: true });
      if (rows.length > 0) yield rows.map((row) => toText(toWholeLine(row))).join('');
      after = positions.length === EXPORTED_AT_ONCE ? positions.at(-1)! : null;
      await nextTurn();
    } while (after);
  }

  return {
    /** May be short of a page, and yet have a cursor: then there is more to look through. @throws InvalidRequestError when the cursor is none of ours */
    async list(scope: LogScope, { limit, cursor, from, to, objectId, ...filter }: AuditQuery): Promise<AuditList> {
      const isFiltered = Object.values(filter).some((value) => value !== undefined);
      const atOnce = isFiltered ? SEARCHED_AT_ONCE : limit + 1;
      const found: LineRow[] = [];
      let after = cursor === undefined ? null : readCursor(cursor);
      for (let searched = 0; searched < SEARCHED_FOR_ANSWER; searched += atOnce) {
        const positions = await selectPositions(postgres, scope, { from, to, objectId }, { after, limit: atOnce });
        const wanted = limit + 1 - found.length;
        found.push(...(await selectLines(postgres, positions, filter, { limit: wanted, whole: false })));
        if (found.length > limit)
          return { data: found.slice(0, limit).map(toLine), meta: { cursor: cursorOf(found[limit - 1]!) } };
        if (positions.length < atOnce) return { data: found.map(toLine), meta: {} };
        after = positions.at(-1)!;
        await nextTurn();
      }
      return { data: found.map(toLine), meta: { cursor: cursorOf(after!) } };
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

const cursorOf = ({ at, id }: LinePosition): string =>
  Buffer.from(JSON.stringify([at.toISOString(), id])).toString('base64url');

function readCursor(text: string): LinePosition {
  try {
    const [at, id] = Cursor.parse(JSON.parse(Buffer.from(text, 'base64url').toString()));
    return { at: new Date(at), id };
  } catch (cause) {
    throw new InvalidRequestError('Invalid cursor format', { cause });
  }
}
