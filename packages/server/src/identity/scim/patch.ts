import { type ScimPatch, scimUrns } from '@tracehouse/contract/scim';
import SCIMMY from 'scimmy';
import { ApiError, ScimError } from '../../http/errors.ts';
import { attributesIn, parseFilter } from './filter.ts';
import { isRecord, type PatchOp, plainPatch, readRole, withoutNothing } from './resource.ts';
import type { Attributes, PersonRow } from './store.ts';

/*
 * PATCH of a user as the RFC (7644, 3.5.2), Entra and Okta write it, in two steps: every operation is brought into the one form
 * that scimmy knows, with names out of our tables, then scimmy applies it to a copy. Nothing else of a request becomes a name.
 */

/** What somebody shall be; what of it differs from what they are is done. */
export interface WantedPerson {
  userName: string;
  externalId: string | null;
  attributes: Attributes;
  active: boolean;
  role: PersonRow['role'];
}

type Operation = { op: PatchOp; path: Path; value: unknown };
/** `emails[type eq "work"].value` in parts; names as the schema has them. */
interface Path {
  attribute: string;
  filter: string | undefined;
  part: string | undefined;
}

const MAX_PATH = 1000;
/** What scimmy does in 0.3 s at the most: it takes 3 ms an operation, and time that grows with the square of values. */
const MAX_OPERATIONS = 100;
const MAX_VALUES = 20;
const tooMany = () => new ScimError('invalidValue', `An attribute has ${MAX_VALUES} values at the most`);

/** Attributes we keep, by their names in lower case, with their parts. */
const kept = new Map<string, { name: string; parts: readonly string[] }>(
  Object.entries({
    userName: [],
    externalId: [],
    displayName: [],
    active: [],
    name: ['formatted', 'givenName', 'familyName'],
    emails: ['value', 'type', 'primary'],
    roles: ['value', 'primary'],
    [scimUrns.role]: ['orgRole'],
  }).map(([name, parts]) => [name.toLowerCase(), { name, parts }]),
);

/** The rest of RFC 7643: may be said, is not kept. */
const passedOver = new Set([
  'nickname',
  'profileurl',
  'title',
  'usertype',
  'preferredlanguage',
  'locale',
  'timezone',
  'password',
  'phonenumbers',
  'ims',
  'photos',
  'addresses',
  'entitlements',
  'x509certificates',
]);
const passedOverParts = new Set(['middlename', 'honorificprefix', 'honorificsuffix', 'type', 'display', '$ref']);
/** The server's own. */
const readOnly = new Set(['id', 'meta', 'groups', 'schemas']);

/** @throws ScimError */
export async function patchPerson(current: PersonRow, body: ScimPatch): Promise<WantedPerson> {
  const operations = plainPatch(body).flatMap(({ op, path, value }) => onPath(op, path, value));
  if (operations.length > MAX_OPERATIONS)
    throw new ScimError('invalidValue', `One request changes ${MAX_OPERATIONS} attributes at the most`);
  let user = toScimmy(current);
  for (const operation of operations) {
    user = await apply(user, operation);
    if ((user.emails?.length ?? 0) > MAX_VALUES) throw tooMany();
  }
  return toWanted(user, current);
}

/** Writes one operation as operations on single attributes; what we do not keep is dropped. */
function onPath(op: PatchOp, path: string, value: unknown): Operation[] {
  // The extension as a whole, as an object says it.
  if (path.toLowerCase() === scimUrns.role.toLowerCase() && isRecord(value))
    return Object.entries(value).flatMap(([name, each]) =>
      name === 'schemas' ? [] : onPath(op, `${scimUrns.role}:${name}`, each),
    );
  const parsed = parsePath(path);
  if (parsed === null) return [];
  if (op !== 'remove' && value === undefined) throw new ScimError('invalidValue', `'${path}' has no value`);
  // One person has one role: another one takes the place of the first.
  const isRole = parsed.attribute === 'roles' && parsed.filter === undefined;
  const isCleared = op !== 'remove' && value === null;
  return [
    {
      op: isCleared ? 'remove' : isRole && op === 'add' ? 'replace' : op,
      path: parsed,
      value: isCleared ? undefined : readValue(parsed, value),
    },
  ];
}

/** Null for what may be said and is not kept. @throws ScimError, invalidPath */
function parsePath(said: string): Path | null {
  const bad = () => new ScimError('invalidPath', `Invalid path '${said.slice(0, 100)}'`);
  if (said.length > MAX_PATH) throw bad();
  const lower = said.toLowerCase();
  if (lower.startsWith(`${scimUrns.enterprise.toLowerCase()}`)) return null;
  const role = scimUrns.role.toLowerCase();
  if (lower === role) return { attribute: scimUrns.role, filter: undefined, part: 'orgRole' };
  if (lower.startsWith(`${role}:`)) {
    if (lower !== `${role}:orgrole`) throw bad();
    return { attribute: scimUrns.role, filter: undefined, part: 'orgRole' };
  }
  const core = `${scimUrns.user.toLowerCase()}:`;
  const match = /^([a-z0-9$_-]+)(?:\[(.+)\])?(?:\.([a-z0-9$_-]+))?$/i.exec(
    lower.startsWith(core) ? said.slice(core.length) : said,
  );
  const [, head = '', filter, sub] = match ?? [];
  const name = head.toLowerCase();
  if (!match) throw bad();
  if (readOnly.has(name)) throw new ScimError('mutability', `'${name}' is read-only`);
  if (passedOver.has(name)) return null;
  const attribute = kept.get(name);
  if (!attribute || (filter !== undefined && !['emails', 'roles'].includes(attribute.name))) throw bad();
  const part = sub === undefined ? undefined : attribute.parts.find((each) => each.toLowerCase() === sub.toLowerCase());
  if (sub !== undefined && part === undefined) {
    if (attribute.parts.length > 0 && passedOverParts.has(sub.toLowerCase())) return null;
    throw bad();
  }
  if (filter !== undefined && !attributesIn(parseFilter(filter)).every((each) => isPartOf(attribute, each)))
    throw bad();
  return { attribute: attribute.name, filter, part };
}

const isPartOf = ({ parts }: { parts: readonly string[] }, name: string): boolean =>
  parts.some((part) => part.toLowerCase() === name.toLowerCase());

/** A value in the form of the schema; what scimmy does not know of it is left out. */
function readValue({ attribute, filter, part }: Path, value: unknown): unknown {
  if (value === undefined) return undefined;
  if (attribute === 'active' || part === 'primary') return readBoolean(value);
  if (part !== undefined || typeof value === 'string') {
    if (attribute === 'roles' && part === undefined) return [{ value: readRole(String(value)) }];
    if (attribute === scimUrns.role || (attribute === 'roles' && part === 'value')) return readRole(String(value));
    return value;
  }
  if (attribute === 'name') return ofParts(value, 'name');
  if (attribute !== 'emails' && attribute !== 'roles') return value;
  if (Array.isArray(value) && value.length > MAX_VALUES) throw tooMany();
  const items = (Array.isArray(value) ? value : [value]).map((item: unknown) => {
    const object = ofParts(typeof item === 'string' ? { value: item } : item, attribute);
    return attribute === 'roles' ? { ...object, value: readRole(String(object['value'])) } : object;
  });
  return filter === undefined ? items : items[0];
}

/** Only the parts the schema has, by their names. */
function ofParts(value: unknown, attribute: 'name' | 'emails' | 'roles'): Record<string, unknown> {
  if (!isRecord(value)) throw new ScimError('invalidValue', `'${attribute}' has an object as its value`);
  const parts = kept.get(attribute)?.parts ?? [];
  const object: Record<string, unknown> = {};
  for (const [name, each] of Object.entries(value)) {
    const part = parts.find((known) => known.toLowerCase() === name.toLowerCase());
    if (part === undefined && !passedOverParts.has(name.toLowerCase()))
      throw new ScimError('invalidPath', `Invalid path '${attribute}.${name.slice(0, 100)}'`);
    if (part !== undefined && each !== null) object[part] = part === 'primary' ? readBoolean(each) : each;
  }
  return object;
}

function readBoolean(value: unknown): boolean {
  const said = String(value).toLowerCase();
  if (said === 'true' || said === 'false') return said === 'true';
  throw new ScimError('invalidValue', `'${said.slice(0, 100)}' is neither true nor false`);
}

type ScimmyUser = InstanceType<typeof SCIMMY.Schemas.User>;

const { SchemaDefinition, Attribute } = SCIMMY.Types;
SCIMMY.Schemas.User.definition.extend(
  new SchemaDefinition('Role', scimUrns.role, 'Role in the organization', [new Attribute('string', 'orgRole')]),
  false,
);

// RFC 7643 suggests types of e-mails, and takes others.
for (const part of SCIMMY.Schemas.User.definition.attribute('emails').subAttributes ?? [])
  if (part.name === 'type') part.config.canonicalValues = false;

const toScimmy = (row: PersonRow): ScimmyUser =>
  new SCIMMY.Schemas.User(
    {
      schemas: [scimUrns.user, scimUrns.role],
      id: row.id,
      userName: row.user_name,
      ...(row.external_id !== null && { externalId: row.external_id }),
      ...row.attributes,
      active: row.active,
      roles: [{ value: row.role, primary: true }],
      [scimUrns.role]: { orgRole: row.role },
    },
    'out',
  );

async function apply(user: ScimmyUser, operation: Operation): Promise<ScimmyUser> {
  try {
    return await applyAsWritten(user, operation);
  } catch (error) {
    const {
      op,
      path: { attribute, filter, part },
      value,
    } = operation;
    if (!(error instanceof ScimError) || error.scimType !== 'noTarget' || filter === undefined || op === 'remove')
      throw error;
    // Nothing is as the filter wants it: then it is made so.
    const made = { ...valuesOf(filter), ...(part === undefined ? (value as object) : { [part]: value }) };
    const path = { attribute, filter: undefined, part: undefined };
    return applyAsWritten(user, {
      op: attribute === 'roles' ? 'replace' : 'add',
      path,
      value: readValue(path, [made]),
    });
  }
}

async function applyAsWritten(user: ScimmyUser, { op, path, value }: Operation): Promise<ScimmyUser> {
  const { attribute, filter, part } = path;
  const text =
    attribute === scimUrns.role
      ? `${attribute}:${part}`
      : `${attribute}${filter === undefined ? '' : `[${filter}]`}${part === undefined ? '' : `.${part}`}`;
  try {
    const message = new SCIMMY.Messages.PatchOp({
      schemas: [scimUrns.patch],
      Operations: [{ op, path: text, ...(op !== 'remove' && { value }) }],
    });
    // Nothing comes back where nothing changed.
    return (await message.apply(user)) ?? user;
  } catch (error) {
    if (error instanceof ApiError) throw error;
    if (error instanceof SCIMMY.Types.Error && error.scimType)
      throw new ScimError(error.scimType as ScimError['scimType'], error.message);
    throw new ScimError('invalidValue', `Invalid value for '${text.slice(0, 100)}'`);
  }
}

/** What a filter of equalities says, as `type eq "work"` says that the type is work. */
function valuesOf(filter: string): Record<string, unknown> {
  const tree = parseFilter(filter);
  const parts = 'filters' in tree && tree.op === 'and' ? tree.filters : [tree];
  return Object.fromEntries(
    parts.flatMap((each) => ('compValue' in each && each.op === 'eq' ? [[each.attrPath, each.compValue]] : [])),
  );
}

function toWanted(user: ScimmyUser, current: PersonRow): WantedPerson {
  // Its form on the wire: plain objects, nothing undefined.
  const plain = JSON.parse(JSON.stringify(user)) as Attributes & {
    userName: string;
    externalId?: string;
    active?: boolean;
    roles?: { value?: string }[];
    [scimUrns.role]?: { orgRole?: string };
  };
  const { displayName, name, emails } = plain;
  const said = plain.roles?.[0]?.value;
  const role = said === undefined ? 'NONE' : readRole(said);
  const inExtension = plain[scimUrns.role]?.orgRole;
  const orgRole = inExtension === undefined ? 'NONE' : readRole(inExtension);
  return {
    userName: plain.userName,
    externalId: plain.externalId ?? null,
    attributes: withoutNothing({ displayName, name, emails }) as Attributes,
    active: plain.active ?? current.active,
    // The same in two places: the one that was changed counts.
    role: role === current.role ? orgRole : role,
  };
}
