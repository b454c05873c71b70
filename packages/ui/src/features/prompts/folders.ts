/** A folder and what is in it: names with slashes make them. */
export interface Folder {
  /** `support/mail`, without a slash at the end. */
  path: string;
  /** Its last part. */
  name: string;
  /** Prompts in it, those of folders in it too. */
  count: number;
  folders: Folder[];
}

/** The folders of these names, each level in the order of the alphabet. */
export function folderTree(names: readonly string[]): Folder[] {
  const top: Folder[] = [];
  const known = new Map<string, Folder>();
  for (const name of names) {
    let level = top;
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1)) {
      const path = name.slice(0, at);
      let folder = known.get(path);
      if (folder === undefined) {
        folder = { path, name: lastPart(path), count: 0, folders: [] };
        known.set(path, folder);
        level.push(folder);
      }
      folder.count += 1;
      level = folder.folders;
    }
  }
  const { compare } = new Intl.Collator(undefined, { numeric: true });
  const sort = (folders: Folder[]): Folder[] => {
    for (const folder of folders) folder.folders = sort(folder.folders);
    return folders.toSorted((a, b) => compare(a.name, b.name));
  };
  return sort(top);
}

/** The folders that show when these are open, with their depth. */
export const visibleFolders = (
  folders: readonly Folder[],
  isOpen: (path: string) => boolean,
  depth = 0,
): { folder: Folder; depth: number }[] =>
  folders.flatMap((folder) => [
    { folder, depth },
    ...(isOpen(folder.path) ? visibleFolders(folder.folders, isOpen, depth + 1) : []),
  ]);

/** `''` is no folder: everything is in it. */
export const isInFolder = (name: string, folder: string): boolean => folder === '' || name.startsWith(`${folder}/`);

/** `support/mail` of `support/mail/refund`; empty at the top. */
export const folderOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('/')));

export const lastPart = (name: string): string => name.slice(name.lastIndexOf('/') + 1);
