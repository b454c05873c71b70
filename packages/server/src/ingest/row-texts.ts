import type { ObservationRow } from './observation.ts';

/** Where a row has texts of any length … */
export const textFields = ['input', 'output', 'traceInput', 'traceOutput'] as const;
/** … and where they are the values of a map. */
export const mapFields = ['metadata', 'traceMetadata', 'attributes'] as const;
export type TextField = (typeof textFields)[number] | (typeof mapFields)[number];

/** The row with these texts changed; itself when none is. */
export function withTexts(row: ObservationRow, change: (text: string, field: TextField) => string): ObservationRow {
  const changed: Partial<ObservationRow> = {};
  for (const field of textFields) {
    const text = change(row[field], field);
    if (text !== row[field]) changed[field] = text;
  }
  for (const field of mapFields) {
    const values = withValues(row[field], (text) => change(text, field));
    if (values !== row[field]) changed[field] = values;
  }
  for (const _ in changed) return { ...row, ...changed };
  return row;
}

/** The map with its values changed; itself when none is. */
export function withValues<Value>(
  values: Readonly<Record<string, Value>>,
  change: (value: Value) => Value,
): Record<string, Value> {
  let changed: Record<string, Value> = values;
  for (const key in values) {
    const value = change(values[key]!);
    if (value === values[key]) continue;
    // Defined, not set: a key may be called `__proto__`.
    if (changed === values) changed = Object.defineProperties({}, Object.getOwnPropertyDescriptors(values));
    Object.defineProperty(changed, key, { value });
  }
  return changed;
}
