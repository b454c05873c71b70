import { NEWEST_LABEL, DEFAULT_LABEL } from '@tracehouse/contract/prompts';
import type { WholePrompt } from '@tracehouse/contract/x-prompts';

/** The version that an address is about, and what of the address was ignored, in words. */
export interface ChosenVersion {
  version: number | undefined;
  ignored?: string;
}

/** By number, by label, else what production points at, else the newest. */
export function chosenVersion(
  { versions, labels }: Pick<WholePrompt, 'versions' | 'labels'>,
  { version, label }: { version?: string; label?: string },
): ChosenVersion {
  const at = (name: string) => labels.find((place) => place.label === name)?.version;
  const usual = at(DEFAULT_LABEL) ?? at(NEWEST_LABEL) ?? versions[0]?.version;
  if (version !== undefined) {
    const found = versions.find((one) => String(one.version) === version);
    return found ? { version: found.version } : { version: usual, ignored: `There is no version ${version}.` };
  }
  if (label === undefined) return { version: usual };
  const found = at(label);
  return found === undefined ? { version: usual, ignored: `No version has the label ${label}.` } : { version: found };
}

/** With which version one is compared: the newest, or for that the one before it. Undefined when it is alone. */
export function comparedWith({ versions }: Pick<WholePrompt, 'versions'>, version: number): number | undefined {
  const [newest, before] = versions;
  return newest?.version === version ? before?.version : newest?.version;
}
