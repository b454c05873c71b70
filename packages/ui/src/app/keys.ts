import { useEffect, useRef, useSyncExternalStore } from 'react';
import { usePreferences } from './preferences.ts';

/** A key of the page: what `?` lists and what runs are the same entry, so a hint can never lie. */
export interface KeyBinding {
  /** As typed: `j`, `J`, `/`, `!`, `Escape`, `ArrowDown`, or two in a row: `g t`. */
  key: string;
  /** What it does, as the list of keys says it. */
  does: string;
  run: (event: KeyboardEvent) => void;
}

const layers = new Set<{ current: readonly KeyBinding[] }>();
const listeners = new Set<() => void>();
let listed: readonly KeyBinding[] = [];

/** Binds keys while the component is mounted. Single letters never fire inside inputs or under a dialog. */
export function useKeys(bindings: readonly KeyBinding[]): void {
  const layer = useRef(bindings);
  useEffect(() => {
    layer.current = bindings;
  });
  const { keys: enabled } = usePreferences();
  useEffect(() => {
    if (!enabled) return undefined;
    layers.add(layer);
    changed();
    return () => {
      layers.delete(layer);
      changed();
    };
  }, [enabled]);
}

/** Every key that works now, for the list of keys. */
export const useKeyList = (): readonly KeyBinding[] =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => listed,
  );

function changed(): void {
  listed = [...layers].flatMap((layer) => layer.current);
  for (const listener of listeners) listener();
}

const SEQUENCE_MS = 1000;
let prefix: { key: string; at: number } | null = null;

/** Starts listening; answers how to stop. Called once, by the app. */
export function listenToKeys(): () => void {
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) return;
    const first = prefix && event.timeStamp - prefix.at < SEQUENCE_MS ? `${prefix.key} ` : '';
    prefix = null;
    const wanted = first + event.key;
    const bindings = [...layers].flatMap((layer) => layer.current);
    const binding = bindings.findLast(({ key }) => key === wanted);
    if (binding) {
      event.preventDefault();
      binding.run(event);
    } else if (bindings.some(({ key }) => key.startsWith(`${event.key} `))) {
      prefix = { key: event.key, at: event.timeStamp };
    }
  };
  document.addEventListener('keydown', onKeyDown);
  return () => document.removeEventListener('keydown', onKeyDown);
}

function isTyping(event: KeyboardEvent): boolean {
  // An editor in a shadow root is not the event's target, its host is.
  const [innermost] = event.composedPath();
  const target = innermost instanceof HTMLElement ? innermost : null;
  // A focused control answers these itself.
  if ((event.key === 'Enter' || event.key === ' ') && target?.closest('button, a, summary, [role="tab"]')) return true;
  if (target?.closest('input, textarea, select, [contenteditable], [role="menu"], [role="listbox"]')) return true;
  return Boolean(target?.closest('[role="dialog"], [role="alertdialog"]'));
}
