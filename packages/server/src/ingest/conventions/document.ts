// Writes docs/conventions.md: node packages/server/src/ingest/conventions/document.ts
import { writeFileSync } from 'node:fs';
import type { Convention, Provenance } from './convention.ts';
import { conventions, merged, payloads, precedence, summaries } from './registry.ts';

export const documentPath = new URL('../../../../../docs/conventions.md', import.meta.url);

const provenance: Record<Provenance, string> = {
  seen: 'seen on the wire',
  documentation: 'from its documentation',
  code: 'from its code',
  upstream: 'as upstream reads it',
};

/** The text of docs/conventions.md, made from the tables alone. */
export function documentConventions(): string {
  return [
    '# What span attributes become',
    'Made from `packages/server/src/ingest/conventions` by `document.ts`; do not edit. An attribute that no rule turns into input, ' +
      'output or metadata stays readable under `metadata.attributes`, whatever else it became. A value that is not of the kind ' +
      'its rule reads is skipped.',
    '## Who wins',
    'For each field the first source that answers. ' +
      `${list(merged)} are merged instead: all sources count, a later one over an earlier. ` +
      '`prefix.*` covers every key that begins so; `resource:` is an attribute of the resource.',
    table(
      ['field', 'sources in order'],
      Object.entries(precedence).map(([field, sources]) => [code(field), named(sources)]),
    ),
    'A `name` nobody gives is the name of the span, a `type` SPAN, a `level` follows the status of the span, a `statusMessage` is ' +
      'the status message, then `errorMessage`, then the message of the last exception event, a `provider` is the prefix of the ' +
      'model (`openai/gpt-4o`).',
    '## Input and output',
    'The first of these with an input or an output gives both:',
    payloads
      .map((source, index) =>
        'read' in source
          ? `${index + 1}. ${source.reader}`
          : `${index + 1}. ${named(source.input)} and ${named(source.output)}${source.otherwise ? `; where one is empty: ${source.otherwise.reader}` : ''}`,
      )
      .join('\n'),
    '## Log records',
    'GenAI events sent as log records (`/v1/logs`) are read like the events of the span they name, whichever of the two comes ' +
      'first: one a message (`gen_ai.user.message`, `gen_ai.choice`, …) or the whole call (`gen_ai.client.inference.operation.details`). ' +
      'They fill in what the span does not say itself. Other log records are accepted and not kept.',
    '## Tokens are counted once',
    'Cache, reasoning and modality counts are taken out of `input` and `output`, so that the buckets add up. Spans that repeat in ' +
      'sum what the spans below them report give no model, usage or cost:',
    summaries.map(({ what }) => `- ${what}`).join('\n'),
    ...conventions.flatMap(documentConvention),
    '',
  ]
    .join('\n\n')
    .replace(/\n+$/, '\n');
}

function documentConvention({ name, source, rules, ...rest }: Convention): string[] {
  const scopes = rest.scopes ? ` Only for the instrumentation scopes ${list(rest.scopes)}.` : '';
  return [
    `## ${name}`,
    `Source: ${source}.${scopes}`,
    table(
      ['attribute', 'becomes', 'read as', 'known'],
      rules.map(([attribute, field, read, from]) => [code(attribute), code(field), read.label, provenance[from]]),
    ),
  ];
}

const code = (text: string): string => `\`${text}\``;
const list = (texts: readonly string[]): string => texts.map(code).join(', ');
/** Two conventions may name one attribute; a convention for some scopes only says so. */
const named = (sources: readonly string[]): string => [...new Set(sources.map(sourceCode))].join(', ');
function sourceCode(source: string): string {
  const [name, attribute] = [source.slice(0, source.indexOf('/')), source.slice(source.indexOf('/') + 1)];
  const convention: Convention | undefined = conventions.find((each) => each.name === name);
  return convention?.scopes ? `${code(attribute)} (scope ${list(convention.scopes)})` : code(attribute);
}
const row = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
const table = (head: readonly string[], rows: readonly string[][]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n');

if (import.meta.main) writeFileSync(documentPath, documentConventions());
