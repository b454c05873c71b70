import { useNavigate, useSearch } from '@tanstack/react-router';
import type { ListedModel } from '@tracehouse/contract/x-models';
import { useMemo, type ReactNode } from 'react';
import { useKeys } from '../../app/keys.ts';
import type { ModelsSearch } from '../../app/router.tsx';
import { missingRole } from '../../app/session.ts';
import { SettingsFrame } from '../../app/SettingsFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { formatCount } from '../../components/formats.ts';
import { SearchField } from '../../components/SearchField.tsx';
import { Failure, Loading, SkeletonRows, State } from '../../components/states.tsx';
import { useAddressText } from '../../components/useAddressText.ts';
import { ModelDialog, type ModelTarget } from './ModelDialog.tsx';
import { ModelsTable } from './ModelsTable.tsx';
import { JobLine } from './Recalculation.tsx';
import { UnpricedNote } from './UnpricedNote.tsx';
import { isUnderWay, useMatches, useModels, useRecalculations } from './useModels.ts';
import { useSettled } from '../../components/useSettled.ts';

const NEW = 'new';
const shows = { all: 'All', own: 'Own', 'built-in': 'Built in' };

/** What prices the project's calls: its own models and the built-in ones. What is shown, and what is open, is in the address. */
export function ModelsPage() {
  const { project } = useProject();
  useDocumentTitle('Models and prices', project.name);
  const search = useSearch({ from: '/project/$projectId/settings/models' });
  const navigate = useNavigate({ from: '/project/$projectId/settings/models' });
  const set = (change: Partial<Record<keyof ModelsSearch, string | undefined>>, replace = false) =>
    void navigate({ search: withoutUndefined({ ...search, ...change }), replace });
  const models = useModels(project.id);
  const [q, setQ] = useAddressText(search.q ?? '', (text) => set({ q: text || undefined }, true));
  const show = search.show ?? 'all';
  const found = useMemo(() => select(models.data?.data ?? [], q, show), [models.data, q, show]);
  const blocked = missingRole(project, 'ADMIN');
  const add = () => set({ model: NEW });
  useKeys(blocked === undefined ? [{ key: 'n', does: 'Add a model', run: add }] : []);
  const close = () => set({ model: undefined, name: undefined, like: undefined });
  return (
    <SettingsFrame busy={models.isFetching}>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <div className="flex flex-wrap items-start gap-4 px-4 pt-4 pb-3">
          <div className="min-w-60 flex-1">
            <h2 className="text-lead">Models and prices</h2>
            <p className="text-text-2">
              A call is priced by the model whose pattern matches its name: your own first, then the built-in ones.
              Prices are USD for a million tokens.
            </p>
          </div>
          <Button onClick={add} disabledBecause={blocked}>
            Add model
          </Button>
        </div>
        <UnpricedNote onAdd={(name) => set({ model: NEW, name })} />
        <Recalculations models={models.data?.data ?? []} />
        <div className="flex flex-wrap items-center gap-2 px-4 pb-2">
          <SearchField
            label="Search models"
            placeholder="Part of a name, or the whole name of a call: which model prices it?"
            value={q}
            maxLength={300}
            onChange={setQ}
          />
          <div role="group" aria-label="Which models" className="flex gap-1">
            {Object.entries(shows).map(([id, label]) => (
              <Button
                key={id}
                look="quiet"
                aria-pressed={show === id}
                onClick={() => set({ show: id === 'all' ? undefined : id })}
              >
                {label}
              </Button>
            ))}
          </div>
        </div>
        <PricedBy name={q.trim()} open={(id) => set({ model: id })} />
        {models.isPending ? (
          <Loading
            label="Loading models"
            skeleton={<SkeletonRows rows={16} widths={['w-30', 'flex-1', 'w-16', 'w-16']} />}
          />
        ) : models.isError ? (
          <Failure what="models" error={models.error} retry={() => void models.refetch()} />
        ) : found.length > 0 ? (
          <ModelsTable models={found} project={project.id} search={search} />
        ) : q === '' ? (
          <State
            role="status"
            title="No models of your own yet."
            actions={
              <Button onClick={add} disabledBecause={blocked}>
                Add model
              </Button>
            }
          >
            Add one for a model that the built-in list lacks, or to pay your own price for one that it has.
          </State>
        ) : (
          <State
            role="status"
            title="No model has this in its name or pattern."
            actions={
              <>
                <Button onClick={() => setQ('')}>Clear search</Button>
                <Button onClick={() => set({ model: NEW, name: q.trim() })} disabledBecause={blocked}>
                  Add a price for it
                </Button>
              </>
            }
          />
        )}
        <p role="status" className="sr-only">
          {models.data && `${formatCount(found.length)} models.`}
        </p>
      </div>
      <ModelDialog
        target={targetOf(search)}
        close={close}
        clone={(id) => set({ model: NEW, like: id, name: undefined })}
      />
    </SettingsFrame>
  );
}

function targetOf({ model, name, like }: ModelsSearch): ModelTarget | null {
  if (model === undefined) return null;
  return model === NEW ? { name: name ?? '', from: like } : { id: model };
}

function select(models: ListedModel[], q: string, show: string): ListedModel[] {
  const wanted = q.trim().toLowerCase();
  return models.filter(
    ({ modelName, matchPattern, isBuiltIn }) =>
      (show === 'all' || isBuiltIn === (show === 'built-in')) &&
      (wanted === '' || modelName.toLowerCase().includes(wanted) || matchPattern.toLowerCase().includes(wanted)),
  );
}

/** Which model prices a call with exactly this name. */
function PricedBy({ name, open }: { name: string; open: (id: string) => void }) {
  const { project } = useProject();
  const asked = useSettled(name);
  const { data } = useMatches(project.id, undefined, asked === '' ? [] : [asked]);
  const match = data?.data[0];
  if (name === '' || match === undefined) return null;
  const { pricedBy } = match;
  const line = (children: ReactNode) => (
    <p role="status" className="px-4 pb-2 text-small text-text-2">
      A call to <bdi className="code text-text">{match.name}</bdi> {children}
    </p>
  );
  if (pricedBy === null) return line('has no price.');
  return line(
    <>
      is priced by{' '}
      <button type="button" onClick={() => open(pricedBy.id)} className="text-accent hover:underline">
        <bdi>{pricedBy.modelName}</bdi>
      </button>
      {pricedBy.isBuiltIn ? ', built in.' : ', your own.'}
    </>,
  );
}

/** Those under way, and how the last one ended. */
function Recalculations({ models }: { models: ListedModel[] }) {
  const { project } = useProject();
  const { data } = useRecalculations(project.id);
  const jobs = data?.data ?? [];
  const underWay = jobs.filter(isUnderWay);
  const shown = underWay.length > 0 ? underWay : jobs.slice(0, 1);
  if (shown.length === 0) return null;
  return (
    <section aria-label="Recalculations" className="flex flex-col gap-1 px-4 pt-1 pb-3 text-small">
      {shown.map((job) => (
        <JobLine
          key={job.id}
          job={job}
          name={models.find(({ id }) => id === job.subject)?.modelName ?? 'A deleted model'}
        />
      ))}
    </section>
  );
}

const withoutUndefined = (search: Record<string, string | undefined>): ModelsSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as ModelsSearch;
