import { Link } from '@tanstack/react-router';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useState } from 'react';
import type { PromptsSearch } from '../../app/router.tsx';
import { sideLink } from '../../app/SideListFrame.tsx';
import { classes } from '../../components/class-names.ts';
import { formatCount } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { isInFolder, visibleFolders, type Folder } from './folders.ts';

interface FolderTreeProps {
  project: string;
  folders: readonly Folder[];
  /** All there are, or all that were found. */
  count: number | undefined;
  search: PromptsSearch;
}

/** The folders of the prompts; the one that is open shows what is in it. */
export function FolderTree({ project, folders, count, search }: FolderTreeProps) {
  const { folder: here = '', ...kept } = search;
  const [toggled, setToggled] = useState<ReadonlyMap<string, boolean>>(new Map());
  // The way to the folder that is open shows without being asked for.
  const isOpen = (path: string) => toggled.get(path) ?? (here === path || isInFolder(here, path));
  const link = (folder: string | undefined) => ({
    to: '/project/$projectId/prompts' as const,
    params: { projectId: project },
    search: { ...kept, ...(folder !== undefined && { folder }) },
  });
  return (
    <>
      <Row label="All prompts" count={count} depth={0}>
        <Link {...link(undefined)} {...linkLook}>
          All prompts
        </Link>
      </Row>
      {visibleFolders(folders, isOpen).map(({ folder, depth }) => (
        <Row
          key={folder.path}
          label={folder.path}
          count={folder.count}
          depth={depth}
          {...(folder.folders.length > 0 && {
            isOpen: isOpen(folder.path),
            toggle: () => setToggled(new Map(toggled).set(folder.path, !isOpen(folder.path))),
          })}
        >
          <Link {...link(folder.path)} {...linkLook} aria-label={folder.path} title={folder.path}>
            <bdi>{folder.name}</bdi>
          </Link>
        </Row>
      ))}
    </>
  );
}

const linkLook = {
  className: classes(sideLink.className, 'flex-1 pr-12 pl-6'),
  activeProps: sideLink.activeProps,
  // The same path with another folder is another place.
  activeOptions: { exact: true },
};

interface RowProps {
  label: string;
  count: number | undefined;
  depth: number;
  isOpen?: boolean;
  toggle?: () => void;
  children: React.ReactNode;
}

const Row = ({ label, count, depth, isOpen, toggle, children }: RowProps) => (
  <div className="relative flex shrink-0 items-center" style={{ paddingLeft: depth * 12 }}>
    {toggle ? (
      <button
        type="button"
        aria-expanded={isOpen}
        aria-label={`Folders in ${label}`}
        onClick={toggle}
        className="absolute z-1 flex size-6 items-center justify-center rounded-control text-text-3 outline-inside hover:text-text"
      >
        <Icon of={isOpen ? ChevronDown : ChevronRight} small />
      </button>
    ) : null}
    {children}
    <span className="data pointer-events-none absolute right-3 z-1 text-text-3 max-drawer:hidden">
      {count !== undefined && formatCount(count)}
    </span>
  </div>
);
