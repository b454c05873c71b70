import type { AbKeyAs, AbUnit } from '@tracehouse/contract/x-ab-tests';
import type { SnippetBlock } from '../../setup/snippets.ts';

/** How a client asks for a label with the key of a test. */
export interface KeySnippet {
  id: string;
  label: string;
  block: SnippetBlock;
}

interface Asked {
  prompt: string;
  label: string;
  unit: AbUnit;
  keyAs: AbKeyAs;
  baseUrl: string;
}

const names: Record<Exclude<AbUnit, 'none'>, { js: string; python: string }> = {
  user: { js: 'userId', python: 'user_id' },
  session: { js: 'sessionId', python: 'session_id' },
  trace: { js: 'traceId', python: 'trace_id' },
};

/** One a client. Without a unit the label goes as it is, and each fetch is drawn. */
export function keySnippets({ prompt, label, unit, keyAs, baseUrl }: Asked): KeySnippet[] {
  const name = JSON.stringify(prompt);
  const variable = unit === 'none' ? null : names[unit];
  const isSlot = keyAs === 'slot';
  const js = variable && (isSlot ? `slot:\${crc32(${variable.js}) % 1000}` : `\${${variable.js}}`);
  const python =
    variable && (isSlot ? `slot:{zlib.crc32(${variable.python}.encode()) % 1000}` : `{${variable.python}}`);
  const jsLabel = js === null ? JSON.stringify(label) : `\`${label}@${js}\``;
  const pythonLabel = python === null ? JSON.stringify(label) : `f"${label}@${python}"`;
  const jsImport = variable && isSlot ? 'import { crc32 } from "node:zlib";\n\n' : '';
  const pythonImport = variable && isSlot ? 'import zlib\n\n' : '';
  const shellKey = unit === 'none' ? '' : `&abKey=${isSlot ? 'slot:524' : `${unit}-1`}`;
  return [
    {
      id: 'js-v5',
      label: 'JS v5',
      block: {
        language: 'js',
        file: 'prompt.mjs',
        code: `${jsImport}const prompt = await langfuse.prompt.get(${name}, {\n  label: ${jsLabel},\n});`,
      },
    },
    {
      id: 'js-v3',
      label: 'JS v3',
      block: {
        language: 'js',
        file: 'prompt.mjs',
        code: `${jsImport}const prompt = await langfuse.getPrompt(${name}, undefined, {\n  label: ${jsLabel},\n});`,
      },
    },
    {
      id: 'python',
      label: 'Python',
      block: {
        language: 'python',
        file: 'prompt.py',
        code: `${pythonImport}prompt = langfuse.get_prompt(\n    ${name},\n    label=${pythonLabel},\n)`,
      },
    },
    {
      id: 'litellm',
      label: 'LiteLLM',
      block: {
        language: 'python',
        file: 'call.py',
        code: `${pythonImport}litellm.completion(\n    model="langfuse/gpt-5-mini",\n    prompt_id=${name},\n    prompt_label=${pythonLabel},\n    messages=messages,\n)`,
      },
    },
    {
      id: 'curl',
      label: 'curl',
      block: {
        language: 'shell',
        code: `curl -u "$LANGFUSE_PUBLIC_KEY:$LANGFUSE_SECRET_KEY" \\\n  "${baseUrl}/api/public/v2/prompts/${encodeURIComponent(prompt)}?label=${label}${shellKey}"`,
      },
    },
  ];
}
