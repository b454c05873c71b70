/** Questions that are asked as one; many small ones cost more than one of this size, larger ones hold too much memory. */
const MAX_TOGETHER = 32;

/**
 * Asks one thing at a time a project. What is asked meanwhile is asked together next: `ask` gets all of it and answers each.
 * An answer is never older than its question.
 */
export function together<Question, Answer>(
  ask: (projectId: string, questions: readonly Question[]) => Promise<readonly Answer[]>,
): (projectId: string, question: Question) => Promise<Answer> {
  interface Round {
    questions: Question[];
    answers: Promise<readonly Answer[]>;
  }
  /** Not asked yet. */
  const gathering = new Map<string, Round>();
  /** The last of each project. */
  const rounds = new Map<string, Promise<unknown>>();

  function begin(projectId: string): Round {
    const questions: Question[] = [];
    const before = rounds.get(projectId) ?? Promise.resolve();
    const answers = before.then(() => {
      if (gathering.get(projectId) === round) gathering.delete(projectId);
      return ask(projectId, questions);
    });
    const ended = answers
      .catch(() => undefined) // told to those who asked
      .then(() => {
        if (rounds.get(projectId) === ended) rounds.delete(projectId);
      });
    rounds.set(projectId, ended);
    const round = { questions, answers };
    gathering.set(projectId, round);
    return round;
  }

  return async (projectId, question) => {
    const open = gathering.get(projectId);
    const round = open && open.questions.length < MAX_TOGETHER ? open : begin(projectId);
    const place = round.questions.push(question) - 1;
    return (await round.answers)[place]!;
  };
}
