import { statfs } from 'node:fs/promises';

/** Left free on the disk: the engine needs room to take what the journal holds, to merge and to delete. */
const RESERVE_BYTES = 128 * 1024 * 1024;

/** @throws when the disk of the directory has less than the reserve left */
export async function checkRoom(directory: string, reserveBytes = RESERVE_BYTES): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < reserveBytes) {
    throw new Error(`The disk of ${directory} has less than ${Math.round(reserveBytes / 2 ** 20)} MB left`);
  }
}
