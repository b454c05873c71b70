import { NEWEST_LABEL } from '@tracehouse/contract/prompts';
import { NotFoundError } from '../../http/errors.ts';
import { type Actor, recordAudit } from '../../identity/audit/audit.ts';
import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import type { LabelTests } from './label-tests.ts';
import { selectLabels, selectVersion, touchVersions, upsertLabels } from './store.ts';

interface Place {
  name: string;
  version: number;
}

/** Where labels point, in transactions that hold the prompts; A/B tests are told of each that moves. */
export function createLabels({ tests }: { tests: Pick<LabelTests, 'labelMoved'> }) {
  /** These and no others are the labels of the version then, in this order. Answers which have left another version. */
  async function point(
    tx: Postgres,
    scope: ProjectScope,
    actor: Actor,
    at: Date,
    { name, version }: Place,
    labels: readonly string[],
  ): Promise<{ label: string; from: number }[]> {
    const before = new Map((await selectLabels(tx, scope, name)).map((row) => [row.label, row.version]));
    await upsertLabels(tx, scope, { name, version }, labels);
    const moved: { label: string; from: number }[] = [];
    for (const label of labels) {
      const from = before.get(label) ?? null;
      if (from === version) continue;
      if (from !== null) moved.push({ label, from });
      // No test is of the newest version, whatever it is.
      if (label !== NEWEST_LABEL) await tests.labelMoved(tx, scope, actor, at, { name, label, from, to: version });
    }
    if (moved.length > 0)
      await touchVersions(
        tx,
        scope,
        name,
        at,
        moved.map(({ from }) => from),
      );
    return moved;
  }

  return {
    point,

    /** @throws NotFoundError */
    async move(
      tx: Postgres,
      scope: ProjectScope,
      actor: Actor,
      at: Date,
      { name, label, version }: Place & { label: string },
    ): Promise<void> {
      const row = await selectVersion(tx, scope, name, { version });
      if (!row) throw new NotFoundError(`Prompt '${name}' version ${version} not found in project`);
      if (row.labels.includes(label)) return;
      const [moved] = await point(tx, scope, actor, at, { name, version }, [label, ...row.labels]);
      await touchVersions(tx, scope, name, at, [version]);
      await recordAudit(tx, actor, at, {
        place: scope,
        objectType: 'prompt',
        objectId: name,
        action: 'update',
        before: { labels: { [label]: moved?.from ?? null } },
        after: { labels: { [label]: version } },
      });
    },
  };
}
