import { readFileSync } from 'node:fs';
import { deepFreeze, SettingsError } from '../config/settings.ts';
import {
  choice,
  type Environment,
  flag,
  optional,
  parseVariables,
  positiveInteger,
  share,
  text,
  variable,
  webAddress,
  word,
} from '../config/variable.ts';
import { MappingError, parseMapping, type RoleMapping } from './mapping.ts';

/** Without it there is no run. */
const NEEDED = { without: 'needed' };

/** Every variable of `tracehouse role-sync`; the table in docs/role-sync.md follows from it. */
export const roleSyncVariables = {
  keycloak: {
    url: optional('SYNC_KEYCLOAK_URL', webAddress, 'Base address of Keycloak, the internal one.', NEEDED),
    realm: optional('SYNC_KEYCLOAK_REALM', word, 'Its realm.', NEEDED),
    clientId: variable(
      'SYNC_KEYCLOAK_CLIENT_ID',
      word,
      'langfuse-sync',
      'Client whose service account reads the realm.',
    ),
    clientSecret: optional('SYNC_KEYCLOAK_CLIENT_SECRET', text, 'Its secret.', { ...NEEDED, secret: true }),
    roleSource: variable(
      'SYNC_ROLE_SOURCE',
      choice('effective', 'direct'),
      'effective',
      'Which realm roles a person has: all, through composites and groups too, or only those assigned directly.',
    ),
    verifiedOnly: variable(
      'SYNC_REQUIRE_VERIFIED_EMAIL',
      flag,
      'true',
      'Whether an e-mail address counts only when Keycloak says that it is verified.',
    ),
  },
  target: {
    url: optional('SYNC_TARGET_URL', webAddress, 'Address of the platform: Tracehouse or Langfuse.', NEEDED),
    publicKey: optional('SYNC_PUBLIC_KEY', word, 'Public key of an organization API key.', NEEDED),
    secretKey: optional('SYNC_SECRET_KEY', text, 'Its secret key.', { ...NEEDED, secret: true }),
  },
  roles: {
    mapping: optional(
      'SYNC_ROLE_MAPPING',
      text,
      'Which realm role gives which role, as JSON or YAML. This one or the next is needed.',
    ),
    mappingFile: optional('SYNC_ROLE_MAPPING_FILE', word, 'A file that says so.'),
    precedence: variable(
      'SYNC_PRECEDENCE',
      choice('highest', 'first'),
      'highest',
      'Which counts of several: the most powerful one, or the first, for which the mapping must be a list.',
    ),
    protectOwners: variable(
      'SYNC_PROTECT_OWNERS',
      flag,
      'true',
      'Whether owners stay owners as long as the mapping gives that role to nobody. The last owner always stays.',
    ),
    provision: variable(
      'SYNC_PROVISION',
      flag,
      'false',
      'Whether people with a role of the mapping are made members; otherwise they become members at their first sign-in.',
    ),
    missing: variable(
      'SYNC_MISSING',
      choice('leave', 'none', 'remove'),
      'leave',
      'What becomes of members whom Keycloak does not know: nothing, role NONE, or no membership.',
    ),
    disabled: variable(
      'SYNC_DISABLED',
      choice('none', 'leave', 'remove'),
      'none',
      'What becomes of members who are disabled in Keycloak.',
    ),
  },
  run: {
    maxChangeRatio: variable(
      'SYNC_MAX_CHANGE_RATIO',
      share,
      '0.5',
      'Share of the members, of five or more, whose role one run may lower; a run that would lower more changes nothing.',
    ),
    dryRun: variable('SYNC_DRY_RUN', flag, 'false', 'As `--dry-run`.'),
    timeoutS: variable(
      'SYNC_TIMEOUT_S',
      positiveInteger,
      '600',
      "The job's `activeDeadlineSeconds`, more than 30: the run stops 30 seconds before it.",
    ),
    pushgatewayUrl: optional('SYNC_PUSHGATEWAY_URL', webAddress, 'Prometheus Pushgateway that is told of each run.', {
      without: 'none',
    }),
    logLevel: variable(
      'LANGFUSE_LOG_LEVEL',
      choice('trace', 'debug', 'info', 'warn', 'error', 'fatal'),
      'info',
      'Least severe line to log, to standard error; with `debug` lines also have e-mail addresses.',
    ),
  },
} as const;

/** The environment of a run, checked. */
export interface RoleSyncSettings {
  readonly keycloak: {
    readonly url: string;
    readonly realm: string;
    readonly clientId: string;
    readonly clientSecret: string;
    readonly roleSource: 'effective' | 'direct';
    readonly verifiedOnly: boolean;
  };
  readonly target: { readonly url: string; readonly publicKey: string; readonly secretKey: string };
  readonly roles: {
    readonly mapping: RoleMapping;
    readonly precedence: 'highest' | 'first';
    readonly protectOwners: boolean;
    readonly provision: boolean;
    readonly missing: 'leave' | 'none' | 'remove';
    readonly disabled: 'none' | 'leave' | 'remove';
  };
  readonly run: {
    readonly maxChangeRatio: number;
    readonly dryRun: boolean;
    readonly timeoutS: number;
    readonly pushgatewayUrl: string | undefined;
    readonly logLevel: string;
  };
}

/** @throws SettingsError with all problems at once */
export function readRoleSyncSettings(env: Environment = process.env): RoleSyncSettings {
  const { parsed, problems } = parseVariables(roleSyncVariables, env, 'all');
  const isWrong = (name: string): boolean => problems.some((problem) => problem.startsWith(`${name}:`));
  /** The values of a subject once each of them is there. */
  const needed = <Subject extends 'keycloak' | 'target'>(subject: Subject) => {
    for (const [key, { name, sentence }] of Object.entries(roleSyncVariables[subject])) {
      const value = (parsed[subject] as Record<string, unknown>)[key];
      if (value === undefined && !isWrong(name)) problems.push(`${name} is not set: ${sentence}`);
    }
    return parsed[subject] as RoleSyncSettings[Subject];
  };
  const keycloak = needed('keycloak');
  const target = needed('target');
  const mapping = readMapping(parsed.roles, problems);
  const { timeoutS } = parsed.run;
  if (timeoutS !== undefined && timeoutS <= 30) {
    problems.push(`SYNC_TIMEOUT_S: '${timeoutS}' is not more than 30, and the run stops 30 seconds before it`);
  }
  if (problems.length > 0 || mapping === undefined) throw new SettingsError(problems);
  return deepFreeze({ keycloak, target, roles: { ...parsed.roles, mapping }, run: parsed.run });
}

function readMapping(
  {
    mapping,
    mappingFile,
    precedence,
  }: { mapping?: string | undefined; mappingFile?: string | undefined; precedence: string },
  problems: string[],
): RoleMapping | undefined {
  if (mapping !== undefined && mappingFile !== undefined) {
    problems.push('SYNC_ROLE_MAPPING and SYNC_ROLE_MAPPING_FILE are both set: only one can count');
    return undefined;
  }
  if (mapping === undefined && mappingFile === undefined) {
    problems.push('SYNC_ROLE_MAPPING is not set, nor is SYNC_ROLE_MAPPING_FILE: Which realm role gives which role');
    return undefined;
  }
  const name = mapping === undefined ? 'SYNC_ROLE_MAPPING_FILE' : 'SYNC_ROLE_MAPPING';
  try {
    const read = parseMapping(mapping ?? readFileSync(mappingFile!, 'utf8'));
    if (precedence === 'first' && !read.isOrdered) {
      problems.push(
        `SYNC_PRECEDENCE: 'first' needs an order, so ${name} must be a list: [{admin: ADMIN}, {operator: MEMBER}]`,
      );
    }
    return read;
  } catch (error) {
    if (error instanceof MappingError) problems.push(...error.problems.map((problem) => `${name}: ${problem}`));
    else problems.push(`${name}: '${mappingFile}' cannot be read: ${(error as Error).message}`);
    return undefined;
  }
}
