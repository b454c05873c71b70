import {
  createPrompt,
  createPromptV1,
  DEFAULT_LABEL,
  deletePrompt,
  type FetchedPrompt,
  labelPromptVersion,
  listPrompts,
  readPrompt,
  readPromptV1,
} from '@tracehouse/contract/prompts';
import {
  copyPrompts,
  listAllPrompts,
  listPromptUsage,
  listPromptVersionUsage,
  previewPrompt,
  readPromptVersion,
  readProtectedLabels,
  readWholePrompt,
  savePrompt,
  setPromptLabel,
  setPromptTags,
  setProtectedLabels,
} from '@tracehouse/contract/x-prompts';
import { Answer, bind, type BoundRoute, type RequestContext } from '../../http/bind.ts';
import { ConflictError, MethodNotAllowedError, NotFoundError } from '../../http/errors.ts';
import { hasAlso } from '../../identity/principal.ts';
import { keyOf, parseKeyedLabel } from '../ab-tests/service.ts';
import type { Fetched } from './fetches.ts';
import type { Editor, Prompts } from './service.ts';
import type { PromptUsages } from './usage-service.ts';

export const promptsRoutes = (prompts: Prompts): BoundRoute[] => [
  bind(listPrompts, ({ scope, query }) => prompts.list(scope, query)),
  bind(createPrompt, (context) => prompts.create(context.scope, editorOf(context), context.body)),
  bind(readPrompt, async ({ scope, principal, params: { name }, query, headers }) => {
    const { version, resolve } = query;
    const { label: text, key: behindLabel } = parseKeyedLabel(query.label ?? '');
    const label = text === '' ? undefined : text;
    const key = keyOf({ query: query.abKey, header: headers['x-tracehouse-ab-key'], behindLabel });
    const isUnderTests = principal.kind !== 'person';
    const fetched = await prompts.fetch(scope, { name, version, label, resolve, key, isUnderTests });
    const which = version === undefined ? `label '${label ?? DEFAULT_LABEL}'` : `version ${version}`;
    return answerOf(fetched, headers['if-none-match'], `Prompt not found: '${name}' with ${which}`);
  }),
  bind(deletePrompt, async (context) => {
    const { params, query, scope } = context;
    await prompts.delete(scope, editorOf(context), { ...params, ...query });
  }),
  bind(labelPromptVersion, (context) => {
    const { params, body, scope } = context;
    if (params === null) throw new MethodNotAllowedError();
    return prompts.label(scope, editorOf(context), { ...params, labels: body.newLabels });
  }),
  bind(readPromptV1, async ({ scope, principal, query: { name, version }, headers }) => {
    const isUnderTests = principal.kind !== 'person';
    const wanted = { name: decodedAgain(name), version, resolve: true, key: null, isUnderTests };
    return answerOf(await prompts.fetch(scope, wanted), headers['if-none-match'], 'Prompt not found');
  }),
  bind(createPromptV1, (context) => {
    const { isActive, ...given } = context.body;
    const labels = isActive === true ? [...given.labels, DEFAULT_LABEL] : given.labels;
    return prompts.create(context.scope, editorOf(context), { ...given, labels }, { saysActive: true });
  }),
];

/** Beside the wire, for the screens. */
export const promptScreenRoutes = ({ screens }: Prompts): BoundRoute[] => [
  bind(listAllPrompts, ({ scope, query }) => screens.listAll(scope, query.q)),
  bind(readWholePrompt, ({ scope, query }) => screens.whole(scope, query.name)),
  bind(readPromptVersion, ({ scope, query }) => screens.version(scope, query.name, query.version)),
  bind(previewPrompt, ({ scope, body }) => screens.preview(scope, body)),
  bind(savePrompt, (context) => screens.save(context.scope, editorOf(context), context.body)),
  bind(setPromptLabel, (context) => screens.setLabel(context.scope, editorOf(context), context.body)),
  bind(setPromptTags, (context) => screens.setTags(context.scope, editorOf(context), context.body)),
  bind(copyPrompts, (context) => screens.copy(context.scope, editorOf(context), context.body)),
  bind(readProtectedLabels, ({ scope }) => screens.protectedLabels(scope)),
  bind(setProtectedLabels, (context) => screens.protectLabels(context.scope, editorOf(context), context.body.labels)),
];

/** What calls say of prompts, for the screens. */
export const promptUsageRoutes = (usages: PromptUsages): BoundRoute[] => [
  bind(listPromptUsage, ({ scope, query }) => usages.ofPrompts(scope, query)),
  bind(listPromptVersionUsage, ({ scope, query }) => usages.ofVersions(scope, query)),
];

const editorOf = ({ actor, principal }: RequestContext<unknown, unknown, unknown>): Editor => ({
  actor,
  mayMoveProtected: hasAlso(principal, 'promptProtectedLabels:CUD'),
});

/** Kept by browsers, and asked about again each time: labels move. @throws NotFoundError, ConflictError */
function answerOf(fetched: Fetched, ifNoneMatch: string | undefined, notFound: string): Answer<FetchedPrompt> {
  if (fetched.kind === 'missing') throw new NotFoundError(notFound);
  if (fetched.kind === 'broken') throw new ConflictError(fetched.reason);
  const { body, etag, chosen } = fetched;
  // The text is the answer already.
  const written = body as unknown as FetchedPrompt;
  if (chosen) {
    const { testId, version, by } = chosen;
    return new Answer(written, {
      headers: {
        ...JSON_TYPE,
        'cache-control': 'private, no-store',
        'x-tracehouse-ab-test': `${testId}; arm=${version}; by=${by}`,
      },
    });
  }
  const headers = { 'cache-control': 'private, no-cache', etag };
  if (isSame(ifNoneMatch, etag)) return new Answer(undefined as unknown as FetchedPrompt, { status: 304, headers });
  return new Answer(written, { headers: { ...JSON_TYPE, ...headers } });
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' };

const isSame = (ifNoneMatch: string | undefined, etag: string): boolean =>
  ifNoneMatch !== undefined &&
  ifNoneMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);

/** Old clients encode a name before they put it into the query. */
function decodedAgain(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
