import { open } from 'node:fs/promises';

/** Flushes a file, or a directory so that the names in it survive the loss of power. */
export async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
