/** A statement with its bound values; made only by `sql`, so no value is ever glued into text. */
export interface Sql {
  readonly text: string;
  readonly values: readonly unknown[];
}

const made = new WeakSet<object>();
const isSql = (part: unknown): part is Sql => typeof part === 'object' && part !== null && made.has(part);

/** Text of Postgres holds no NUL and a statement with one fails: U+FFFD stands for it, as UTF-8 has it for what is no character. */
function storable(value: unknown): unknown {
  if (typeof value === 'string') return value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
  return Array.isArray(value) ? value.map(storable) : value;
}

/** Binds every `${value}` as a parameter; a `${sql`…`}` fragment is inserted with its own parameters. */
export function sql(strings: TemplateStringsArray, ...parts: unknown[]): Sql {
  let text = strings[0] ?? '';
  const values: unknown[] = [];
  parts.forEach((part, i) => {
    if (isSql(part)) {
      text += part.text.replaceAll(/\$(\d+)/g, (_, n: string) => `$${Number(n) + values.length}`);
      values.push(...part.values);
    } else {
      values.push(storable(part));
      text += `$${values.length}`;
    }
    text += strings[i + 1] ?? '';
  });
  const statement = { text, values };
  made.add(statement);
  return statement;
}

/** Any text as one that a column holds and that no other text becomes: for ids that clients choose. `plainText` is its inverse. */
export const exactText = (text: string): string => text.replaceAll('%', '%25').replaceAll('\0', '%00');
export const plainText = (column: string): string => column.replaceAll('%00', '\0').replaceAll('%25', '%');

/** The value of a `json` or `jsonb` column. Without it `pg` would send a list as an array of Postgres. */
export const json = (value: unknown): string => JSON.stringify(value);
