import type { LargeField } from '@tracehouse/contract/x-traces';
import { Download } from 'lucide-react';
import { Button } from '../../components/Button.tsx';
import { formatBytes } from '../../components/formats.ts';
import { Icon } from '../../components/Icon.tsx';
import { tellError } from '../../components/toasts.tsx';
import type { Whole } from './useWhole.ts';

const words = { input: 'Input', output: 'Output', metadata: 'Metadata', attributes: 'Attribute' } as const;
const wordsOfTrace = {
  input: 'Trace input',
  output: 'Trace output',
  metadata: 'Trace metadata',
  attributes: 'Trace attribute',
} as const;

const none: never[] = [];

interface LargeFieldsProps {
  whole: Whole;
  except?: readonly LargeField[];
  /** They are the trace's, beside those of an observation. */
  isOfTrace?: boolean;
}

/** Which fields are shown by their beginning alone, with the way to the rest. Nothing without any, and of what is listed elsewhere. */
export function LargeFields({ whole, except = none, isOfTrace = false }: LargeFieldsProps) {
  const fields = whole.fields.filter(({ field }) => !except.some(({ hash }) => hash === field.hash));
  if (fields.length === 0) return null;
  return (
    <ul
      aria-label={isOfTrace ? 'Large fields of the trace' : 'Large fields'}
      className="border-b px-4 py-1.5 text-small"
    >
      {fields.map(({ field, state, received, error }) => {
        const word = (isOfTrace ? wordsOfTrace : words)[field.field];
        const name = field.key === null ? word : `${word} ${field.key}`;
        return (
          <li key={`${field.field} ${field.key}`} className="flex min-h-7 items-center gap-2">
            <span className="min-w-0 flex-1 truncate text-text-2">
              <bdi>{name}</bdi> is {formatBytes(field.sizeBytes)}
              {state === 'begun' && '; its beginning is shown'}
              {state === 'failed' && <span role="alert">; the rest could not be loaded: {error?.message}</span>}
            </span>
            {state === 'loading' && (
              <progress aria-label={`Loading ${name}`} max={field.sizeBytes} value={received} className="w-24" />
            )}
            {(state === 'begun' || state === 'failed') && (
              <Button compact onClick={() => whole.load(field)}>
                Show all<span className="sr-only"> of {name}</span>
              </Button>
            )}
            <Button compact onClick={() => void whole.save(field).catch((cause: Error) => tellError(cause.message))}>
              <Icon of={Download} small />
              Download<span className="sr-only"> {name}</span>
            </Button>
          </li>
        );
      })}
    </ul>
  );
}
