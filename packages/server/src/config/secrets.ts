import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { readTextFile, writePrivateFile, type DataDirectory } from './data-directory.ts';
import type { Settings } from './settings.ts';

const Generated = z.object({
  nextauthSecret: z.string(),
  salt: z.string(),
  encryptionKey: z.string().regex(/^[0-9a-f]{64}$/),
});

/** `encryptionKey` is 64 hexadecimal digits, the others any text. */
export type Secrets = Readonly<z.output<typeof Generated>>;

/**
 * The secrets of the environment; what is not set there is generated at the first start and kept in `secrets.json`, so
 * that keys and sealed values stay good.
 */
export async function loadSecrets(settings: Settings, directory: DataDirectory): Promise<Secrets> {
  const { nextauthSecret, salt, encryptionKey } = settings.secrets;
  if (nextauthSecret !== undefined && salt !== undefined && encryptionKey !== undefined) {
    return { nextauthSecret, salt, encryptionKey };
  }
  const kept = await keepSecrets(directory.inside('secrets.json'));
  return {
    nextauthSecret: nextauthSecret ?? kept.nextauthSecret,
    salt: salt ?? kept.salt,
    encryptionKey: encryptionKey ?? kept.encryptionKey,
  };
}

async function keepSecrets(file: string): Promise<Secrets> {
  const text = await readTextFile(file);
  if (text !== undefined) {
    try {
      return Generated.parse(JSON.parse(text));
    } catch (cause) {
      // Never replaced: with another salt every API key would be invalid.
      throw new Error(
        `${file} is damaged. Restore it from a backup, or set NEXTAUTH_SECRET, SALT and ENCRYPTION_KEY.`,
        { cause },
      );
    }
  }
  const secrets: Secrets = {
    nextauthSecret: randomBytes(32).toString('base64'),
    salt: randomBytes(32).toString('base64'),
    encryptionKey: randomBytes(32).toString('hex'),
  };
  await writePrivateFile(file, `${JSON.stringify(secrets, null, 2)}\n`);
  return secrets;
}
