import type { Convention } from './convention.ts';
import { entries, text } from './readers.ts';

/** Scopes of OpenInference's instrumentations of agent frameworks for Python. */
export const pythonScopes = [
  'openinference.instrumentation.smolagents',
  'openinference.instrumentation.llama_index',
  'openinference.instrumentation.langchain',
  'openinference.instrumentation.dspy',
  'openinference.instrumentation.haystack',
  'openinference.instrumentation.agno',
  'openinference.instrumentation.crewai',
  'openinference.instrumentation.openai_agents',
] as const;

/**
 * OpenInference's instrumentations of agent frameworks for Python, beyond `openinference`: a tool's span has the name of a class
 * (`SimpleTool`), and `metadata` says where in a graph it stands. Their messages: messages.ts.
 */
export const openInferencePython = {
  name: 'openinference-python',
  source:
    'github.com/Arize-ai/openinference python/instrumentation, recorded 2026-11-30: smolagents 0.1.43, LlamaIndex 4.6.1, ' +
    'LangChain 0.1.80, DSPy, Haystack 0.1.46, Agno 1.0.15, OpenAI Agents 2.6.0',
  scopes: pythonScopes,
  // oxfmt-ignore
  rules: [
    // attribute   field       read as  known from
    ['tool.name', 'name',     text,    'seen'],
    ['metadata',  'metadata', entries, 'seen'], // langgraph_node, langgraph_step
  ],
} as const satisfies Convention;
