import type { SearchAnswer, SearchHit, SearchQuery } from '@tracehouse/contract/x-search';
import { InvalidRequestError } from '../../http/errors.ts';
import type { Journal } from '../../ingest/journal.ts';
import { compareUtf8, fieldsOf } from '../../ingest/resolve-trace.ts';
import type { ClickHouse, QueryOptions } from '../../stores/clickhouse/clickhouse.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { toIso } from '../filters/time.ts';
import { queryOf, rangeOf } from './asked.ts';
import { decodeCursor, encodeCursor, searchPosition } from './cursor.ts';
import { type HitFields, selectHitFields } from './hits-store.ts';
import { type Hit, hitsInForceOf, selectRowsWith } from './search-store.ts';
import type { createSearch } from './search.ts';
import { selectTraceRows, type TracePosition } from './store.ts';

/** Of each trace of a page, so many rows show their hits. */
const ROWS_A_TRACE = 5;
/** Rows of one trace are read so many at a time, until a page has this much text. */
const ROWS_AT_A_TIME = 10;
const MOST_CHARACTERS = 4_000_000;
const ROWS_A_PAGE = 100;
const MOST_PLACES = 100;
const PREVIEW = 200;
const BEFORE = 60;

/** Where a text is, field by field. Which traces have it is found by the search that lists use. */
export const createHits =
  ({
    clickhouse: db,
    journal,
    search,
    now,
  }: {
    clickhouse: ClickHouse;
    journal: Journal;
    search: ReturnType<typeof createSearch>;
    now: () => Date;
  }) =>
  /** @throws InvalidRequestError for filter text with a problem, or a cursor that is none. */
  (scope: ProjectScope, query: SearchQuery, signal: AbortSignal): Promise<SearchAnswer> => {
    const { traceId } = query;
    return traceId === undefined ? inTraces(query) : inTrace(traceId, query);

    async function inTraces({ text, limit, cursor, ...query }: SearchQuery): Promise<SearchAnswer> {
      const asked = queryOf(query);
      const { positions, next, searchedTo } = await search(
        scope,
        {
          range: rangeOf(query),
          query: { ...asked, text: [...asked.text, { value: text, not: false }] },
          text,
          count: limit,
          after: cursor === undefined ? undefined : searchPosition(decodeCursor(cursor)),
          now: now().getTime() * 1000,
          fields: fieldsOf([]),
        },
        signal,
      );
      const ids = positions.map(({ id }) => id);
      const found = await selectRowsWith(db, scope, ids, text, { signal });
      const hits = positions.map(({ id, rows = [] }) => hitsInForceOf(rows, found.get(id)?.hits));
      const shown = hits.flatMap((some) => some.slice(0, ROWS_A_TRACE));
      return {
        data: hitsIn(await fieldsInTurn(db, scope, shown, text, { signal }), text),
        traces: positions.map(({ id }, i) => ({ traceId: id, rows: hits[i]!.length })),
        meta: {
          ...(next && { cursor: encodeCursor(next) }),
          ...(searchedTo !== null && { searchedTo: toIso(searchedTo) }),
        },
      };
    }

    async function inTrace(traceId: string, { text, cursor }: SearchQuery): Promise<SearchAnswer> {
      const after = cursor === undefined ? null : decodeCursor(cursor);
      if (after && !Number.isSafeInteger(Number(after.value))) throw new InvalidRequestError('Invalid cursor format');
      await journal.barrier({ projectId: scope.projectId, traceId });
      const [found, versions] = await Promise.all([
        selectRowsWith(db, scope, [traceId], text, { signal }),
        selectTraceRows(db, scope, [{ id: traceId }], fieldsOf([]), { signal }),
      ]);
      const hits = hitsInForceOf(versions.get(traceId) ?? [], found.get(traceId)?.hits);
      const left = after ? hits.filter((hit) => isAfter(hit, after)) : hits;
      const page = left.slice(0, ROWS_A_PAGE);
      const rows = await fieldsInTurn(db, scope, page, text, { signal });
      const last = page[rows.length - 1];
      const isMore = rows.length < left.length && last !== undefined;
      return {
        data: hitsIn(rows, text),
        traces: [{ traceId, rows: hits.length }],
        meta: isMore ? { cursor: encodeCursor({ value: String(last.start), id: positionId(last) }) } : {},
      };
    }
  };

/** A trace and an observation may have the same id and time. */
const positionId = ({ kind, id }: Pick<Hit, 'kind' | 'id'>): string => `${kind} ${id}`;
const isAfter = (hit: Hit, { value, id }: TracePosition): boolean =>
  hit.start > Number(value) || (hit.start === Number(value) && compareUtf8(positionId(hit), id) > 0);

/** The fields of rows that have the text, a few rows at a time; of the first of them when all would be too long. */
async function fieldsInTurn(
  db: ClickHouse,
  scope: ProjectScope,
  hits: readonly Hit[],
  text: string,
  options: QueryOptions,
): Promise<HitFields[]> {
  const rows: HitFields[] = [];
  for (let i = 0, characters = 0; i < hits.length && characters < MOST_CHARACTERS; i += ROWS_AT_A_TIME) {
    const some = hits.slice(i, i + ROWS_AT_A_TIME);
    const read = await selectHitFields(db, scope, some, text, options);
    // One that was deleted meanwhile has no hit.
    const byRow = new Map(read.map((row) => [rowKey(row), row]));
    for (const hit of some) rows.push(byRow.get(rowKey(hit)) ?? { ...hit, texts: [] });
    characters += read.flatMap(({ texts }) => texts).reduce((sum, [, , , value]) => sum + value.length, 0);
  }
  return rows;
}

const rowKey = ({ traceId, kind, id }: Pick<Hit, 'traceId' | 'kind' | 'id'>): string =>
  JSON.stringify([traceId, kind, id]);

function hitsIn(rows: readonly HitFields[], text: string): SearchHit[] {
  const sought = new RegExp(text.toWellFormed().replaceAll(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`), 'giu');
  const said = new Set<string>();
  return rows.flatMap(({ traceId, kind, id, texts }) =>
    texts.flatMap(([about, field, key, value]): SearchHit[] => {
      const same = JSON.stringify([traceId, field, key, value]);
      if (about === 'trace' && said.has(same)) return [];
      if (about === 'trace') said.add(same);
      const places = Array.from(value.matchAll(sought), (match) => ({ offset: match.index, length: match[0].length }));
      const previewOffset = startOfCharacter(value, Math.max(0, (places[0]?.offset ?? 0) - BEFORE));
      return [
        {
          traceId,
          observationId: kind === 'trace' ? null : id,
          about,
          field,
          key: key === '' && field !== 'metadata' ? null : key,
          places: places.slice(0, MOST_PLACES),
          count: places.length,
          preview: value.slice(previewOffset, startOfCharacter(value, previewOffset + PREVIEW)),
          previewOffset,
        },
      ];
    }),
  );
}

/** Not in the middle of a surrogate pair. */
const startOfCharacter = (text: string, at: number): number => {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
};
