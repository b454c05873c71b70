import type { Settings } from '../../config/settings.ts';

/** The organization that headless initialization makes: its id, or one derived where another variable is set; undefined when none is (S9.4, Ours (a)). */
export function initialOrganizationId(init: Settings['init']): string | undefined {
  if (init.organizationId !== undefined) return init.organizationId;
  if (Object.values(init).every((value) => value === undefined)) return undefined;
  return slug(init.organizationName ?? '') || 'default';
}

const slug = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '');
