/*
 * Fields above 1 MB. Their way in: cut from the row (cut.ts) → stored as blobs → the row is appended, so that what is acknowledged
 * is whole. Their way out: `whole` puts them back into rows that were read.
 *
 * A blob has the name of its project and its content: the same text is there once a project, however many rows say it. So one
 * is removed when no row names it any more, and never while a request that names it is under way: the request holds it from before
 * it looks whether it is there until its row is in the engine, and a removal leaves out what was held at any time since before it
 * asked the engine. That is known of this process alone, the only one that writes.
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream';
import { promisify } from 'node:util';
import { createZstdDecompress, zstdCompress, zstdDecompress } from 'node:zlib';
import { ApiError, OverloadedError, TooHeavyError } from '../../http/errors.ts';
import type { Blobs } from '../../stores/blobs/blobs.ts';
import type { ClickHouse } from '../../stores/clickhouse/clickhouse.ts';
import { anyOf, clickhouse, type ClickHouseSql, string, strings } from '../../stores/clickhouse/sql.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { nextTurn } from '../../turns.ts';
import type { Journal, Receipt, RowBlock } from '../journal.ts';
import { withValues } from '../row-texts.ts';
import { cutRow, type LargeText, largeTextsOf, readCut } from './cut.ts';

/** Of large fields, what one answer holds. */
export const MAX_ANSWER_BYTES = 128 * 1024 * 1024;
/** Blobs younger than this are left alone: their rows may be about to come. */
const ORPHAN_MS = 6 * 3_600_000;
const BATCH = 500;

const compress = promisify(zstdCompress);
const decompress = promisify(zstdDecompress);

export type LargeFields = ReturnType<typeof createLargeFields>;

export function createLargeFields({
  clickhouse: db,
  blobs,
  journal: rows,
  projectIds,
  now,
}: {
  clickhouse: ClickHouse;
  blobs: Blobs;
  /** Takes rows of which the large fields are stored. */
  journal: Journal;
  /** Of all projects there are. */
  projectIds(): Promise<string[]>;
  now: () => Date;
}) {
  /** By name, how many requests under way say it. */
  const held = new Map<string, number>();
  /** What was held at any time since a removal began; one for each removal. */
  const watches = new Set<Set<string>>();
  const removing = new Map<string, Promise<void>>();
  const storing = new Map<string, Promise<void>>();
  /** By project, the requests whose blobs are being stored or whose rows are not acknowledged yet. */
  const underWay = new Map<string, Set<Promise<unknown>>>();

  function hold(names: readonly string[]): () => void {
    for (const name of names) {
      held.set(name, (held.get(name) ?? 0) + 1);
      for (const watch of watches) watch.add(name);
    }
    return () => {
      for (const name of names) {
        const left = held.get(name)! - 1;
        if (left === 0) held.delete(name);
        else held.set(name, left);
      }
    };
  }

  async function store(name: string, bytes: Uint8Array): Promise<void> {
    await removing.get(name);
    if ((await blobs.stat(name)) === null) await blobs.put(name, await compress(bytes));
  }

  async function append(block: RowBlock, large: readonly LargeText[]): Promise<Receipt> {
    const { projectId } = block;
    const named = new Map(large.map(({ hash, bytes }) => [nameOf(projectId, hash), bytes]));
    const release = hold([...named.keys()]);
    let isAppended = false;
    try {
      await rows.hasRoom();
      for (const [name, bytes] of named) {
        const stored = storing.get(name) ?? store(name, bytes).finally(() => storing.delete(name));
        storing.set(name, stored);
        await stored;
      }
      const receipt = await rows.append(block);
      isAppended = true;
      void receipt.applied.then(release);
      return receipt;
    } catch (cause) {
      if (cause instanceof ApiError) throw cause;
      throw new OverloadedError('The rows could not be stored; send this again', 2, { cause });
    } finally {
      if (!isAppended) release();
    }
  }

  async function cutAndAppend(block: RowBlock, texts: readonly (readonly string[])[]): Promise<Receipt> {
    const large = new Map<string, LargeText>();
    for (const text of texts.flat()) if (!large.has(text)) large.set(text, await hashed(text));
    const observations = block.observations.map((row, i) => {
      const own = texts[i]!;
      return own.length === 0 ? row : cutRow(row, new Map(own.map((text) => [text, large.get(text)!])));
    });
    return append({ ...block, observations }, [...large.values()]);
  }

  async function track<Result>(projectId: string, work: Promise<Result>): Promise<Result> {
    const those = underWay.get(projectId) ?? new Set();
    underWay.set(projectId, those.add(work));
    try {
      return await work;
    } finally {
      those.delete(work);
      if (those.size === 0) underWay.delete(projectId);
    }
  }

  const settled = async (projectId: string): Promise<void> => {
    await Promise.allSettled(underWay.get(projectId) ?? []);
    await rows.settled(projectId);
  };

  const journal: Journal = {
    append(block) {
      const { projectId, encoded } = block;
      if (encoded) {
        return encoded.large.length === 0 ? rows.append(block) : track(projectId, append(block, encoded.large));
      }
      const texts = block.observations.map(largeTextsOf);
      return texts.every(({ length }) => length === 0)
        ? rows.append(block)
        : track(projectId, cutAndAppend(block, texts));
    },
    barrier: (reach) => rows.barrier(reach),
    settled,
    hasRoom: () => rows.hasRoom(),
    async close() {
      await Promise.allSettled([...underWay.values()].flatMap((those) => [...those]));
      await rows.close();
    },
  };

  /** Those of the hashes that rows of the project name. */
  async function namedByRows(projectId: string, hashes: readonly string[]): Promise<Set<string>> {
    const found = await db.rows<{ hash: string }>(clickhouse`
      SELECT DISTINCT arrayJoin(payload_blobs) AS hash
      FROM observations
      WHERE project_id = ${string(projectId)} AND notEmpty(payload_blobs)
        AND hasAny(payload_blobs, ${strings(hashes)})`);
    return new Set(found.map(({ hash }) => hash));
  }

  /** Removes those of a project that no row names. */
  async function removeUnnamed(projectId: string, hashes: readonly string[]): Promise<void> {
    if (hashes.length === 0) return;
    const watch = new Set(held.keys());
    watches.add(watch);
    try {
      await settled(projectId);
      const named = await namedByRows(projectId, hashes);
      const names = hashes.filter((hash) => !named.has(hash)).map((hash) => nameOf(projectId, hash));
      // Nothing awaits between looking and noting what is being removed.
      const free = names.filter((name) => !watch.has(name));
      const removal = blobs.delete(free);
      for (const name of free)
        removing.set(
          name,
          removal.catch(() => undefined),
        );
      await removal.finally(() => {
        for (const name of free) removing.delete(name);
      });
    } finally {
      watches.delete(watch);
    }
  }

  async function text(name: string, sizeBytes: number): Promise<string | null> {
    try {
      const stream = await blobs.get(name);
      if (stream === null) return null;
      return (await decompress(await buffer(stream), { maxOutputLength: sizeBytes })).toString();
    } catch (cause) {
      throw new OverloadedError('A large field could not be read; try again', 2, { cause });
    }
  }

  return {
    /** The journal, which takes rows whole and stores their large fields as blobs before it acknowledges them. */
    journal,

    /**
     * What was read, with its large fields whole: texts, and the values of maps of texts. `blobs` are those that the rows name. One
     * that is missing stays the beginning of the text with its note.
     * @throws TooHeavyError for more than an answer may hold, OverloadedError when they cannot be read for now
     */
    async whole<Of extends object>(
      { projectId }: ProjectScope,
      read: readonly Of[],
      hashes: Iterable<string>,
    ): Promise<Of[]> {
      const known = new Set(hashes);
      if (known.size === 0) return [...read];
      const sizes = new Map<string, number>();
      let total = 0;
      const note = (value: string): string => {
        const cut = readCut(value, known);
        if (cut) {
          sizes.set(cut.hash, cut.sizeBytes);
          total += cut.sizeBytes;
        }
        return value;
      };
      for (const one of read) withTexts(one, note);
      if (total > MAX_ANSWER_BYTES) {
        const megabytes = Math.ceil(total / 1024 / 1024);
        throw new TooHeavyError(
          `Inputs, outputs and metadata of this answer are ${megabytes} MB: ask for fewer at once`,
        );
      }
      const texts = new Map<string, string>();
      for (const [hash, sizeBytes] of sizes) {
        const found = await text(nameOf(projectId, hash), sizeBytes);
        if (found !== null) texts.set(hash, found);
      }
      return read.map((one) => withTexts(one, (value) => texts.get(readCut(value, known)?.hash ?? '') ?? value));
    },

    /** The bytes of a field that a row of this trace names; null when none does, or they are gone. */
    async open({ projectId }: ProjectScope, traceId: string, hash: string): Promise<Readable | null> {
      const found = await db.rows(clickhouse`
        SELECT 1
        FROM observations
        WHERE project_id = ${string(projectId)} AND ${ofTraces([traceId])} AND has(payload_blobs, ${string(hash)})
        LIMIT 1`);
      if (found.length === 0) return null;
      const stream = await blobs.get(nameOf(projectId, hash));
      // An error of either ends both; who reads hears of it.
      return stream && pipeline(stream, createZstdDecompress(), () => undefined);
    },

    /** To be called before the rows of these traces are deleted; what it answers, after. */
    async ofTraces({ projectId }: ProjectScope, traceIds: readonly string[]): Promise<() => Promise<void>> {
      const found = await db.rows<{ hash: string }>(clickhouse`
        SELECT DISTINCT arrayJoin(payload_blobs) AS hash
        FROM observations
        WHERE project_id = ${string(projectId)} AND ${ofTraces(traceIds)} AND notEmpty(payload_blobs)`);
      return async () => {
        for (const hashes of batches(found.map(({ hash }) => hash))) await removeUnnamed(projectId, hashes);
      };
    },

    /** All of a project that nothing writes or reads any more; answers how many. */
    async removeProject({ projectId }: ProjectScope, signal: AbortSignal): Promise<number> {
      let removed = 0;
      let names: string[] = [];
      const flush = async (): Promise<void> => {
        await blobs.delete(names);
        removed += names.length;
        names = [];
      };
      for await (const { name } of blobs.list(`payloads/${folderOf(projectId)}/`)) {
        signal.throwIfAborted();
        names.push(name);
        if (names.length === BATCH) await flush();
      }
      await flush();
      return removed;
    },

    /** Removes what no row names: of requests that failed or ended half-way, of rows that were replaced, of projects that are gone. */
    async removeOrphans(signal: AbortSignal): Promise<void> {
      const oldest = now().getTime() - ORPHAN_MS;
      const projects = new Map((await projectIds()).map((id) => [folderOf(id), id]));
      const old = new Map<string, string[]>();
      for await (const { name, storedAt } of blobs.list('payloads/')) {
        signal.throwIfAborted();
        if (storedAt.getTime() > oldest) continue;
        const [, folder = '', , hash = ''] = name.split('/');
        const those = old.get(folder) ?? [];
        old.set(folder, those);
        those.push(hash);
      }
      for (const [folder, all] of old) {
        const projectId = projects.get(folder);
        for (const hashes of batches(all)) {
          signal.throwIfAborted();
          if (projectId !== undefined) await removeUnnamed(projectId, hashes);
          else await blobs.delete(hashes.map((hash) => nameIn(folder, hash)));
        }
      }
    },
  };
}

/** The hash of megabytes takes a while, in which the loop goes on. */
async function hashed(text: string): Promise<LargeText> {
  await nextTurn();
  const bytes = Buffer.from(text);
  return { hash: Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('hex'), bytes };
}

/** The same with each of its texts, and the values of its maps, changed. */
function withTexts<Of extends object>(one: Of, change: (text: string) => string): Of {
  const changed: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(one)) {
    if (typeof value === 'string') changed[field] = change(value);
    else if (isMap(value)) {
      changed[field] = withValues(value, (inside) => (typeof inside === 'string' ? change(inside) : inside));
    }
  }
  return { ...one, ...changed };
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function batches<Item>(items: readonly Item[]): Item[][] {
  return Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) => items.slice(i * BATCH, (i + 1) * BATCH));
}

const ofTraces = (traceIds: readonly string[]): ClickHouseSql => clickhouse`trace_id IN ${anyOf(traceIds)}`;

/** By a hash, for ids are any text. */
const folderOf = (projectId: string): string => createHash('sha256').update(projectId).digest('hex').slice(0, 32);
const nameIn = (folder: string, hash: string): string => `payloads/${folder}/${hash.slice(0, 2)}/${hash}`;
const nameOf = (projectId: string, hash: string): string => nameIn(folderOf(projectId), hash);
