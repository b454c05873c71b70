import * as z from 'zod';

/** Beyond it no page can be; the product with the limit stays an exact integer. */
export const MAX_PAGE = 1_000_000_000;

/** Pages of v1 reads (S10.4). The bounds and their order are those of the recorded messages. */
export const PageQuery = z.object({
  page: z.coerce.number().int().gt(0).max(MAX_PAGE).default(1),
  limit: z.coerce.number().int().min(1).max(100).default(50),
});
export type PageQuery = z.output<typeof PageQuery>;

export const PageMeta = z.object({ page: z.int(), limit: z.int(), totalItems: z.int(), totalPages: z.int() });
export type PageMeta = z.output<typeof PageMeta>;

/** A parameter that may be repeated and also accepts a single value. */
export const Repeatable = z
  .union([z.string(), z.array(z.string())])
  .transform((value) => (typeof value === 'string' ? [value] : value));

/** `column.asc` or `column.desc`; which columns there are is for the route to say. */
export const OrderBy = z
  .string()
  .transform((text) => {
    const at = text.lastIndexOf('.');
    return at < 0
      ? { column: text, order: '' }
      : { column: text.slice(0, at), order: text.slice(at + 1).toUpperCase() };
  })
  .pipe(z.object({ column: z.string(), order: z.enum(['ASC', 'DESC']) }));
export type OrderBy = z.output<typeof OrderBy>;

/** `a,b` → the members that are known; unknown ones are dropped (S10.4), and when none is left it is as if none was given. */
export const csvOf = <Member extends string>(members: readonly Member[]) =>
  z.string().transform((text): Member[] | undefined => {
    const asked = new Set(text.split(',').map((part) => part.trim()));
    const known = members.filter((member) => asked.has(member));
    return known.length > 0 ? known : undefined;
  });

/** Instants on the wire: ISO 8601, UTC, milliseconds. */
export const Instant = z.iso.datetime();
