import { Check, TriangleAlert } from 'lucide-react';
import { useProject } from '../../app/useProject.ts';
import { Icon } from '../../components/Icon.tsx';
import { useCalledModels, useMatches } from './useModels.ts';
import { useSettled } from '../../components/useSettled.ts';

const MAX_NAMES = 20;
const MAX_NAME = 1000;

/** Whether the pattern matches the name it is meant for, and which other names of calls it matches. */
export function PatternTest({ pattern, name }: { pattern: string; name: string }) {
  const { project } = useProject();
  const called = useCalledModels(project.id);
  const others = (called.data?.data ?? []).map(({ model }) => model).filter((model) => model !== name);
  const names = [name, ...others].filter((one) => one !== '' && one.length <= MAX_NAME).slice(0, MAX_NAMES);
  const settled = useSettled(JSON.stringify({ pattern, names }));
  const asked = JSON.parse(settled) as { pattern: string; names: string[] };
  const matches = useMatches(project.id, asked.pattern, asked.names);
  if (pattern === '' || !matches.data) return <p className="min-h-4 text-small" />;
  const { problem, data } = matches.data;
  const own = data.find((match) => match.name === name);
  const more = data.filter((match) => match.matches && match.name !== name);
  return (
    <div role="status" className="flex flex-col gap-0.5 text-small">
      {problem !== null ? (
        <p className="flex items-start gap-1.5 text-danger">
          <Icon of={TriangleAlert} small className="mt-px" /> {problem}
        </p>
      ) : (
        <>
          {own && (
            <p className={`flex items-start gap-1.5 ${own.matches ? 'text-ok' : 'text-warn'}`}>
              <Icon of={own.matches ? Check : TriangleAlert} small className="mt-px" />
              <span className="min-w-0 break-words">
                {own.matches ? 'Matches' : 'Does not match'} <bdi className="code">{name}</bdi>
              </span>
            </p>
          )}
          {more.length > 0 && (
            <p className="break-words text-text-3">
              Of your calls it matches also{' '}
              {more.slice(0, 5).map((match, i) => (
                <span key={match.name}>
                  {i > 0 && ', '}
                  <bdi className="code">{match.name}</bdi>
                </span>
              ))}
              {more.length > 5 && ` and ${more.length - 5} more`}.
            </p>
          )}
        </>
      )}
    </div>
  );
}
