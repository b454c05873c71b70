/** One value inside an object: `pricingTiers.0.name`. What it has not is undefined there. */
export interface FieldChange {
  path: string;
  before: string | undefined;
  after: string | undefined;
}

/** More fields than anybody reads; a line holds up to 100,000 characters. */
const MAX_FIELDS = 1_000;

/** Both sides field by field, in the order of what it is now; the fields that only the old one had come last. */
export function compareFields(before: unknown, after: unknown): FieldChange[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  return [...new Set([...now.keys(), ...old.keys()])].map((path) => ({
    path,
    before: old.get(path),
    after: now.get(path),
  }));
}

/** The values by their place, as JSON says them, texts without quotes. */
function fieldsOf(value: unknown): Map<string, string> {
  const fields = new Map<string, string>();
  const visit = (part: unknown, path: string): void => {
    if (fields.size >= MAX_FIELDS) return;
    const inner = typeof part === 'object' && part !== null ? Object.entries(part) : [];
    if (inner.length === 0) {
      if (path !== '' || part != null) fields.set(path, typeof part === 'string' ? part : JSON.stringify(part));
    } else for (const [key, child] of inner) visit(child, path === '' ? key : `${path}.${key}`);
  };
  visit(value ?? null, '');
  return fields;
}
