import { createHash } from 'node:crypto';
import { DEFAULT_LABEL, MAX_PROMPT_VERSION, type PromptText } from '@tracehouse/contract/prompts';
import { createEpochCache } from '../../stores/epoch-cache.ts';
import type { Epochs } from '../../stores/epochs.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { compose, CompositionError, lookUp } from './composition.ts';
import type { LabelTests, OpenTest } from './label-tests.ts';
import { selectIds, selectVersion, selectVersions, type VersionRow } from './store.ts';
import { toWire } from './wire.ts';

/** Which version is asked for, and by whom. */
export interface Wanted {
  name: string;
  /** Neither means the label `production`. */
  version?: number | undefined;
  label?: string | undefined;
  /** Whether what it includes is put in its place. */
  resolve: boolean;
  /** Who it is for, under an A/B test. Never kept. */
  key: string | null;
  /** Whether a test may choose: not for people at the screens. */
  isUnderTests: boolean;
}

/** What is answered: the bytes of the version, why it cannot be composed, or that it is not there. */
export type Fetched =
  | { kind: 'found'; version: number; body: Buffer; etag: string; chosen: Chosen | null }
  | { kind: 'broken'; reason: string }
  | { kind: 'missing' };

/** By which test, and how. */
export interface Chosen {
  testId: string;
  version: number;
  by: 'key' | 'slot' | 'draw';
}

/** Everything that a fetch of a label or a version needs, so that one look-up answers it. */
interface Entry {
  plain: Fetched;
  /** The open test of the label with what its arms answer. */
  test: OpenTest | null;
  arms: ReadonlyMap<number, Fetched>;
}

const MAX_ENTRIES = 20_000;
const MAX_BYTES = 32 * 1024 * 1024;
/** Longer names and labels are none that there are: no memory for them. */
const MAX_NAME = 1_000;
const MAX_LABEL = 100;

const MISSING: Entry = { plain: { kind: 'missing' }, test: null, arms: new Map() };

/**
 * Versions as clients fetch them, from a cache that any change of the project's prompts empties: one may include any other. What is
 * not there is kept too.
 */
export function createFetches({
  postgres,
  epochs,
  tests,
  now,
  draw,
}: {
  postgres: Postgres;
  epochs: Epochs;
  tests: Pick<LabelTests, 'openOf' | 'choose'>;
  now: () => Date;
  draw: () => number;
}) {
  const cache = createEpochCache<Entry>({
    epochs,
    now,
    maxEntries: MAX_ENTRIES,
    maxBytes: MAX_BYTES,
    sizeOf: (key, { plain, arms }) =>
      2 * key.length + [plain, ...arms.values()].reduce((sum, of) => sum + sizeOf(of), 500),
  });
  const ids = createEpochCache<ReadonlyMap<number, string>>({
    epochs,
    now,
    maxEntries: MAX_ENTRIES,
    maxBytes: MAX_BYTES / 4,
    sizeOf: (key, { size }) => 2 * key.length + 150 * (size + 1),
  });

  async function read(scope: ProjectScope, { name, version, label, resolve }: Wanted): Promise<Entry> {
    const by = version === undefined ? { label: label ?? DEFAULT_LABEL } : { version };
    const row = await selectVersion(postgres, scope, name, by);
    if (!row) return MISSING;
    const plain = await serve(scope, row, resolve);
    const open = 'label' in by ? await tests.openOf(postgres, scope, name) : [];
    const test = open.find((one) => 'label' in by && one.label === by.label) ?? null;
    if (!test) return { plain, test, arms: new Map() };
    const others = await selectVersions(
      postgres,
      scope,
      name,
      test.arms.map(({ version: arm }) => arm),
    );
    const arms = new Map<number, Fetched>();
    for (const arm of others) {
      const labels = [...new Set([...arm.labels, test.label])];
      arms.set(arm.version, arm.id === row.id ? plain : await serve(scope, { ...arm, labels }, resolve, arm.labels));
    }
    return { plain, test, arms };
  }

  /** `own`: the labels that say whether it is active. */
  async function serve(scope: ProjectScope, row: VersionRow, resolve: boolean, own = row.labels): Promise<Fetched> {
    try {
      const composed: { prompt: PromptText; graph: unknown } = resolve
        ? compose(row, await lookUp(postgres, scope, row.prompt))
        : { prompt: row.prompt, graph: null };
      const answer = {
        ...toWire(scope, { ...row, prompt: composed.prompt }, { saysActive: true }),
        isActive: own.includes(DEFAULT_LABEL),
        resolutionGraph: composed.graph,
      };
      const body = Buffer.from(JSON.stringify(answer));
      const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 24)}"`;
      return { kind: 'found', version: row.version, body, etag, chosen: null };
    } catch (error) {
      if (!(error instanceof CompositionError)) throw error;
      return { kind: 'broken', reason: error.message };
    }
  }

  return {
    async fetch(scope: ProjectScope, wanted: Wanted): Promise<Fetched> {
      const { name, version, label = DEFAULT_LABEL, resolve } = wanted;
      const isPossible =
        name.length <= MAX_NAME && label.length <= MAX_LABEL && (version === undefined || isVersion(version));
      if (!isPossible) return MISSING.plain;
      const moment = await cache.at(subjectOf(scope));
      const by = version === undefined ? `@${label}` : String(version);
      const key = `${scope.projectId}\n${resolve ? '' : 'raw'}\n${by}\n${name}`;
      const { plain, test, arms } = moment.get(key) ?? (await moment.load(key, () => read(scope, wanted)));
      const choice = test && wanted.isUnderTests ? tests.choose(test, wanted.key, now(), draw) : null;
      const arm = choice && arms.get(choice.version);
      if (!test || !choice || arm?.kind !== 'found') return arm ?? plain;
      return { ...arm, chosen: { testId: test.id, version: choice.version, by: choice.by } };
    },

    /** The ids of the versions of these names, by number. */
    async idsOf(
      scope: ProjectScope,
      names: ReadonlySet<string>,
    ): Promise<ReadonlyMap<string, ReadonlyMap<number, string>>> {
      const found = new Map<string, ReadonlyMap<number, string>>();
      const missing: string[] = [];
      if (names.size === 0) return found;
      const moment = await ids.at(subjectOf(scope));
      for (const name of names) {
        const known = moment.get(`${scope.projectId}\n${name}`);
        if (known) found.set(name, known);
        else if (name.length <= MAX_NAME) missing.push(name);
      }
      if (missing.length === 0) return found;
      const read = new Map(missing.map((name) => [name, new Map<number, string>()]));
      for (const row of await selectIds(postgres, scope, missing)) read.get(row.name)?.set(row.version, row.id);
      for (const [name, versions] of read) {
        moment.put(`${scope.projectId}\n${name}`, versions);
        found.set(name, versions);
      }
      return found;
    },

    /** To be called after a change is committed and before it is acknowledged. */
    forget: (scope: ProjectScope): Promise<void> => epochs.raise(subjectOf(scope)),
  };
}

/** A number that a version may have. */
export const isVersion = (version: number): boolean => version > 0 && version <= MAX_PROMPT_VERSION;

const subjectOf = ({ projectId }: ProjectScope): string => `prompts\n${projectId}`;

const sizeOf = (fetched: Fetched): number => (fetched.kind === 'found' ? fetched.body.length + 300 : 300);
