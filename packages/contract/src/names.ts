import * as z from 'zod';

/** Names of organizations and projects: they stand in lists, links and mails. */
const nameOf = (what: string) =>
  z
    .string(`${what} name is missing`)
    .trim()
    .min(3, `Invalid ${what.toLowerCase()} name. Should be between 3 and 60 characters`)
    .max(60, `Invalid ${what.toLowerCase()} name. Should be between 3 and 60 characters`)
    .regex(/^[^\p{Cc}\p{Cs}\p{Co}]*$/u, `Invalid ${what.toLowerCase()} name. Control characters are not allowed`);

export const OrganizationName = nameOf('Organization');
export const ProjectName = nameOf('Project');

const MAX_METADATA_CHARACTERS = 10_000;

/** What an operator wants to keep beside a project or an organization; shown by the API alone. */
export const Metadata = z
  .record(z.string(), z.unknown(), 'Invalid metadata. Should be a JSON object')
  .refine(
    (metadata) => JSON.stringify(metadata).length <= MAX_METADATA_CHARACTERS,
    `Invalid metadata. At most ${MAX_METADATA_CHARACTERS} characters of JSON`,
  );
export type Metadata = z.output<typeof Metadata>;
