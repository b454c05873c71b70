import { isObject, type Json } from './json.ts';

export interface JsonRoot {
  name: string;
  /** As stored, for Copy raw. */
  raw: string;
  value: Json;
}

export interface JsonRow {
  id: string;
  label: string;
  depth: number;
  value: Json;
  path: (string | number)[];
  isRoot: boolean;
  isOpen: boolean;
  /** Entries of an object or array; null for a scalar. */
  size: number | null;
  raw?: string;
}

const OPEN_LEVELS = 3;
const OPEN_ENTRIES = 50;

/** The rows of a JSON tree. The first levels are open unless they are long; `turned` holds the rows that were turned. */
export function flattenJson(roots: readonly JsonRoot[], turned: ReadonlySet<string>): JsonRow[] {
  const rows: JsonRow[] = [];
  const visit = (row: Omit<JsonRow, 'isOpen' | 'size'>) => {
    const children = entriesOf(row.value);
    const usual = children !== null && row.depth < OPEN_LEVELS && children.length <= OPEN_ENTRIES;
    const isOpen = turned.has(row.id) !== usual;
    rows.push({ ...row, isOpen, size: children?.length ?? null });
    if (!isOpen || !children) return;
    for (const [key, value] of children) {
      visit({
        id: `${row.id}/${key}`,
        label: String(key),
        depth: row.depth + 1,
        value,
        path: [...row.path, key],
        isRoot: false,
      });
    }
  };
  for (const { name, raw, value } of roots)
    visit({ id: name, label: name, depth: 0, value, path: [], isRoot: true, raw });
  return rows;
}

function entriesOf(value: Json): [string | number, Json][] | null {
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  return isObject(value) ? Object.entries(value) : null;
}

/** `$.messages[3].content`, keys that are no plain names in brackets. */
export const pathText = (path: readonly (string | number)[]): string =>
  path.reduce<string>(
    (text, key) =>
      text +
      (typeof key === 'number' ? `[${key}]` : /^[A-Za-z_$][\w$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`),
    '$',
  );
