import type { Random } from './random.ts';
import type { Words } from './words.ts';

/** An observation before it has an id and a time of its own. Offsets are milliseconds after the start of its trace. */
export interface Step {
  /** Place in its trace; 0 is the root. */
  readonly index: number;
  /** Place of its parent; null for the root. */
  readonly parent: number | null;
  readonly type: 'agent' | 'generation' | 'tool' | 'retriever';
  readonly name: string;
  readonly startMs: number;
  readonly endMs: number;
  /** JSON text of messages, or bare text. */
  readonly input: string;
  readonly output: string;
  readonly failed: boolean;
  readonly model: string;
  readonly usage: Readonly<Record<string, number>>;
}

/** A trace: one question to an agent, which asks models and tools until it has an answer. */
export interface Conversation {
  readonly name: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly environment: string;
  readonly release: string;
  readonly tags: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
}

/** How many there are of each, for who asks about them. */
export const COUNTS = { users: 5000, tenants: 200, tags: 40, observationsMin: 3, observationsMax: 40 } as const;
const CHAT_MAX = 50_000;

const models = ['gpt-4o-mini', 'gpt-4o', 'claude-sonnet-4-5', 'gpt-4.1', 'gemini-2.5-flash', 'claude-haiku-4-5', 'o3'];
const agents = [
  'answer-question',
  'support-agent',
  'summarise-ticket',
  'checkout',
  'research',
  'triage',
  'code-review',
];
const tools = ['search-documents', 'get-order', 'read-file', 'run-query', 'send-mail', 'get-weather'];

export const userId = (number: number): string => `user-${number}`;
export const tenant = (number: number): string => `tenant-${number}`;
export const tag = (number: number): string => `tag-${number}`;

interface Message {
  readonly role: 'system' | 'user' | 'assistant' | 'tool';
  readonly content: string;
}

/** Four characters are a token, near enough. */
const tokens = (characters: number): number => Math.max(1, Math.round(characters / 4));

/**
 * Endless conversations. Every model call sends what was said before it in the trace, and a session's next trace goes on
 * where the last one ended: so inputs repeat and grow, from 0.5 to 50 KB.
 */
export function createConversations(random: Random, words: Words) {
  const systemPrompts = Array.from({ length: 12 }, () => words.prose(random, random.between(250, 700)));
  let session: { id: string; user: string; system: string; history: Message[]; turns: number } | undefined;
  let sessions = 0;

  function nextSession() {
    sessions += 1;
    return {
      id: `session-${random.between(0, 0xffffff).toString(16)}-${sessions}`,
      user: userId(random.skewed(COUNTS.users)),
      system: random.pick(systemPrompts),
      history: [] as Message[],
      turns: random.between(1, 2),
    };
  }

  return function next(observations = observationCount(random)): Conversation {
    if (!session || session.turns === 0) session = nextSession();
    session.turns -= 1;
    const { history } = session;
    const name = agents[random.skewed(agents.length)]!;
    const question = words.prose(random, random.spread(140, 0.7));
    const steps: Step[] = [];
    let clock = random.between(1, 20);
    let answer = '';
    history.push({ role: 'user', content: question });
    while (steps.length < observations - 1) {
      const startMs = clock;
      const place = { index: steps.length + 1, parent: 0, startMs };
      if (steps.length % 2 === 0) {
        // Some calls are about one thing alone: sorting a ticket, rewriting a query.
        const isAside = random.chance(0.35);
        const aside: Message[] = [
          { role: 'system', content: random.pick(systemPrompts) },
          { role: 'user', content: words.prose(random, random.spread(550, 0.8)) },
        ];
        const messages = isAside ? aside : fitting([{ role: 'system', content: session.system }, ...history]);
        const input = JSON.stringify(messages);
        const said = words.prose(random, random.spread(isAside ? 90 : 300, 0.8));
        const cached = random.chance(0.3) ? tokens(input.length * 0.6) : 0;
        clock += Math.round(random.spread(900, 0.8));
        steps.push({
          ...place,
          type: 'generation',
          name: isAside ? 'classify' : 'chat',
          endMs: clock,
          input,
          output: JSON.stringify({ role: 'assistant', content: said }),
          failed: random.chance(0.01),
          model: models[random.skewed(models.length)]!,
          usage: {
            input: tokens(input.length) - cached,
            output: tokens(said.length),
            ...(cached > 0 && { input_cached_tokens: cached }),
          },
        });
        if (!isAside) history.push({ role: 'assistant', content: said });
        answer = said;
      } else {
        const result = words.json(random, random.spread(420, 0.9));
        clock += Math.round(random.spread(120, 1));
        steps.push({
          ...place,
          type: random.chance(0.3) ? 'retriever' : 'tool',
          name: tools[random.skewed(tools.length)]!,
          endMs: clock,
          input: JSON.stringify({ query: words.prose(random, 40).trim(), limit: random.between(1, 20) }),
          output: result,
          failed: random.chance(0.02),
          model: '',
          usage: {},
        });
        history.push({ role: 'tool', content: result });
      }
      clock += random.between(1, 30);
    }
    const root: Step = {
      index: 0,
      parent: null,
      type: 'agent',
      name,
      startMs: 0,
      endMs: clock,
      input: question,
      output: answer,
      failed: false,
      model: '',
      usage: {},
    };
    return {
      name,
      userId: session.user,
      sessionId: session.id,
      environment: random.chance(0.8) ? 'production' : 'staging',
      release: `2026.${random.between(40, 47)}`,
      tags: [tag(random.skewed(COUNTS.tags)), ...(random.chance(0.4) ? [tag(random.skewed(COUNTS.tags))] : [])],
      metadata: { tenant: tenant(random.skewed(COUNTS.tenants)), region: random.pick(['eu-west-1', 'us-east-1']) },
      // The exporter sends what ended first, so the root comes last.
      steps: [...steps, root],
    };
  };
}

const observationCount = (random: Random): number =>
  Math.min(COUNTS.observationsMax, Math.max(COUNTS.observationsMin, Math.round(random.spread(6, 0.75))));

/** The newest messages that fit a chat, behind the first one. */
function fitting(messages: Message[]): Message[] {
  let size = 0;
  let from = messages.length;
  while (from > 1 && size + messages[from - 1]!.content.length < CHAT_MAX) {
    from -= 1;
    size += messages[from]!.content.length;
  }
  return [messages[0]!, ...messages.slice(from)];
}
