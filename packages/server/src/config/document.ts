import { roleSyncVariables } from '../role-sync/settings.ts';
import { commonVariables, providerRows } from './sso-providers.ts';
import { type Variable } from './variable.ts';
import { variables } from './settings.ts';

const titles: Record<keyof typeof variables, string> = {
  server: 'Server',
  stores: 'Stores',
  ingestion: 'Ingestion',
  media: 'Media',
  telemetry: 'Monitoring',
  search: 'Search',
  audit: 'Audit log',
  secrets: 'Secrets',
  admin: 'Administration',
  signIn: 'Sign-in',
  sso: 'Single sign-on',
  mail: 'Mail',
  init: 'What exists from the first start on',
  newUsers: 'What new users may do',
};

/** Begin and end of the part of a document that `insertConfiguration` writes. */
export const BEGIN = '<!-- configuration -->';
export const END = '<!-- /configuration -->';

/** Every variable with its kind, default and meaning: one Markdown table a subject. */
export const documentConfiguration = (): string => tables(variables, titles);

/** The same for `tracehouse role-sync`, which reads variables of its own. */
export const documentRoleSync = (): string =>
  tables(roleSyncVariables, { keycloak: 'Keycloak', target: 'Platform', roles: 'Roles', run: 'The run' });

function tables<Subject extends string>(
  variables: Readonly<Record<Subject, Readonly<Record<string, Variable<unknown>>>>>,
  titles: Readonly<Record<Subject, string>>,
): string {
  return (Object.keys(titles) as Subject[])
    .map((subject) => {
      const rows = Object.values(variables[subject]).map(({ name, kind, defaultWords, sentence }) => [
        `\`${name}\``,
        kind.label,
        defaultWords,
        sentence,
      ]);
      const own = `**${titles[subject]}**\n\n${table([['variable', 'value', 'default', 'meaning'], ...rows])}`;
      return subject === 'sso' ? `${own}\n\n${documentProviders()}` : own;
    })
    .join('\n\n');
}

/** What all providers have, and a line for each. */
function documentProviders(): string {
  const common = Object.entries(commonVariables).map(([suffix, { kind, default: words, sentence }]) => [
    `\`AUTH_<P>_${suffix}\``,
    kind.label,
    words,
    sentence,
  ]);
  const expected = [
    '`TRACEHOUSE_SSO_<P>_EXPECTED_ISSUER`',
    'text',
    '–',
    'What the discovery document must state as its issuer.',
  ];
  const rows = providerRows.map(({ id, prefix, own, remark = '', tried = false }) => [
    `\`${id}\``,
    `\`${prefix}\``,
    Object.entries(own)
      .map(([suffix, { required = false, sentence }]) => `\`_${suffix}\`${required ? ' (needed)' : ''}: ${sentence}`)
      .join('; '),
    [remark, tried ? '' : 'not tried against the real provider'].filter((part) => part !== '').join('; '),
  ]);
  return [
    '**Providers: variables of each, `<P>` from the table below**',
    table([['variable', 'value', 'default', 'meaning'], ...common, expected]),
    '**Providers**',
    table([['provider', '`<P>`', 'variables of its own', 'remark'], ...rows]),
  ].join('\n\n');
}

/** Columns of equal width, as the formatter would make them. */
function table([head = [], ...rows]: string[][]): string {
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}

/** The document with its part between the markers brought up to date; as it is when it has none. */
export function insertConfiguration(document: string, configuration = documentConfiguration()): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin) return document;
  return `${document.slice(0, begin + BEGIN.length)}\n\n${configuration}\n\n${document.slice(end)}`;
}
