import { useQueries, useQueryClient } from '@tanstack/react-query';
import { readPayload, type LargeField } from '@tracehouse/contract/x-traces';
import { useState } from 'react';
import { callText } from '../../api/call.ts';

type Texts = { [Field in LargeField['field']]?: string | null | Record<string, string> };

export interface Whole {
  fields: {
    field: LargeField;
    state: 'begun' | 'loading' | 'whole' | 'failed';
    received: number;
    error: Error | null;
  }[];
  load(field: LargeField): void;
  /** Saves it as a file. */
  save(field: LargeField): Promise<void>;
  /** The same with what has been loaded in the place of its beginning. */
  fill<Of extends Texts>(texts: Of): Of;
}

/** Fields of which only the beginning came, loaded whole when somebody asks. What is named by its hash never changes. */
export function useWhole(project: string, traceId: string, large: readonly LargeField[]): Whole {
  const client = useQueryClient();
  const [wanted, setWanted] = useState<ReadonlySet<string>>(new Set());
  const [received, setReceived] = useState<Readonly<Record<string, number>>>({});
  const queryOf = (hash: string) => ({
    queryKey: ['payload', project, traceId, hash],
    queryFn: ({ signal }: { signal: AbortSignal }) =>
      callText(readPayload, { project, params: { traceId, hash }, signal }, (bytes) =>
        setReceived((old) => ({ ...old, [hash]: bytes })),
      ),
    staleTime: Infinity,
    retry: false,
  });
  const hashes = [...new Set(large.map(({ hash }) => hash))];
  const answers = useQueries({ queries: hashes.map((hash) => ({ ...queryOf(hash), enabled: wanted.has(hash) })) });
  const answerOf = ({ hash }: LargeField) => answers[hashes.indexOf(hash)];
  return {
    fields: large.map((field) => {
      const answer = answerOf(field);
      const state =
        answer?.data !== undefined ? 'whole' : answer?.isFetching ? 'loading' : answer?.error ? 'failed' : 'begun';
      return { field, state, received: received[field.hash] ?? 0, error: answer?.error ?? null };
    }),
    load(field) {
      setWanted((old) => new Set([...old, field.hash]));
      if (answerOf(field)?.isError) void answerOf(field)?.refetch();
    },
    async save({ field, key, hash }) {
      const text = await client.fetchQuery(queryOf(hash));
      const address = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
      const link = Object.assign(document.createElement('a'), {
        href: address,
        download: `${key ?? field}.txt`,
      });
      link.click();
      URL.revokeObjectURL(address);
    },
    fill(texts) {
      const filled = { ...texts } as Texts;
      for (const one of large) {
        const text = answerOf(one)?.data;
        if (text === undefined) continue;
        if (one.key === null) filled[one.field] = text;
        else filled[one.field] = { ...(filled[one.field] as Record<string, string>), [one.key]: text };
      }
      return filled as typeof texts;
    },
  };
}
