import { hkdfSync } from 'node:crypto';
import { EncryptJWT, jwtDecrypt } from 'jose';

/** Texts that only we can read and make. */
export interface Sealing {
  /** `lifeS`: it cannot be opened after so many seconds. */
  seal(value: Readonly<Record<string, unknown>>, lifeS?: number): Promise<string>;
  /** Null for what we did not seal for this purpose, and for what has expired. */
  open(sealed: string | undefined): Promise<Record<string, unknown> | null>;
}

/** Each purpose has a key of its own, derived from `secret`: what was sealed for one does not open for another. */
export function createSealing({ secret, purpose, now }: { secret: string; purpose: string; now: () => Date }): Sealing {
  const key = new Uint8Array(hkdfSync('sha256', secret, '', `tracehouse ${purpose}`, 32));
  return {
    seal(value, lifeS) {
      const token = new EncryptJWT({ value }).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' });
      if (lifeS !== undefined) token.setExpirationTime(Math.floor(now().getTime() / 1000) + lifeS);
      return token.encrypt(key);
    },
    async open(sealed) {
      if (sealed === undefined || sealed === '') return null;
      try {
        const { payload } = await jwtDecrypt(sealed, key, {
          currentDate: now(),
          keyManagementAlgorithms: ['dir'],
          contentEncryptionAlgorithms: ['A256GCM'],
        });
        return payload['value'] as Record<string, unknown>;
      } catch {
        return null;
      }
    },
  };
}
