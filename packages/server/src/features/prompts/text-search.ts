import type { Postgres } from '../../stores/postgres/postgres.ts';
import type { ProjectScope } from '../../stores/scope.ts';
import { nextTurn } from '../../turns.ts';
import { selectShown, selectTexts, type ShownText } from './screen-store.ts';

/** What one search looks through: the smallest texts first, so that one of megabytes does not keep it from the others. */
const MAX_BYTES = 16 * 1024 * 1024;
/** What is read at once, while everybody else waits for the store. */
const PIECE_BYTES = 256 * 1024;
/** Of a text that was found, characters before and in all. */
const PREVIEW = { before: 60, length: 200 };

export interface TextHit {
  version: number;
  preview: string;
}

/**
 * Where a text is, whatever the case, in the newest version of each name or one that a label points to; of a name the highest. Compared
 * here: the store takes a product of both lengths for texts that repeat themselves, and nothing else is done meanwhile.
 */
export async function findInTexts(
  db: Postgres,
  scope: ProjectScope,
  text: string,
): Promise<{ hits: Map<string, TextHit>; isWhole: boolean }> {
  const sought = text.toLowerCase();
  const shown = await selectShown(db, scope);
  const { pieces, isWhole } = piecesOf(shown);
  const hits = new Map<string, TextHit>();
  for (const piece of pieces) {
    for (const row of await selectTexts(db, scope, piece)) {
      const at = row.text.toLowerCase().indexOf(sought);
      if (at < 0 || (hits.get(row.name)?.version ?? 0) > row.version) continue;
      const from = Math.max(0, at - PREVIEW.before);
      const preview = row.text.slice(from, from + PREVIEW.length).toWellFormed();
      hits.set(row.name, { version: row.version, preview });
    }
    await nextTurn();
  }
  return { hits, isWhole };
}

function piecesOf(shown: readonly ShownText[]): { pieces: ShownText[][]; isWhole: boolean } {
  const pieces: ShownText[][] = [];
  let all = 0;
  let inPiece = Infinity;
  for (const one of shown) {
    all += one.bytes;
    if (all > MAX_BYTES) return { pieces, isWhole: false };
    if (inPiece + one.bytes > PIECE_BYTES) {
      pieces.push([]);
      inPiece = 0;
    }
    pieces.at(-1)!.push(one);
    inPiece += one.bytes;
  }
  return { pieces, isWhole: true };
}
