import { readFileSync } from 'node:fs';
import { Filter } from '@tracehouse/contract/filter';
import { ScoreEventBody } from '@tracehouse/contract/scores';
import { TraceBody } from '@tracehouse/contract/ingestion';
import { MAX_DIMENSIONS, MAX_METRICS } from '@tracehouse/contract/metrics';
import { ObservationsV2Query } from '@tracehouse/contract/observations';
import { PageQuery } from '@tracehouse/contract/pagination';
import { CreatePrompt, PromptLabel, PromptName } from '@tracehouse/contract/prompts';
import { deleteTraces } from '@tracehouse/contract/traces';
import { EntityId } from '@tracehouse/contract/wire-fields';
import { FacetsQuery } from '@tracehouse/contract/x-facets';
import { SearchQuery } from '@tracehouse/contract/x-search';
import { TraceListQuery, TraceSelection } from '@tracehouse/contract/x-traces';
import { MAX_LISTED_PROMPTS } from '@tracehouse/contract/x-prompts';
import { expect, test } from 'vitest';
import type * as z from 'zod';
import { variables } from './config/settings.ts';
import { MAX_ROWS } from './features/metrics/plan.ts';
import { MAX_BYTES, TIMEOUT_MS } from './features/metrics/service.ts';
import { MAX_INCLUDED, MAX_LEVEL, MAX_RESOLVED } from './features/prompts/composition.ts';
import { MAX_COPIED } from './features/prompts/copies.ts';
import { MAX_SESSION_TRACES } from './features/traces/service.ts';
import { ALL_BODIES_BYTES, BODY_LIMIT_BYTES, PUBLIC_BODY_LIMIT_BYTES, TIMEOUTS } from './http/server.ts';
import { CODE_MINUTES, CODE_TRIES } from './identity/accounts/login-codes.ts';
import { MAILS_WAITING } from './identity/accounts/mailer.ts';
import { HASHES_AT_ONCE } from './identity/accounts/passwords.ts';
import { limits as attemptLimits } from './identity/accounts/rate-limits.ts';
import { DELAY, MAX_WAIT_MS, PROJECT_SHARE } from './ingest/journal/segment-journal.ts';
import { MAX_DEPTH } from './ingest/json/depth.ts';
import { MAX_EVENTS } from './ingest/json/ingest.ts';
import { MAX_SCORES } from './ingest/json/scores.ts';
import { KEPT_CHARACTERS, MAX_FIELD_BYTES } from './ingest/large-fields/cut.ts';
import { MAX_ANSWER_BYTES } from './ingest/large-fields/large-fields.ts';
import { bodyLimits } from './ingest/otlp/decompress.ts';
import { LARGE_BYTES } from './ingest/otlp/door.ts';
import { MAX_FILES } from './ingest/otlp/inline-media.ts';
import { JOB_MS } from './ingest/otlp/preparer.ts';
import { limits } from './ingest/otlp/span.ts';
import { DEFAULT_TIMEOUT_MS } from './stores/clickhouse/chdb.ts';

const document = readFileSync(new URL('../../../docs/limits.md', import.meta.url), 'utf8');
/** What the document says of a limit, by its name there. */
const stated = new Map(
  document
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, name, value]) => [name, value]),
);

const count = (value: number): string => value.toLocaleString('en-US');
const megabytes = (bytes: number): string => `${bytes / 1024 / 1024} MB`;
const seconds = (ms: number): string => `${ms / 1000} s`;
const often = (prefix: string): string => {
  const limit = Object.values(attemptLimits)
    .flat()
    .find((each) => each.prefix === prefix);
  const unit = new Map([
    [60, 'a minute'],
    [3600, 'an hour'],
    [86_400, 'a day'],
  ]).get(limit?.durationS ?? 0);
  return `${limit?.points} ${unit}`;
};
const characters = (value: number): string => `${count(value)} characters`;

test.each([
  ['Time of one query of metrics', seconds(TIMEOUT_MS)],
  ['Rows of an answer of metrics', count(MAX_ROWS)],
  ['Size of it, before it is JSON', megabytes(MAX_BYTES)],
  ['Dimensions of a query of metrics', count(MAX_DIMENSIONS)],
  ['Metrics of a query', count(MAX_METRICS)],
  ['Body as sent', megabytes(BODY_LIMIT_BYTES)],
  ['Body as sent', megabytes(bodyLimits.compressed)],
  ['Body of a route that needs no key (sign-in)', `${PUBLIC_BODY_LIMIT_BYTES / 1024} kB`],
  ['Body of an export, inflated', megabytes(bodyLimits.inflated)],
  [`How far a body above ${megabytes(bodyLimits.ratioFloor)} may inflate`, `${bodyLimits.ratio} times`],
  ['Time for the headers', seconds(TIMEOUTS.headersMs)],
  ['Time for the whole request, but for the upload of a file', seconds(TIMEOUTS.requestMs)],
  ['Silence on a connection', seconds(TIMEOUTS.silenceMs)],
  ['Bodies on their way in, all together, as sent and what they inflate to', megabytes(ALL_BODIES_BYTES)],
  [`Time to read an export above ${LARGE_BYTES / 1024} kB, inflated, once it is its turn`, seconds(JOB_MS)],
  ['A file that a trace refers to', `${count(Number(variables.media.maxBytes.defaultFor('all')))} bytes`],
  ['Files inside spans and log records that become files, of an export', count(MAX_FILES)],
  ['A link to it', `${variables.media.linkSeconds.defaultFor('all')} s`],
  ['Input, output, a value of metadata or an attribute, in its row', megabytes(MAX_FIELD_BYTES)],
  ['What of such a field is searched, filtered by, and shown until the rest is asked for', characters(KEPT_CHARACTERS)],
  ['Such fields in one answer', megabytes(MAX_ANSWER_BYTES)],
  ['Spans of an export', count(limits.spansPerExport)],
  ['Resources and scopes of an export', count(limits.groupsPerExport)],
  ['Attribute values of an export', count(limits.valuesPerExport)],
  ['Attributes of a span', count(limits.attributesPerSpan)],
  ['Events and links of a span', count(limits.eventsPerSpan)],
  ['Nesting of an attribute', `${limits.depth} levels`],
  ['Events of a batch (`/api/public/ingestion`)', count(MAX_EVENTS)],
  ['Scores of a list (`/api/public/scores`)', count(MAX_SCORES)],
  ['Nesting of an event or score', `${MAX_DEPTH} levels`],
  ['Ids', characters(limits.idLength)],
  ['The journal', `${variables.ingestion.journalMaxMb.defaultFor('all')} MB`],
  ['Of it, one project', PROJECT_SHARE === 0.5 ? 'half' : ''],
  ['Rows before acknowledging becomes slower', count(DELAY.rows.low)],
  ['How long a read waits for what was stored', seconds(MAX_WAIT_MS)],
  ['Time of one query in the engine', seconds(DEFAULT_TIMEOUT_MS)],
  ['Traces of a session', count(MAX_SESSION_TRACES)],
  ['Levels of prompts that include one another', count(MAX_LEVEL)],
  ['Prompts included on one level', count(MAX_INCLUDED)],
  ['A text with all it includes', characters(MAX_RESOLVED)],
  ['Versions copied at once', count(MAX_COPIED)],
  ["Prompts of the screens' list", count(MAX_LISTED_PROMPTS)],
  ['Sign-ins tried from one network', often('signin-network')],
  ['Sign-ins tried for one person from one network', often('signin-pair')],
  ['Sign-ins tried for one person', often('signin-email')],
  ['Accounts made from one network', often('signup-network')],
  ['Accounts made from one network, in the long run', often('signup-hour')],
  ['Codes sent to one address because of one network', often('code-pair')],
  ['Codes sent to one address', often('code-email')],
  ['Codes sent to one address, in the long run', often('code-email-day')],
  ['Codes tried from one network', often('try-network')],
  ['Tries of one code', count(CODE_TRIES)],
  ['Time a code is good', `${CODE_MINUTES} minutes`],
  ['Passwords hashed at once, and waiting', `${HASHES_AT_ONCE.running}, and ${HASHES_AT_ONCE.waiting}`],
  ['Mails waiting to be sent', count(MAILS_WAITING)],
])('docs/limits.md: %s, %s, as the code has it', (name, value) => {
  expect(stated.get(name)).toBe(value);
});

const accepts = (schema: z.ZodType, value: unknown): boolean => schema.safeParse(value).success;
const text = (length: number): string => 'x'.repeat(length);
const condition = { type: 'string', column: 'name', operator: '=', value: 'x' };
const score = (length: number) => ({ traceId: 't', name: 'n', dataType: 'TEXT', value: text(length) });

test.each<[name: string, unit: string, accepts: (amount: number) => boolean]>([
  ['Ids', ' characters', (amount) => accepts(EntityId, text(amount))],
  ['Name of a trace, through the JSON door', ' characters', (amount) => accepts(TraceBody, { name: text(amount) })],
  ['Text of a score of type TEXT', ' characters', (amount) => accepts(ScoreEventBody, score(amount))],
  ['Rows of a page, v1', '', (limit) => accepts(PageQuery, { limit })],
  ['Rows of a page, v2 observations', '', (limit) => accepts(ObservationsV2Query, { limit })],
  ["Rows of a page, the screens' list", '', (limit) => accepts(TraceListQuery, { limit })],
  ['Filter text of the screens', ' characters', (amount) => accepts(TraceSelection, { q: text(amount) })],
  [
    'Conditions of a filter',
    '',
    (amount) =>
      accepts(
        Filter,
        Array.from({ length: amount }, () => condition),
      ),
  ],
  ['Text of `x/search`', ' characters', (amount) => accepts(SearchQuery, { text: text(amount) })],
  ['Fields of `x/facets`', '', (amount) => accepts(FacetsQuery, { field: Array(amount).fill('name') })],
  ['Name of a prompt', ' characters', (amount) => accepts(PromptName, text(amount))],
  ['Label', ' characters', (amount) => accepts(PromptLabel, text(amount))],
  [
    'Commit message',
    ' characters',
    (amount) => accepts(CreatePrompt, { name: 'n', prompt: 'p', commitMessage: text(amount) }),
  ],
  ['Traces of one deletion', '', (amount) => accepts(deleteTraces.body, { traceIds: Array(amount).fill('t') })],
])('docs/limits.md: %s, exactly, as the wire has it', (name, unit, isAccepted) => {
  const value = stated.get(name) ?? '';
  const most = Number(value.replaceAll(',', '').replace(unit, ''));
  expect([isAccepted(most), isAccepted(most + 1)]).toEqual([true, false]);
});

test('docs/limits.md names every setting that limits what may be sent', () => {
  const named = Object.values(variables.ingestion).map(({ name }) => name);
  for (const name of named.filter((each) => /LIMIT|QUOTA|MAX/.test(each))) expect(document).toContain(`\`${name}\``);
});
