import { getRouteApi, Link } from '@tanstack/react-router';
import { Ellipsis } from 'lucide-react';
import { useMemo, useState } from 'react';
import { useKeys } from '../../app/keys.ts';
import type { PromptsSearch } from '../../app/router.tsx';
import { missingRole } from '../../app/session.ts';
import { SideListFrame } from '../../app/SideListFrame.tsx';
import { useDocumentTitle } from '../../app/useDocumentTitle.ts';
import { useProject } from '../../app/useProject.ts';
import { Button, buttonClass } from '../../components/Button.tsx';
import { formatCount } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { Menu } from '../../components/Menu.tsx';
import { SearchField } from '../../components/SearchField.tsx';
import { Failure, Loading, Note, SkeletonRows, State } from '../../components/states.tsx';
import { TriggerButton } from '../../components/TriggerButton.tsx';
import { useAddressText } from '../../components/useAddressText.ts';
import { CopyDialog } from './CopyDialog.tsx';
import { DeleteDialog } from './DeleteDialog.tsx';
import { folderTree, isInFolder } from './folders.ts';
import { FolderTree } from './FolderTree.tsx';
import type { PromptAction, PromptTarget } from './prompt-target.ts';
import { PromptsTable, promptSorts, type PromptRow } from './PromptsTable.tsx';
import { Snippets } from './Snippets.tsx';
import { TagsDialog } from './TagsDialog.tsx';
import { usePromptList, usePromptUsage } from './usePrompts.ts';

const route = getRouteApi('/project/$projectId/prompts');

/** All prompts: which text is live, who changed it last, what it is used for. */
export function PromptsPage() {
  const { project } = useProject();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const folder = search.folder ?? '';
  useDocumentTitle(folder === '' ? 'Prompts' : `${folder} · Prompts`, project.name);
  const set = (change: Partial<Record<keyof PromptsSearch, string | undefined>>, replace = false) =>
    void navigate({ search: (old) => withoutUndefined({ ...old, ...change }), replace });
  const asked = search.q ?? '';
  const [typed, setTyped] = useAddressText(asked, (text) => set({ q: text || undefined }, true));
  const list = usePromptList(project.id, asked.trim());
  const usage = usePromptUsage(project.id);
  const [acting, setActing] = useState<{ action: PromptAction; target: PromptTarget }>();
  const sort = sorts.has(search.sort ?? 'name') ? (search.sort ?? 'name') : 'name';

  const prompts = useMemo(() => list.data?.data ?? [], [list.data]);
  const folders = useMemo(() => folderTree(prompts.map(({ name }) => name)), [prompts]);
  const shown = useMemo(() => prompts.filter(({ name }) => isInFolder(name, folder)), [prompts, folder]);
  const known = useMemo(() => new Map(usage.data?.data.map((one) => [one.name, one])), [usage.data]);
  const hasUsage = usage.data !== undefined;
  const rows = useMemo(
    () =>
      sorted(
        shown.map((prompt): PromptRow => ({
          prompt,
          folder,
          sought: asked.trim(),
          usage: hasUsage ? (known.get(prompt.name) ?? 'none') : undefined,
          act: (action) => setActing({ action, target: { prompt } }),
        })),
        sort,
      ),
    [shown, folder, asked, known, hasUsage, sort],
  );
  const blocked = missingRole(project, 'MEMBER');
  const add = () =>
    void navigate({
      to: '/project/$projectId/prompts/new',
      params: { projectId: project.id },
      search: folder === '' ? {} : { folder },
    });
  useKeys([
    ...(blocked === undefined ? [{ key: 'n', does: 'New prompt', run: add }] : []),
    { key: 'r', does: 'Refresh', run: () => void Promise.all([list.refetch(), usage.refetch()]) },
    { key: '.', does: 'Actions of the row', run: openRowMenu },
  ]);
  const newPrompt =
    blocked === undefined ? (
      <NewPromptLink project={project.id} folder={folder} />
    ) : (
      <Button disabledBecause={blocked}>New prompt</Button>
    );
  // Of a search, or of a list that is cut, not all of a folder is known.
  const isWhole = asked.trim() === '' && !list.isPlaceholderData && list.data?.meta.isCut === false;
  const isUnused = list.data !== undefined && prompts.length === 0 && asked.trim() === '';
  const close = () => setActing(undefined);
  return (
    <SideListFrame
      title="Prompts"
      label="Folders"
      busy={list.isFetching}
      actions={
        <>
          {!isUnused && newPrompt}
          <PageMenu
            folder={isWhole ? folder : ''}
            project={project.id}
            onAct={(action) => setActing({ action, target: { folder, names: shown.map(({ name }) => name) } })}
          />
        </>
      }
      list={<FolderTree project={project.id} folders={folders} count={list.data && prompts.length} search={search} />}
    >
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <div className="flex flex-wrap items-center gap-2 px-4 pt-2 pb-2">
          <SearchField
            label="Search prompts"
            placeholder="A name, tag, label, or words of a text"
            value={typed}
            maxLength={500}
            onChange={setTyped}
          />
        </div>
        {search.sort !== undefined && search.sort !== sort && (
          <Note tone="warn">“{search.sort}” is no column to sort by.</Note>
        )}
        {list.data?.meta.isCut && (
          <Note tone="info">
            {asked.trim() === ''
              ? `Only the first ${formatCount(prompts.length)} prompts by name are shown. Search to see others.`
              : 'There is more than one search looks through or shows: something may be missing.'}
          </Note>
        )}
        {usage.isError && <Note tone="warn">Could not count calls. {usage.error.message}</Note>}
        {list.isPending ? (
          <Loading
            label="Loading prompts"
            skeleton={<SkeletonRows rows={16} widths={['flex-1', 'w-24', 'w-30', 'w-16', 'w-16']} />}
          />
        ) : list.data === undefined ? (
          <Failure what="prompts" error={list.error} retry={() => void list.refetch()} />
        ) : rows.length > 0 ? (
          <>
            {list.isError && (
              <Note tone="danger">Could not refresh prompts. {list.error.message} What was loaded before stays.</Note>
            )}
            <PromptsTable
              rows={rows}
              project={project.id}
              sort={sort}
              onSort={(next) => set({ sort: next === 'name' ? undefined : next })}
              remember={`prompts ${project.id} ${folder} ${asked} ${sort}`}
            />
          </>
        ) : asked.trim() !== '' ? (
          <State
            role="status"
            title={`No prompt ${folder === '' ? '' : `in ${folder} `}has this in its name, tags, labels or text.`}
            actions={
              <>
                <Button onClick={() => setTyped('')}>Clear search</Button>
                {prompts.length > 0 && (
                  <Button onClick={() => set({ folder: undefined })}>
                    Search all folders ({formatCount(prompts.length)} found)
                  </Button>
                )}
              </>
            }
          >
            Texts of the newest and of labelled versions are searched.
          </State>
        ) : folder !== '' && prompts.length > 0 ? (
          <State
            role="status"
            title={`No prompts in folder ${folder}.`}
            actions={<Button onClick={() => set({ folder: undefined })}>All prompts</Button>}
          />
        ) : (
          <NeverUsed newPrompt={newPrompt} />
        )}
        <p role="status" className="sr-only">
          {list.data &&
            !list.isPlaceholderData &&
            (rows.length === 1 ? '1 prompt.' : `${formatCount(rows.length)} prompts.`)}
        </p>
      </div>
      {acting?.action === 'copy' && <CopyDialog target={acting.target} close={close} />}
      {acting?.action === 'delete' && <DeleteDialog target={acting.target} close={close} />}
      {acting?.action === 'tags' && 'prompt' in acting.target && (
        <TagsDialog name={acting.target.prompt.name} tags={acting.target.prompt.tags} close={close} />
      )}
    </SideListFrame>
  );
}

const NewPromptLink = ({ project, folder }: { project: string; folder: string }) => (
  <Link
    to="/project/$projectId/prompts/new"
    params={{ projectId: project }}
    search={folder === '' ? {} : { folder }}
    className={buttonClass({ look: 'primary' })}
  >
    New prompt
  </Link>
);

function NeverUsed({ newPrompt }: { newPrompt: React.ReactNode }) {
  return (
    <>
      <State title="No prompts yet. Keep prompt texts here and fetch them by label." actions={newPrompt}>
        A prompt has versions; a label such as production says which one your application gets.
      </State>
      <div className="max-w-160 px-4 pb-4">
        <Snippets
          prompt={{ name: 'support/answer', type: 'text', variables: ['company'], placeholders: [] }}
          selector={{ label: 'production', isUnderTest: false }}
        />
      </div>
    </>
  );
}

interface PageMenuProps {
  folder: string;
  project: string;
  onAct: (action: 'copy' | 'delete') => void;
}

/** What is done to all of a folder (`''`: nothing), and the settings of prompts. */
function PageMenu({ folder, project, onAct }: PageMenuProps) {
  const navigate = route.useNavigate();
  return (
    <Menu
      label="More"
      placement="bottom end"
      groups={[
        ...(folder === ''
          ? []
          : [
              {
                label: `Folder ${folder}`,
                entries: [
                  { id: 'copy', label: 'Copy or rename folder …' },
                  { id: 'delete', label: 'Delete folder …' },
                ],
              },
            ]),
        { label: 'All prompts', entries: [{ id: 'protected', label: 'Protected labels' }] },
      ]}
      onChoose={(id) => {
        if (id === 'copy' || id === 'delete') onAct(id);
        else void navigate({ to: '/project/$projectId/settings/prompts', params: { projectId: project } });
      }}
    >
      <TriggerButton square look="quiet" aria-label="More">
        <Icon of={Ellipsis} />
      </TriggerButton>
    </Menu>
  );
}

/** Opens the menu of the row that is chosen. */
function openRowMenu(): void {
  document
    .querySelector<HTMLElement>('[role="grid"] [role="row"][aria-selected="true"] button[aria-haspopup]')
    ?.click();
}

const sorts = new Set<string>(promptSorts.flatMap((column) => [column, `-${column}`]));

const { compare } = new Intl.Collator(undefined, { numeric: true });

/** Known before unknown, whichever the order; ties by name. */
function sorted(rows: PromptRow[], sort: string): PromptRow[] {
  const by = sort.replace('-', '');
  const sign = sort.startsWith('-') ? -1 : 1;
  const value = (row: PromptRow): number | null => {
    if (by === 'versions') return row.prompt.versionCount;
    if (by === 'changed') return Date.parse(row.prompt.changedAt);
    // Without calls their number is known, and their cost is not.
    if (row.usage === 'none') return by === 'calls' ? 0 : null;
    return (by === 'calls' ? row.usage?.calls : row.usage?.totalCost) ?? null;
  };
  return rows.toSorted((a, b) => {
    const byName = compare(a.prompt.name, b.prompt.name);
    if (by === 'name') return sign * byName;
    const [one, other] = [value(a), value(b)];
    if (one === null || other === null) return Number(one === null) - Number(other === null) || byName;
    return sign * (one - other) || byName;
  });
}

const withoutUndefined = (search: Record<string, string | undefined>): PromptsSearch =>
  Object.fromEntries(Object.entries(search).filter(([, value]) => value !== undefined)) as PromptsSearch;
