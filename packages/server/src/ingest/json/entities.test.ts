import { describe, expect, test } from 'vitest';
import { emptyRow, type ObservationRow } from '../observation.ts';
import { createEngineDouble, p1, receipt, state } from './engine-double.ts';
import { createEntities } from './entities.ts';
import { observationKind, type ReadEntities } from './kinds.ts';

const said = (id: string, body: Record<string, unknown> = {}) =>
  state([{ id: `e-${id}`, type: 'span-update', timestamp: '2026-11-01T10:00:00Z', body: { id, ...body } }])[0]!;
const wanted = (id: string) => ({ key: { kind: 'observation' as const, id }, times: said(id).times, isUpdate: true });

function createCache(maxBytes: number, read?: ReadEntities, maxPackedBytes = 0) {
  const engine = createEngineDouble();
  const kind = observationKind(read ?? engine.readEntities);
  return { engine, cache: createEntities(kind, { maxBytes, maxPackedBytes }) };
}

describe('the memory of open entities', () => {
  test('it keeps to its bound in bytes and drops the least recently used', async () => {
    const { engine, cache } = createCache(40_000);
    for (let index = 0; index < 50; index += 1) {
      const opened = await cache.open(p1, [wanted(`s${index}`), wanted('busy')]);
      opened.apply(wanted(`s${index}`).key, said(`s${index}`, { input: 'x'.repeat(2000) }).entity, receipt);
      opened.apply(wanted('busy').key, said('busy').entity, receipt);
      opened.release({ stored: true });
    }
    expect(cache.size().bytes).toBeLessThanOrEqual(40_000);
    expect(cache.size().entities).toBeGreaterThan(3);
    const reads = engine.reads();
    (await cache.open(p1, [wanted('busy'), wanted('s49')])).release({ stored: true });
    expect(engine.reads()).toBe(reads);
  });

  test('an entity in use stays, whatever the bound', async () => {
    const { cache } = createCache(0);
    const first = await cache.open(p1, [wanted('s')]);
    first.apply(wanted('s').key, said('s', { name: 'said by the first' }).entity, receipt);
    const second = await cache.open(p1, [wanted('s')]);
    expect(second.get(wanted('s').key).entity?.statements['name']?.set).toEqual({ name: 'said by the first' });
    first.release({ stored: true });
    second.release({ stored: true });
    expect(cache.size()).toEqual({ entities: 0, bytes: 0, packed: 0, packedBytes: 0 });
  });

  describe('what is packed', () => {
    async function packedCache() {
      const { engine, cache } = createCache(0, undefined, 100_000);
      for (let index = 0; index < 50; index += 1) {
        const opened = await cache.open(p1, [wanted(`s${index}`)]);
        const { entity } = said(`s${index}`, { input: 'x'.repeat(2000), metadata: { a: [1] }, endTime: null });
        opened.apply(wanted(`s${index}`).key, entity, receipt);
        opened.release({ stored: true });
      }
      return { engine, cache, reads: engine.reads() };
    }

    test('is what it was, without a read, as far as the second bound allows', async () => {
      const { engine, cache, reads } = await packedCache();
      expect(cache.size()).toMatchObject({ entities: 0, bytes: 0 });
      expect(cache.size().packedBytes).toBeLessThanOrEqual(100_000);
      const opened = await cache.open(p1, [wanted('s49')]);
      const { entity } = said('s49', { input: 'x'.repeat(2000), metadata: { a: [1] }, endTime: null });
      expect(opened.get(wanted('s49').key).entity).toEqual(entity);
      opened.release({ stored: true });
      expect(engine.reads()).toBe(reads);
      await cache.open(p1, [wanted('s0')]);
      expect(engine.reads()).toBeGreaterThan(reads);
    });

    test('is forgotten when another door has written it, and when traces of its project are deleted', async () => {
      const { cache } = await packedCache();
      const { packed } = cache.size();
      cache.overwritten(p1, [wanted('s49').key]);
      expect(cache.size().packed).toBe(packed - 1);
      cache.forget(p1, () => true);
      expect(cache.size()).toEqual({ entities: 0, bytes: 0, packed: 0, packedBytes: 0 });
    });
  });

  test('two requests that look at once ask the engine once', async () => {
    const { engine, cache } = createCache(1_000_000);
    const opened = await Promise.all([cache.open(p1, [wanted('s')]), cache.open(p1, [wanted('s')])]);
    for (const each of opened) each.release({ stored: true });
    expect(engine.reads()).toBe(2); // nearby, then anywhere
  });

  test('a look that fails leaves nothing behind: the next one asks again', async () => {
    let failing = true;
    const { cache } = createCache(1_000_000, async () => {
      if (failing) throw new Error('the engine is away');
      return [];
    });
    await expect(cache.open(p1, [wanted('s')])).rejects.toThrow('the engine is away');
    expect(cache.size().entities).toBe(0);
    failing = false;
    const opened = await cache.open(p1, [wanted('s')]);
    expect(opened.get(wanted('s').key).entity).toBeNull();
  });

  test('what was not stored is forgotten', async () => {
    const { cache } = createCache(1_000_000);
    const opened = await cache.open(p1, [wanted('s')]);
    opened.apply(wanted('s').key, said('s', { name: 'lost' }).entity, receipt);
    opened.release({ stored: false });
    expect((await cache.open(p1, [wanted('s')])).get(wanted('s').key).entity).toBeNull();
  });

  test('a version is above the last one even when the clock stands still', async () => {
    const stored: ObservationRow = {
      ...emptyRow({ projectId: 'p1', kind: 'observation', id: 's', traceId: 's', startTime: receipt, source: 'otlp' }),
      rowVersion: receipt + 10,
    };
    const { engine, cache } = createCache(1_000_000);
    engine.insert({ projectId: 'p1', observations: [stored], scores: [] });
    const opened = await cache.open(p1, [wanted('s')]);
    const known = opened.get(wanted('s').key).entity!;
    expect(opened.apply(wanted('s').key, known, receipt)[0]?.rowVersion).toBe(receipt + 11);
    expect(opened.apply(wanted('s').key, known, receipt)[0]?.rowVersion).toBe(receipt + 12);
  });
});
