import { DEFAULT_LABEL } from '@tracehouse/contract/prompts';
import { Link } from '@tanstack/react-router';
import type { ListedPrompt, PromptUsage } from '@tracehouse/contract/x-prompts';
import { Ellipsis, MessagesSquare, TextInitial } from 'lucide-react';
import { DataTable, tableColumns, type TableColumn } from '../../components/DataTable.tsx';
import { explainCostSum, formatAgo, formatCostSum, formatCount, UNKNOWN } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { Menu } from '../../components/Menu.tsx';
import { Tag } from '../../components/Tag.tsx';
import { TriggerButton } from '../../components/TriggerButton.tsx';
import { hitParts } from '../traces/preview.ts';
import { folderOf, lastPart } from './folders.ts';
import { useIsWide } from './useIsWide.ts';
import { inOrder, placeWords, testWords } from './label-words.ts';
import { LabelTag } from './LabelTag.tsx';
import type { PromptAction } from './prompt-target.ts';

export interface PromptRow {
  prompt: ListedPrompt;
  /** The folder that is open: it need not be said again. */
  folder: string;
  /** What was looked for. */
  sought: string;
  /** Undefined while it is not known. */
  usage: PromptUsage | 'none' | undefined;
  act: (action: PromptAction) => void;
}

/** What the list can be sorted by; `-` is descending. */
export const promptSorts = ['name', 'changed', 'versions', 'calls', 'cost'] as const;

const column = tableColumns<PromptRow>();
const columns = [
  column.accessor(({ prompt }) => prompt.name, {
    id: 'name',
    header: 'Name',
    cell: ({ row: { original } }) => <Name row={original} />,
    meta: { width: 'minmax(140px, 1.6fr)', sort: 'name' },
  }),
  column.accessor(({ prompt }) => prompt.labels, {
    id: 'production',
    header: 'Production',
    cell: ({ getValue }) => {
      const place = getValue().find(({ label }) => label === DEFAULT_LABEL);
      if (!place) return <span className="text-text-3">none</span>;
      return (
        <span className="data" title={place.test ? testWords(place.test) : undefined}>
          <span className="sr-only">production → </span>
          {placeWords(place)}
        </span>
      );
    },
    meta: { width: '128px' },
  }),
  column.accessor(({ prompt }) => prompt.labels, {
    id: 'labels',
    header: 'Other labels',
    cell: ({ getValue }) => {
      const others = inOrder(getValue()).filter(({ label }) => label !== DEFAULT_LABEL);
      const words = others.map((place) => `${place.label} → ${placeWords(place)}`);
      return (
        <span className="flex min-w-0 gap-1" title={words.join('\n')}>
          {others.map((place) => (
            <span key={place.label} className="flex min-w-0 shrink items-baseline gap-1 first:shrink-0">
              <LabelTag label={place.label} />
              <span className="data shrink-0 text-text-3">{placeWords(place)}</span>
            </span>
          ))}
        </span>
      );
    },
    meta: { width: 'minmax(80px, 1fr)' },
  }),
  column.accessor(({ prompt }) => prompt.versionCount, {
    id: 'versions',
    header: 'Versions',
    cell: ({ getValue }) => <span className="data text-text-2">{formatCount(getValue())}</span>,
    meta: { width: '64px', align: 'right', sort: 'versions', descendingFirst: true },
  }),
  column.accessor(({ prompt }) => prompt.changedAt, {
    id: 'changed',
    header: 'Last change',
    cell: ({ row: { original } }) => <Changed prompt={original.prompt} />,
    meta: { width: '116px', sort: 'changed', descendingFirst: true },
  }),
  column.accessor(({ usage }) => usage, {
    id: 'calls',
    header: 'Calls 7 d',
    cell: ({ getValue }) => {
      const usage = getValue();
      if (usage === undefined) return null;
      return <span className="data text-text-2">{usage === 'none' ? '0' : formatCount(usage.calls)}</span>;
    },
    meta: { width: '72px', align: 'right', sort: 'calls', descendingFirst: true },
  }),
  column.accessor(({ usage }) => usage, {
    id: 'cost',
    header: 'Cost 7 d',
    cell: ({ getValue }) => {
      const usage = getValue();
      if (usage === undefined) return null;
      if (usage === 'none') return <span className="data text-text-3">{UNKNOWN}</span>;
      return (
        <span className="data" title={explainCostSum(usage)}>
          {formatCostSum(usage)}
        </span>
      );
    },
    meta: { width: '76px', align: 'right', sort: 'cost', descendingFirst: true },
  }),
  column.display({
    id: 'actions',
    header: () => <span className="sr-only">Actions</span>,
    cell: ({ row: { original } }) => <RowMenu row={original} />,
    meta: { width: '24px' },
  }),
] as unknown as TableColumn<PromptRow>[];

/** Where the sidebar is folded there is no room for all; labels are on the page of the prompt too. */
const narrowColumns = columns.filter(({ id }) => id !== 'labels');

const types = {
  text: { icon: TextInitial, word: 'Text' },
  chat: { icon: MessagesSquare, word: 'Chat' },
};

function Name({ row: { prompt, folder, sought } }: { row: PromptRow }) {
  const { name, type, tags, hit } = prompt;
  const { icon, word } = types[type];
  const path = folderOf(name).slice(folder === '' ? 0 : folder.length + 1);
  return (
    <span className="flex min-w-0 flex-col" title={name}>
      <span className="flex min-w-0 items-center gap-2">
        <span title={word} className="flex">
          <Icon of={icon} small className="text-text-3" label={word} />
        </span>
        <span className="flex min-w-0 items-center" dir="auto">
          {path !== '' && (
            <span className="min-w-6 shrink truncate text-text-3">
              <Marked text={path} sought={sought} />
            </span>
          )}
          {path !== '' && <span className="text-text-3">/</span>}
          <span className="min-w-6 shrink truncate font-medium">
            <Marked text={lastPart(name)} sought={sought} />
          </span>
        </span>
        {tags.length > 0 && (
          <span className="flex min-w-0 shrink-2 gap-1 max-wide:hidden">
            {tags.map((tag) => (
              <Tag key={tag} title={tags.join(', ')}>
                <Marked text={tag} sought={sought} />
              </Tag>
            ))}
          </span>
        )}
      </span>
      {hit && <HitLine version={hit.version} preview={hit.preview} sought={sought} />}
    </span>
  );
}

/** The text around what was found, and in which version it is. */
function HitLine({ version, preview, sought }: { version: number; preview: string; sought: string }) {
  const { before, text, after } = hitParts(preview, sought);
  return (
    <span className="truncate pl-5.5 text-small text-text-2">
      <span className="data text-text-3">v{version}</span>{' '}
      <bdi>
        {before}
        <mark>{text}</mark>
        {after}
      </bdi>
    </span>
  );
}

function Marked({ text, sought }: { text: string; sought: string }) {
  const at = sought === '' ? -1 : text.toLowerCase().indexOf(sought.toLowerCase());
  if (at < 0) return text;
  return (
    <>
      {text.slice(0, at)}
      <mark>{text.slice(at, at + sought.length)}</mark>
      {text.slice(at + sought.length)}
    </>
  );
}

function Changed({ prompt: { changedBy, changedAt } }: { prompt: ListedPrompt }) {
  const at = new Date(changedAt);
  return (
    <span className="flex min-w-0 items-baseline gap-1.5" title={`${changedBy}, ${at.toISOString()}`}>
      <bdi className="min-w-0 truncate">{changedBy}</bdi>
      <time dateTime={changedAt} className="data shrink-0 text-text-3">
        {formatAgo(Date.now() - at.getTime())}
      </time>
    </span>
  );
}

/** The id lets the key `.` find it. */
const RowMenu = ({ row: { prompt, act } }: { row: PromptRow }) => (
  <span className="relative z-1 flex">
    <Menu
      label={`Actions of ${prompt.name}`}
      placement="bottom end"
      groups={[
        {
          label: lastPart(prompt.name),
          entries: [
            { id: 'copy', label: 'Copy or rename …' },
            { id: 'tags', label: 'Edit tags …' },
            { id: 'delete', label: 'Delete …' },
          ],
        },
      ]}
      onChoose={(action) => act(action as PromptAction)}
    >
      <TriggerButton compact square look="quiet" aria-label={`Actions of ${prompt.name}`} excludeFromTabOrder>
        <Icon of={Ellipsis} small />
      </TriggerButton>
    </Menu>
  </span>
);

interface PromptsTableProps {
  rows: PromptRow[];
  project: string;
  sort: string;
  onSort: (sort: string) => void;
  /** Of what is shown: another search begins at its own top. */
  remember: string;
}

export function PromptsTable({ rows, project, sort, onSort, remember }: PromptsTableProps) {
  const isWide = useIsWide();
  return (
    <DataTable
      label="Prompts"
      rows={rows}
      columns={isWide ? columns : narrowColumns}
      rowKey={({ prompt }) => prompt.name}
      rowName={({ prompt }) => `${prompt.name}, ${prompt.type}`}
      rowLink={({ prompt }, look) => (
        <Link
          to="/project/$projectId/prompts/$promptName"
          params={{ projectId: project, promptName: prompt.name }}
          {...(prompt.hit && { search: { version: String(prompt.hit.version) } })}
          data-row-link
          {...look}
        />
      )}
      total={rows.length}
      sort={sort}
      onSort={onSort}
      remember={remember}
      twoLines={rows.some(({ prompt }) => prompt.hit !== undefined)}
    />
  );
}
