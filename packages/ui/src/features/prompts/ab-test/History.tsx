import { Link } from '@tanstack/react-router';
import type { AbTest } from '@tracehouse/contract/x-ab-tests';
import { Fragment } from 'react';
import { useZone } from '../../../app/preferences.ts';
import { useProject } from '../../../app/useProject.ts';
import { formatMinute, formatShortDay } from '../../../components/formats.ts';
import { endWords, eventsOf, formatArms, stateWords } from './words.ts';

/** What happened to a test, and its earlier phases. */
export function History({ test }: { test: AbTest }) {
  const { project } = useProject();
  const params = { projectId: project.id, promptName: test.prompt };
  return (
    <section className="px-4 py-3">
      <h3 className="mb-2 text-small font-medium">History</h3>
      <dl className="grid grid-cols-fact gap-x-3 gap-y-0.5">
        {eventsOf(test).map((event, at) => (
          <Fragment key={at}>
            <Moment at={event.at} />
            <dd className="min-w-0 break-words">{event.text}</dd>
          </Fragment>
        ))}
      </dl>
      {test.phases.length > 1 && (
        <p className="mt-2 flex flex-wrap gap-x-3 text-small text-text-2">
          Results of
          {test.phases.map(({ number }) => (
            <Link
              key={number}
              to="/project/$projectId/prompts/$promptName/ab-test"
              params={params}
              search={{ test: test.id, phase: String(number) }}
            >
              phase {number}
            </Link>
          ))}
        </p>
      )}
    </section>
  );
}

/** Other tests of the prompt, the newest first. */
export function TestList({ title, tests }: { title: string; tests: readonly AbTest[] }) {
  const { project } = useProject();
  if (tests.length === 0) return null;
  return (
    <section className="px-4 py-3">
      <h3 className="mb-2 text-small font-medium">{title}</h3>
      <dl className="grid grid-cols-fact gap-x-3 gap-y-1">
        {tests.map((test) => (
          <Fragment key={test.id}>
            <Moment at={test.startedAt ?? test.createdAt} />
            <dd className="min-w-0">
              <Link
                to="/project/$projectId/prompts/$promptName/ab-test"
                params={{ projectId: project.id, promptName: test.prompt }}
                search={{ test: test.id }}
                title={test.name ?? undefined}
                className="line-clamp-2 break-words"
              >
                <bdi>{test.name ?? test.label}</bdi>: {formatArms(test.arms)}
              </Link>
              <span className="block text-small text-text-3">
                {test.state === 'ended' ? endWords(test) : stateWords[test.state]}
              </span>
            </dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}

function Moment({ at }: { at: string }) {
  const zone = useZone();
  const date = new Date(at);
  return (
    <dt className="data leading-5 text-text-3">
      <time dateTime={at}>
        {formatShortDay(date, zone)} {formatMinute(date, zone)}
      </time>
    </dt>
  );
}
