import { writeFile } from 'node:fs/promises';

/** The smallest value that at least `share` of the values do not exceed; null of none. */
export function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  return rounded(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!);
}

/** Three significant digits, whole from 100 on: no figure here is more exact. */
export const rounded = (value: number): number =>
  Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));

export interface Report {
  conditions: Record<string, unknown>;
  results: Record<string, unknown>[];
}

/** The table for people; `file` also gets the JSON. */
export async function print({ conditions, results }: Report, file: string | undefined): Promise<void> {
  const flat = results.map((result) =>
    Object.fromEntries(
      Object.entries(result).flatMap(([name, value]) =>
        typeof value === 'object' && value !== null
          ? Object.entries(value).map(([inner, one]) => [`${name}.${inner}`, one])
          : [[name, value]],
      ),
    ),
  );
  process.stdout.write(`${JSON.stringify(conditions)}\n\n${table(flat)}\n`);
  if (file !== undefined) await writeFile(file, `${JSON.stringify({ conditions, results }, null, 2)}\n`);
}

/** Markdown. A few wide rows are shown as columns. */
function table(rows: readonly Record<string, unknown>[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [names, ...rows.map((row) => names.map((name) => String(row[name] ?? '–')))];
  const shown = names.length > 8 ? names.map((_, i) => lines.map((line) => line[i]!)) : lines;
  const widths = shown[0]!.map((_, i) => Math.max(...shown.map((line) => line[i]!.length)));
  const format = (line: readonly string[]): string =>
    `| ${line.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  const rule = `| ${widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [format(shown[0]!), rule, ...shown.slice(1).map(format)].join('\n');
}
