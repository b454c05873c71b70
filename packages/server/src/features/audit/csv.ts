/** A line of a CSV file (RFC 4180), every cell quoted. */
export const csvLine = (cells: readonly (string | null)[]): string =>
  `${cells.map((cell) => `"${harmless(cell ?? '').replaceAll('"', '""')}"`).join(',')}\r\n`;

/**
 * Spreadsheets run what begins like a formula, and names and ids are written by strangers: an apostrophe before it makes it text
 * (OWASP, CSV Injection, read 2026-11-30; the wide forms are those of Japanese and Chinese keyboards).
 */
const harmless = (cell: string): string => (/^[\s\p{Cc}]*[=+\-@＝＋－＠]|^[\t\r\n]/u.test(cell) ? `'${cell}` : cell);
