import { useSyncExternalStore } from 'react';

/** What a person set for this browser. `public/theme.js` reads theme and density before the first paint. */
export interface Preferences {
  theme: 'system' | 'light' | 'dark';
  density: 'compact' | 'standard' | 'roomy';
  zone: 'browser' | 'UTC';
  /** Single-letter keys can be switched off. */
  keys: boolean;
  sidebar: 'open' | 'closed';
}

const KEY = 'tracehouse.preferences';
const defaults: Preferences = { theme: 'system', density: 'standard', zone: 'browser', keys: true, sidebar: 'open' };
const listeners = new Set<() => void>();
let current: Preferences = { ...defaults, ...readStored(KEY) };

export const usePreferences = (): Preferences => useSyncExternalStore(subscribe, () => current);

/** Zone for the formats: undefined is the browser's. */
export const useZone = (): string | undefined => (usePreferences().zone === 'UTC' ? 'UTC' : undefined);

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  writeStored(KEY, current);
  const root = document.documentElement;
  if (current.theme === 'system') delete root.dataset['theme'];
  else root.dataset['theme'] = current.theme;
  root.dataset['density'] = current.density;
  for (const listener of listeners) listener();
}

/** A JSON object from local storage; empty when there is none, or storage is blocked or damaged. */
export function readStored(key: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(key) ?? '{}');
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** Keeps a value for the next visit; a browser that refuses storage just forgets it. */
export function writeStored(key: string, value: object): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Private windows may refuse storage; the choice then holds until the tab closes.
  }
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
