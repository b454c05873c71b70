import { armOf, bucketOf } from '../../packages/server/src/features/ab-tests/assign.ts';
import { firstSegments } from '../../packages/server/src/features/ab-tests/shares.ts';

/** The prompt that chats are made with, which is under an A/B test by user. */
export const TESTED_PROMPT = 'support/answer';
export const TESTED_VERSIONS = [4, 5] as const;
export const SPLIT = { salt: 'f0e1d2c3b4a59687', shares: [70, 30] };
const segments = firstSegments(SPLIT.shares);

/** The version that a user gets. */
export const versionFor = (userId: string): number =>
  TESTED_VERSIONS[armOf(segments, bucketOf(SPLIT.salt, userId))] ?? TESTED_VERSIONS[0];
