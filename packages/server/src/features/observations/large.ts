import type { LargeField } from '@tracehouse/contract/x-traces';
import { readCut } from '../../ingest/large-fields/cut.ts';

type Texts = { [Field in LargeField['field']]?: string | Readonly<Record<string, string>> };

/** These fields of a row as far as it has them, and which of them are larger. `blobs` are those it names. */
export function withoutNotes<Of extends Texts>(fields: Of, blobs: readonly string[]): Of & { large: LargeField[] } {
  const known = new Set(blobs);
  const large: LargeField[] = [];
  const shown = (field: LargeField['field'], key: string | null, text: string): string => {
    const cut = readCut(text, known);
    if (cut === null) return text;
    large.push({ field, key, hash: cut.hash, sizeBytes: cut.sizeBytes });
    return cut.preview;
  };
  if (known.size === 0) return { ...fields, large };
  const entries = Object.entries(fields) as [LargeField['field'], Texts[LargeField['field']]][];
  const all = entries.map(([field, value]) => [
    field,
    typeof value === 'string'
      ? shown(field, null, value)
      : Object.fromEntries(Object.entries(value ?? {}).map(([key, text]) => [key, shown(field, key, text)])),
  ]);
  return { ...(Object.fromEntries(all) as Of), large };
}
