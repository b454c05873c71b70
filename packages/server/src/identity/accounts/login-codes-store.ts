import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';

/** Takes the place of an older one for the same address and purpose. */
export async function insertLoginCode(
  db: Postgres,
  code: { id: string; email: string; purpose: string; codeHash: string; expiresAt: Date },
): Promise<void> {
  await db.rows(sql`
    INSERT INTO login_codes (id, email, purpose, code_hash, expires_at)
    VALUES (${code.id}, ${code.email}, ${code.purpose}, ${code.codeHash}, ${code.expiresAt})
    ON CONFLICT (email, purpose)
    DO UPDATE SET id = excluded.id, code_hash = excluded.code_hash, tries = 0, expires_at = excluded.expires_at`);
}

/** Counts the try before anything is compared, so that tries at the same moment count too. Null when there is none to try. */
export async function selectCodeToTry(
  db: Postgres,
  { email, purpose, tries, at }: { email: string; purpose: string; tries: number; at: Date },
): Promise<{ id: string; code_hash: string } | null> {
  const [row] = await db.rows<{ id: string; code_hash: string }>(sql`
    UPDATE login_codes
    SET tries = tries + 1
    WHERE email = ${email} AND purpose = ${purpose} AND tries < ${tries} AND expires_at > ${at}
    RETURNING id, code_hash`);
  return row ?? null;
}

/** False when it was taken in the meantime. */
export async function deleteLoginCode(db: Postgres, id: string): Promise<boolean> {
  return (await db.rows(sql`DELETE FROM login_codes WHERE id = ${id} RETURNING id`)).length === 1;
}

export async function deleteExpiredCodes(db: Postgres, now: Date): Promise<void> {
  await db.rows(sql`DELETE FROM login_codes WHERE expires_at <= ${now}`);
}
