import * as z from 'zod';

/*
 * Schemas that the write routes share. Their messages are part of the wire: SDK users read them (recorded from 4.16.0).
 * An optional field accepts null everywhere.
 */

/** Any text of 1 to 800 characters without a carriage return; never assume hex. */
export const EntityId = z
  .string()
  .min(1)
  .max(800)
  .refine((id) => !id.includes('\r'), 'ID cannot contain carriage return characters');

// oxfmt-ignore
const datetime =
  /^(?:(?:\d\d[2468][048]|\d\d[13579][26]|\d\d0[48]|[02468][048]00|[13579][26]00)-02-29|\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|(?:02)-(?:0[1-9]|1\d|2[0-8])))T(?:(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d+)?)?(?:Z|([+-](?:[01]\d|2[0-3]):[0-5]\d)))$/;

const options = { offset: true, pattern: datetime };
/**
 * ISO 8601 with an offset or `Z`; seconds and their fraction may be left out. The pattern is echoed in the error, and zod
 * has changed its own since, so ours is passed (`pattern` is missing from the options' type).
 */
export const Datetime = z.iso.datetime(options);
