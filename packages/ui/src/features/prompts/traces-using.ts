import { formatFilterText } from '@tracehouse/contract/filter-text';

/** Filter text that finds the traces with a call of this version of the prompt. */
export const tracesUsing = (name: string, version: number): string =>
  formatFilterText(
    [
      ['prompt', name],
      ['prompt.version', String(version)],
    ].map(([field = '', text = '']) => ({
      kind: 'clause',
      not: false,
      field,
      test: { is: 'any', of: [{ text, open: '' }] },
    })),
  );
