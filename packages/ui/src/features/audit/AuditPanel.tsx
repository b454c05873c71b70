import type { AuditLineDetails } from '@tracehouse/contract/x-audit-log';
import { Ban, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { useKeys } from '../../app/keys.ts';
import { Button } from '../../components/Button.tsx';
import { classes } from '../../components/class-names.ts';
import { CopyButton } from '../../components/CopyButton.tsx';
import { Icon } from '../../components/Icon.tsx';
import { Failure, Loading, SkeletonRows } from '../../components/states.tsx';
import { Time } from '../../components/Time.tsx';
import { compareFields, type FieldChange } from './changes.ts';
import { type AuditPlace, type AuditSearch, useAuditLine } from './useAuditLog.ts';
import { actorKind, actorName, deedOf, nounOf, objectOf } from './words.ts';

interface AuditPanelProps {
  place: AuditPlace;
  id: string;
  close: () => void;
  /** Shows the lines of this filter instead. */
  show: (filter: AuditSearch) => void;
}

/** One line: who, from where, and what the object was and is. */
export function AuditPanel({ place, id, close, show }: AuditPanelProps) {
  const line = useAuditLine(place, id);
  useKeys([{ key: 'Escape', does: 'Close the line', run: close }]);
  return (
    <section
      aria-label="Audit line details"
      aria-busy={line.isFetching}
      className="flex min-h-0 w-132 shrink-0 flex-col border-l max-wide:w-110 max-panel:h-1/2 max-panel:w-full max-panel:border-t max-panel:border-l-0"
    >
      <div className="flex items-start gap-2 px-4 pt-2.5 pb-2">
        <h3 className="min-w-0 flex-1 text-lead break-words">
          {line.data ? <Sentence line={line.data} /> : 'Audit line'}
        </h3>
        <Button square compact look="quiet" aria-label="Close (Esc)" onClick={close}>
          <Icon of={X} />
        </Button>
      </div>
      <div
        role="group"
        aria-label="Details"
        tabIndex={0}
        className="min-h-0 flex-1 overflow-y-auto border-t outline-inside"
      >
        {line.isPending ? (
          <Loading label="Loading the line" skeleton={<SkeletonRows rows={8} widths={['w-24', 'flex-1']} />} />
        ) : line.isError ? (
          <Failure what="the line" error={line.error} retry={() => void line.refetch()} />
        ) : (
          <Details line={line.data} show={show} />
        )}
      </div>
    </section>
  );
}

const Sentence = ({ line }: { line: AuditLineDetails }) => (
  <>
    <bdi>{actorName(line)}</bdi> {deedOf(line)} <bdi>{objectOf(line)}</bdi>
  </>
);

function Details({ line, show }: { line: AuditLineDetails; show: (filter: AuditSearch) => void }) {
  const { actor, project } = line;
  const who = actor.id ?? actor.name;
  return (
    <>
      {line.refusedFor !== null && (
        <p className="flex items-start gap-2 bg-danger-bg px-4 py-2 text-danger">
          <span className="flex h-5 items-center">
            <Icon of={Ban} small />
          </span>
          <span>
            Refused: <bdi>{line.refusedFor}</bdi>
          </span>
        </p>
      )}
      <Fields line={line} />
      <dl className="grid grid-cols-fact gap-x-3 gap-y-1 border-t px-4 py-3 text-small">
        <Fact term="When">
          <Time at={line.at} full className="data" />
        </Fact>
        <Fact
          term={actorKind(line)}
          copy={actor.name}
          action={
            who !== null && (
              <Button compact look="quiet" onClick={() => show({ actor: who })}>
                Only theirs
              </Button>
            )
          }
        >
          <bdi className="break-words">{actorName(line)}</bdi>
        </Fact>
        {actor.kind !== 'system' && <Id term="Id" value={actor.id} />}
        <Id term="Session" value={actor.sessionId} />
        <Id term="Address" value={actor.ip} />
        {actor.userAgent !== null && (
          <Fact term="Client">
            <bdi className="break-words">{actor.userAgent}</bdi>
          </Fact>
        )}
        {project !== null && (
          <Fact term="Project" copy={project.id}>
            <bdi>{project.name ?? `${project.id} (deleted)`}</bdi>
          </Fact>
        )}
        <Fact term="Object">{nounOf(line.objectType)}</Fact>
        {line.objectId !== null && (
          <Fact
            term="Object id"
            copy={line.objectId}
            action={
              <Button compact look="quiet" onClick={() => show({ type: line.objectType, object: line.objectId! })}>
                Its history
              </Button>
            }
          >
            <bdi className="data break-all">{line.objectId}</bdi>
          </Fact>
        )}
        <Id term="Line" value={line.id} />
      </dl>
    </>
  );
}

const Id = ({ term, value }: { term: string; value: string | null }) =>
  value === null ? null : (
    <Fact term={term} copy={value}>
      <bdi className="data break-all">{value}</bdi>
    </Fact>
  );

const Fact = ({
  term,
  copy,
  action,
  children,
}: {
  term: string;
  copy?: string | null;
  action?: ReactNode;
  children: ReactNode;
}) => (
  <>
    <dt className="leading-6 text-text-3">{term}</dt>
    <dd className="flex min-h-6 min-w-0 items-center gap-1">
      <span className="min-w-0">{children}</span>
      {copy != null && <CopyButton text={copy} label={`Copy ${term.toLowerCase()}`} />}
      {action}
    </dd>
  </>
);

/** What changed, field by field; what stayed is there when asked for. */
function Fields({ line }: { line: AuditLineDetails }) {
  const [showsAll, setShowsAll] = useState(false);
  const fields = compareFields(line.before, line.after);
  const changed = fields.filter(({ before, after }) => before !== after);
  const same = fields.length - changed.length;
  if (fields.length === 0) {
    return line.refusedFor === null ? (
      <p className="px-4 py-3 text-text-2">What it was is not kept: it was data, and is gone.</p>
    ) : null;
  }
  return (
    <div className="px-4 py-3">
      <h4 className="mb-1.5 flex items-center text-small font-medium text-text-2">
        <span className="flex-1">
          {line.before === null ? 'What it is' : line.after === null ? 'What it was' : 'What changed'}
        </span>
        {same > 0 && (
          <Button compact look="quiet" aria-pressed={showsAll} onClick={() => setShowsAll(!showsAll)}>
            {same === 1 ? '1 field stayed' : `${same} fields stayed`}
          </Button>
        )}
      </h4>
      <dl className="flex flex-col gap-1">
        {(showsAll ? fields : changed).map((field) => (
          <Field key={field.path} field={field} />
        ))}
      </dl>
    </div>
  );
}

function Field({ field: { path, before, after } }: { field: FieldChange }) {
  return (
    <div className="grid grid-cols-term gap-x-3">
      <dt className="code break-words text-text-3">
        <bdi>{path === '' ? 'value' : path}</bdi>
      </dt>
      {before === after ? (
        <dd className="code whitespace-pre-wrap break-words text-text-2">
          <bdi>{after}</bdi>
        </dd>
      ) : (
        <dd className="min-w-0">
          {before !== undefined && <Side sign="−" word="Was" text={before} />}
          {after !== undefined && <Side sign="+" word="Is" text={after} />}
        </dd>
      )}
    </div>
  );
}

const Side = ({ sign, word, text }: { sign: '+' | '−'; word: string; text: string }) => (
  <div className={classes('code flex gap-2 px-1.5', sign === '+' ? 'bg-diff-add' : 'bg-diff-del')}>
    <span aria-hidden="true">{sign}</span>
    <span className="sr-only">{word}</span>
    <bdi className="min-w-0 flex-1 whitespace-pre-wrap break-words">{text === '' ? ' ' : text}</bdi>
  </div>
);
