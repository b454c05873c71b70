import { isIP } from 'node:net';
import { emailAddressOf } from '@tracehouse/contract/email-address';
import * as z from 'zod';
import { parseMapping, type RoleMapping } from '../role-sync/mapping.ts';

/** The processes the program can be; a default may depend on it. */
export type ProcessRole = 'all' | 'web' | 'worker' | 'migrate';

/** What a value must look like: `label` for the configuration table, `schema` from the text of the environment. */
export interface Kind<T> {
  label: string;
  schema: z.ZodType<T, string>;
}

/** One environment variable, declared once. */
export interface Variable<T> {
  name: string;
  kind: Kind<unknown>;
  /** The default as it would be written in the environment; undefined: none, then the value is undefined. */
  defaultFor(role: ProcessRole): string | undefined;
  /** The default in the configuration table, Markdown. */
  defaultWords: string;
  sentence: string;
  /** Its value never appears in a message or a log. */
  secret: boolean;
  /** Only carries the type. */
  readonly valueType?: T;
}

/** A variable with a default, so its value is always there. */
export const variable = <T>(
  name: string,
  kind: Kind<T>,
  fallback: string | Partial<Record<ProcessRole, string>>,
  sentence: string,
): Variable<T> => ({
  name,
  kind,
  defaultFor: (role) => (typeof fallback === 'string' ? fallback : (fallback[role] ?? fallback.all)),
  defaultWords:
    typeof fallback === 'string'
      ? fallback && `\`${fallback}\``
      : Object.entries(fallback)
          .map(([role, value]) => (role === 'all' ? `\`${value}\`` : `role \`${role}\`: \`${value}\``))
          .join('; '),
  sentence,
  secret: false,
});

/** A variable that may be absent; `without` says in the configuration table what happens then. */
export const optional = <T>(
  name: string,
  kind: Kind<T>,
  sentence: string,
  { without = '–', secret = false }: { without?: string; secret?: boolean } = {},
): Variable<T | undefined> => ({
  name,
  kind,
  defaultFor: () => undefined,
  defaultWords: without,
  sentence,
  secret,
});

export type Environment = Readonly<Record<string, string | undefined>>;
type Declared = Readonly<Record<string, Readonly<Record<string, Variable<unknown>>>>>;

/** The values of declared variables, by subject. */
export type ParsedVariables<Variables extends Declared> = {
  readonly [Subject in keyof Variables]: {
    readonly [Key in keyof Variables[Subject]]: Variables[Subject][Key] extends Variable<infer T> ? T : never;
  };
};

/** `problems`: a sentence for each value that is wrong by itself; it is undefined in `parsed`. */
export function parseVariables<Variables extends Declared>(
  variables: Variables,
  env: Environment,
  role: ProcessRole,
): { parsed: ParsedVariables<Variables>; problems: string[] } {
  const problems: string[] = [];
  const parse = ({ name: variableName, kind, defaultFor, secret }: Variable<unknown>): unknown => {
    const raw = env[variableName];
    // Compose files pass empty values for what is not set.
    const value = raw === undefined || raw.trim() === '' ? defaultFor(role) : raw;
    if (value === undefined) return undefined;
    const result = kind.schema.safeParse(value);
    if (result.success) return result.data;
    const why = result.error.issues[0]?.message ?? 'is not valid';
    problems.push(`${variableName}: ${secret ? 'the value' : `'${value}'`} ${why}`);
    return undefined;
  };
  const parsed = mapValues(variables, (subject) => mapValues(subject, parse)) as ParsedVariables<Variables>;
  return { parsed, problems };
}

const mapValues = <T, U>(object: Readonly<Record<string, T>>, map: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(object).map(([key, value]) => [key, map(value)]));

const kind = <T>(label: string, schema: z.ZodType<T, string>): Kind<T> => ({ label, schema });
const trimmed = z.string().trim();

/** As it is: secrets and passwords may begin or end with a blank. */
export const text = kind('text', z.string());
/** Without the blanks around it. */
export const word = kind('text', trimmed);

const httpUrl = (value: string): URL | undefined => {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  return url?.protocol === 'http:' || url?.protocol === 'https:' ? url : undefined;
};

/** Without a slash at its end. */
export const webAddress = kind(
  'http(s) URL',
  trimmed
    .refine((value) => httpUrl(value) !== undefined, 'is not an http or https URL')
    .transform((v) => v.replace(/\/+$/, '')),
);

export const postgresUrl = kind(
  'postgres URL',
  trimmed.refine((value) => /^postgres(ql)?:\/\/./.test(value), 'does not begin with postgres:// or postgresql://'),
);

const portNumber = trimmed
  .regex(/^\d{1,5}$/, 'is not a port number')
  .transform(Number)
  .pipe(z.int().min(1, 'is not a port number').max(65_535, 'is not a port number'));
export const port = kind('port', portNumber);

/** Null when switched off. */
export const portOrOff = kind(
  'port or `off`',
  trimmed
    .transform((value) => (value === '0' ? 'off' : value))
    .pipe(z.union([z.literal('off').transform(() => null), portNumber], 'is neither a port number nor off')),
);

/** An hour of the day; null when switched off. */
export const hourOrOff = kind(
  'hour, 0 to 23, or `off`',
  trimmed.pipe(
    z.union(
      [
        z.literal('off').transform(() => null),
        z
          .string()
          .regex(/^([01]?\d|2[0-3])$/)
          .transform(Number),
      ],
      'is neither an hour from 0 to 23 nor off',
    ),
  ),
);

export const positiveInteger = kind(
  'integer',
  trimmed.regex(/^[1-9]\d{0,8}$/, 'is not a positive integer').transform(Number),
);

/** Up to a petabyte. */
export const byteCount = kind('bytes', trimmed.regex(/^[1-9]\d{0,14}$/, 'is not a number of bytes').transform(Number));

/** From 0 to 1. */
export const share = kind(
  'number from 0 to 1',
  trimmed.regex(/^(0(\.\d+)?|1(\.0+)?|\.\d+)$/, 'is not a number from 0 to 1').transform(Number),
);

export const flag = kind(
  '`true` or `false`',
  trimmed
    .toLowerCase()
    .pipe(z.enum(['true', '1', 'false', '0'], 'is neither true nor false'))
    .transform((value) => value === 'true' || value === '1'),
);

export const choice = <const Values extends readonly [string, ...string[]]>(...values: Values): Kind<Values[number]> =>
  kind(
    values.map((value) => `\`${value}\``).join(', '),
    trimmed.pipe(z.enum(values, `is not one of ${values.join(', ')}`)) as z.ZodType<Values[number], string>,
  );

export const list = kind(
  'comma-separated list',
  z.string().transform((value) =>
    value
      .split(',')
      .map((entry) => entry.trim())
      .filter((entry) => entry !== ''),
  ),
);

/** Lower-case, as users are looked up. */
export const emailAddress = kind(
  'e-mail address',
  trimmed.refine((value) => emailAddressOf(value) !== null, 'is not an e-mail address').toLowerCase(),
);

/** In lower case. */
export const emailAddresses = kind(
  'comma-separated e-mail addresses',
  list.schema.pipe(
    z.array(emailAddress.schema as z.ZodType<string, string>, 'is not a list of e-mail addresses'),
  ) as z.ZodType<string[], string>,
);

/** Exact ones, in lower case; written with an @ before it too. */
export const domains = kind(
  'comma-separated domains',
  list.schema
    .transform((entries) => entries.map((entry) => entry.toLowerCase().replace(/^@/, '')))
    .refine(
      (entries) => entries.every((entry) => /^[^\s@*/]+$/.test(entry)),
      'is not a list of domains such as acme.dev',
    ),
);

export const smtpUrl = kind(
  'smtp(s) URL',
  trimmed.refine(
    (value) => URL.canParse(value) && /^smtps?:$/.test(new URL(value).protocol) && new URL(value).hostname !== '',
    'is not an URL such as smtp://user:password@mail.acme.dev:587 or smtps://…:465',
  ),
);

/** An address, with a name before it or alone. */
export const mailbox = kind(
  'e-mail address, also with a name',
  trimmed.transform((value, context) => {
    const [, name = '', inside = value] = /^"?([^"<>\p{C}]*?)"?\s*<([^<>]+)>$/u.exec(value) ?? [];
    const address = emailAddressOf(inside);
    if (address !== null) return { name, address };
    context.addIssue('is not an e-mail address, nor one as in `Traces <traces@acme.dev>`');
    return z.NEVER;
  }),
);

export const hexKey = kind(
  '64 hexadecimal digits',
  trimmed.regex(/^[0-9a-f]{64}$/i, 'is not 64 hexadecimal digits (openssl rand -hex 32)').toLowerCase(),
);

/** Addresses and networks, as Fastify's `trustProxy` takes them. */
export const networks = kind(
  'comma-separated addresses or networks',
  list.schema.refine(
    (entries) => entries.every((entry) => isIP(entry.split('/')[0] ?? '') !== 0 && /^[^/]+(\/\d{1,3})?$/.test(entry)),
    'is not a list of IP addresses or networks such as 10.0.0.0/8',
  ),
);

/** Which role of ours a role or group elsewhere gives. */
export const roleMapping = kind(
  'JSON or YAML',
  trimmed.transform((value, context): RoleMapping => {
    try {
      return parseMapping(value);
    } catch (error) {
      context.addIssue((error as Error).message);
      return z.NEVER;
    }
  }),
);
