import * as argon2 from '@node-rs/argon2';
import * as bcrypt from '@node-rs/bcrypt';
import { createSlots } from './slots.ts';

/** OWASP's argon2id with 19 MiB; 9 to 15 ms here. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/**
 * The hash of 32 random bytes nobody kept, of the same cost: an address nobody has takes as long as one somebody has. A test holds it to
 * `COST`.
 */
export const NOBODY =
  '$argon2id$v=19$m=19456,t=2,p=1$V48RcW02oFYfeaGJ3PxPsw$X4+9j02SCt0bA46wqO6ucG4GoJhkQkZj3Hp2crysHAk';

/** Each takes 20 MB and a core. */
export const HASHES_AT_ONCE = { running: 2, waiting: 100 };

export type Passwords = ReturnType<typeof createPasswords>;

export function createPasswords() {
  const inSlot = createSlots(HASHES_AT_ONCE);
  return {
    hash: (password: string): Promise<string> => inSlot(() => argon2.hash(password, COST)),

    /**
     * Whether this is the password behind `stored`: argon2id, or bcrypt as upstream keeps them. Null (nobody, or no
     * password) costs the same and is never right. `outdated` asks the caller to store a new hash.
     */
    async verify(stored: string | null, password: string): Promise<{ right: boolean; outdated: boolean }> {
      const hash = stored ?? NOBODY;
      // argon2's verify throws on a bcrypt string.
      const isBcrypt = hash.startsWith('$2');
      const right = await inSlot(() => (isBcrypt ? bcrypt.verify(password, hash) : argon2.verify(hash, password)));
      return { right: right && stored !== null, outdated: isBcrypt || !hasOurCost(hash) };
    },
  };
}

function hasOurCost(hash: string): boolean {
  const { memoryCost, timeCost, parallelism } = argon2.parseOptions(hash);
  return memoryCost === COST.memoryCost && timeCost === COST.timeCost && parallelism === COST.parallelism;
}
