import type { Postgres } from '../../stores/postgres/postgres.ts';
import { sql } from '../../stores/postgres/sql.ts';

export interface UserRow {
  id: string;
  email: string;
  name: string | null;
  password_hash: string | null;
  disabled_at: Date | null;
  email_verified_at: Date | null;
  created_at: Date;
}

/** `email` in lower case. */
export async function selectUserByEmail(db: Postgres, email: string): Promise<UserRow | null> {
  const [row] = await db.rows<UserRow>(sql`
    SELECT id, email, name, password_hash, disabled_at, email_verified_at, created_at
    FROM users
    WHERE email = ${email}`);
  return row ?? null;
}

export async function selectUser(db: Postgres, id: string): Promise<UserRow | null> {
  const [row] = await db.rows<UserRow>(sql`
    SELECT id, email, name, password_hash, disabled_at, email_verified_at, created_at
    FROM users
    WHERE id = ${id}`);
  return row ?? null;
}

/** False when the address is taken. */
export async function insertUser(
  db: Postgres,
  user: {
    id: string;
    email: string;
    name: string | null;
    passwordHash: string | null;
    emailVerifiedAt: Date | null;
    at: Date;
  },
): Promise<boolean> {
  const rows = await db.rows(sql`
    INSERT INTO users (id, email, name, password_hash, email_verified_at, created_at, updated_at)
    VALUES (${user.id}, ${user.email}, ${user.name}, ${user.passwordHash}, ${user.emailVerifiedAt}, ${user.at}, ${user.at})
    ON CONFLICT (email) DO NOTHING
    RETURNING id`);
  return rows.length === 1;
}

/** The address; null when it was verified before, or nobody has the id. */
export async function updateEmailVerified(db: Postgres, id: string, at: Date): Promise<string | null> {
  const [row] = await db.rows<{ email: string }>(sql`
    UPDATE users
    SET email_verified_at = ${at}, updated_at = ${at}
    WHERE id = ${id} AND email_verified_at IS NULL
    RETURNING email`);
  return row?.email ?? null;
}

/** Null takes the password away. */
export async function updatePasswordHash(
  db: Postgres,
  id: string,
  passwordHash: string | null,
  at: Date,
): Promise<void> {
  await db.rows(sql`UPDATE users SET password_hash = ${passwordHash}, updated_at = ${at} WHERE id = ${id}`);
}

export async function updateUserName(db: Postgres, id: string, name: string, at: Date): Promise<void> {
  await db.rows(sql`UPDATE users SET name = ${name}, updated_at = ${at} WHERE id = ${id}`);
}
