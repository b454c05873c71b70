/** A UUID of version 7: the time stands in front, so that the table's key finds the receipt by its id alone. */
export function newReceiptId(timeMs: number, randomUuid: string): string {
  const time = timeMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUuid.slice(15)}`;
}

/** Milliseconds; null for what is no such id. */
export function timeOfReceipt(id: string): number | null {
  const match = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/.exec(id);
  return match && Number.parseInt(`${match[1]}${match[2]}`, 16);
}
