/**
 * Counts the changes of a subject (a project's prompts, the API keys), so that a cache can tell whether what it holds is
 * still so: it keeps the count beside each entry and compares at each hit. Whoever changes the subject raises the count
 * before the change is acknowledged. A cache reads the count before it reads the store, else a change in between is lost.
 */
export interface Epochs {
  current(subject: string): Promise<number>;
  raise(subject: string): Promise<void>;
}

/** For one process. */
export function createEpochs(): Epochs {
  const counts = new Map<string, number>();
  return {
    current: (subject) => Promise.resolve(counts.get(subject) ?? 0),
    raise(subject) {
      counts.set(subject, (counts.get(subject) ?? 0) + 1);
      return Promise.resolve();
    },
  };
}
