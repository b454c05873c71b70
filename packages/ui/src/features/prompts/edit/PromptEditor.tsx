import { useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import {
  readWholePrompt,
  type PromptVersionDetail,
  type PromptVersionSummary,
  type WholePrompt,
} from '@tracehouse/contract/x-prompts';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { call, CallError } from '../../../api/call.ts';
import { TopBar } from '../../../app/TopBar.tsx';
import { useDocumentTitle } from '../../../app/useDocumentTitle.ts';
import { useProject } from '../../../app/useProject.ts';
import { Button } from '../../../components/Button.tsx';
import { classes } from '../../../components/class-names.ts';
import { Field } from '../../../components/Field.tsx';
import { Note } from '../../../components/states.tsx';
import { Tabs } from '../../../components/Tabs.tsx';
import { Time } from '../../../components/Time.tsx';
import { tell } from '../../../components/toasts.tsx';
import { Changes } from './Changes.tsx';
import { CodeEditor } from './CodeEditor.tsx';
import { ConflictDialog } from './ConflictDialog.tsx';
import { contentOf, nameProblem, readConfig, toCreatePrompt, type Draft } from './draft.ts';
import { dropDraft, type DraftPlace } from './kept-drafts.ts';
import { LabelsField } from './LabelsField.tsx';
import { LeaveDialog } from './LeaveDialog.tsx';
import { MessageBlocks } from './MessageBlocks.tsx';
import { Preview } from './Preview.tsx';
import { useDraft } from './useDraft.ts';
import { useSavePrompt } from './useEditing.ts';
import { lastPart } from '../folders.ts';
import { Crumbs } from '../PromptFrame.tsx';
import { WantedList } from './WantedList.tsx';

interface PromptEditorProps {
  place: DraftPlace;
  /** What it begins as. */
  initial: Draft;
  /** The prompt and the version it begins from; null: a new prompt. */
  source: { whole: WholePrompt; version: PromptVersionDetail } | null;
  /** Begins anew from a version. */
  startFrom: (version: number) => void;
}

/** Writes a version: text or messages, config, message and labels, with what it changes and what it resolves to beside it. */
export function PromptEditor({ place, initial, source, startFrom }: PromptEditorProps) {
  const { project } = useProject();
  const navigate = useNavigate();
  const client = useQueryClient();
  const save = useSavePrompt(project.id);
  const from = source?.version.version ?? null;
  const { draft, change: changeDraft, isChanged, isKept, foundAt, discard } = useDraft(place, { initial, from });
  const [problem, setProblem] = useState<string>();
  const [conflict, setConflict] = useState<PromptVersionSummary>();
  const [tab, setTab] = useState<'changes' | 'preview'>(source ? 'changes' : 'preview');
  const isDone = useRef(false);
  const change = (part: Partial<Draft>) => {
    changeDraft(part);
    setProblem(undefined);
  };
  const newest = source?.whole.versions[0]?.version ?? null;
  const name = draft.name.trim();
  const title = place.name ?? (name === '' ? 'New prompt' : name);
  useDocumentTitle(
    `${isChanged ? '• ' : ''}${place.name === null ? 'New prompt' : `Edit ${place.name}`}`,
    project.name,
  );

  const submit = (seenLatest: number | null) => {
    if (save.isPending) return;
    const made = toCreatePrompt(draft);
    if ('problem' in made) return setProblem(made.problem);
    save.mutate(
      { prompt: made.prompt, expectedLatest: seenLatest },
      {
        onSuccess: ({ version }) => {
          isDone.current = true;
          dropDraft(place);
          tell(`Saved version ${version} of ${made.prompt.name}`);
          void navigate({
            to: '/project/$projectId/prompts/$promptName',
            params: { projectId: project.id, promptName: made.prompt.name },
            search: { version: String(version) },
          });
        },
        onError: (error) => void explain(error, made.prompt.name, seenLatest),
      },
    );
  };
  /** A newer version is shown, what else was refused is said. */
  const explain = async (error: Error, savedName: string, seenLatest: number | null) => {
    if (error instanceof CallError && error.status === 409) {
      const found = await newestOf(project.id, savedName);
      if (found && place.name === null) {
        return setProblem(
          `There is a prompt of this name, with version ${found.version}. Choose another, or edit that one.`,
        );
      }
      if (found && found.version !== seenLatest) {
        void client.invalidateQueries({ queryKey: ['prompts', project.id] });
        return setConflict(found);
      }
    }
    return setProblem(`Not saved. ${error.message}`);
  };
  useSaveKey(() => submit(draft.seenLatest));

  // The version that this save makes did not come from elsewhere.
  const isSaving = save.isPending || save.isSuccess;
  const isBehind = !isSaving && newest !== null && draft.seenLatest !== null && newest > draft.seenLatest;
  return (
    <main className="flex min-h-0 flex-1 flex-col">
      <TopBar
        parent={<Crumbs project={project.id} name={place.name ?? ''} />}
        title={
          <>
            {isChanged && (
              <span className="mr-1.5 text-accent" title="Unsaved changes">
                <span aria-hidden="true">●</span>
                <span className="sr-only">Unsaved changes: </span>
              </span>
            )}
            <span title={title}>{place.name === null ? title : lastPart(title)}</span>
          </>
        }
      >
        {isChanged && <Button onClick={discard}>Discard changes</Button>}
        <Button look="primary" title="Ctrl S or ⌘S" onClick={() => submit(draft.seenLatest)}>
          {save.isPending ? 'Saving …' : `Save version ${(newest ?? 0) + 1}`}
        </Button>
      </TopBar>
      {problem !== undefined && <Note tone="danger">{problem}</Note>}
      {!isKept && <Note tone="warn">This browser does not store drafts: unsaved changes go with this tab.</Note>}
      {isBehind && <Note tone="info">Version {newest} came since you began. Saving will show it and ask.</Note>}
      <div className="flex min-h-0 flex-1 max-panel:flex-col max-panel:overflow-auto">
        <div className="flex min-w-0 flex-1 flex-col gap-4 overflow-auto p-4 max-panel:overflow-visible">
          {source && (
            <p className="text-text-2" role="status">
              Starts from version {from}
              {from === newest ? ', the newest' : `, not from the newest (version ${newest})`}.
              {foundAt !== null && isChanged && (
                <>
                  {' '}
                  Your unsaved draft of <Time at={foundAt} className="data" /> was kept.
                </>
              )}
            </p>
          )}
          {place.name === null && <NameAndType draft={draft} change={change} />}
          <section aria-label={draft.type === 'text' ? 'Text' : 'Messages'} className="flex flex-col gap-2">
            {draft.type === 'text' ? (
              <>
                <h2 className="text-small text-text-2">Text</h2>
                <CodeEditor
                  label="Text"
                  text={draft.text}
                  language="prompt"
                  minHeightPx={180}
                  onChange={(text) => change({ text })}
                />
              </>
            ) : (
              <>
                <h2 className="text-small text-text-2">Messages</h2>
                <MessageBlocks messages={draft.messages} onChange={(messages) => change({ messages })} />
              </>
            )}
            <WantedList prompt={contentOf(draft)} />
          </section>
          <Config text={draft.config} onChange={(config) => change({ config })} />
        </div>
        <aside
          aria-label="Before saving"
          className="flex min-h-0 w-110 shrink-0 flex-col border-l max-wide:w-95 max-panel:w-full max-panel:border-t max-panel:border-l-0"
        >
          <div className="min-h-0 flex-1 overflow-auto px-4 pt-1.5 pb-4">
            {source ? (
              <Tabs
                label="Before saving"
                chosen={tab}
                onChoose={setTab}
                tabs={[
                  { id: 'changes', label: 'Changes' },
                  { id: 'preview', label: 'Preview' },
                ]}
              >
                <div className="pt-3">
                  {tab === 'changes' ? (
                    <Changes base={source.version} baseName={`version ${from}`} draft={draft} />
                  ) : (
                    <Preview name={name} prompt={contentOf(draft)} />
                  )}
                </div>
              </Tabs>
            ) : (
              <>
                <h2 className="pt-1.5 pb-3 text-small text-text-2">Preview</h2>
                <Preview name={name} prompt={contentOf(draft)} />
              </>
            )}
          </div>
          <div className="flex max-h-1/2 shrink-0 flex-col gap-3 overflow-auto border-t p-4">
            <Field
              label="What changed, for the list of versions"
              value={draft.commitMessage}
              maxLength={500}
              dir="auto"
              onChange={(event) => change({ commitMessage: event.target.value })}
              className="w-full"
            />
            <LabelsField
              places={source?.whole.labels ?? []}
              chosen={draft.labels}
              onChange={(labels) => change({ labels })}
            />
          </div>
        </aside>
      </div>
      <ConflictDialog
        name={name}
        newest={conflict}
        draft={draft}
        isSaving={save.isPending}
        saveAnyway={() => {
          const seenLatest = conflict?.version ?? null;
          change({ seenLatest });
          setConflict(undefined);
          submit(seenLatest);
        }}
        startOver={() => {
          const version = conflict?.version;
          setConflict(undefined);
          if (version !== undefined) startFrom(version);
        }}
        close={() => setConflict(undefined)}
      />
      <LeaveDialog isUnsaved={() => isChanged && !isDone.current} isKept={isKept} discard={() => dropDraft(place)} />
    </main>
  );
}

/** Undefined when that cannot be read. */
async function newestOf(project: string, name: string): Promise<PromptVersionSummary | undefined> {
  try {
    const { versions } = await call(readWholePrompt, { project, query: { name } });
    return versions[0];
  } catch {
    return undefined;
  }
}

/** Ctrl S and ⌘S, from every field: they never reach the browser. */
function useSaveKey(run: () => void): void {
  const latest = useRef(run);
  useEffect(() => {
    latest.current = run;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 's' || !(event.metaKey || event.ctrlKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      if (!document.querySelector('[role="dialog"]')) latest.current();
    };
    document.addEventListener('keydown', onKeyDown);
    return () => document.removeEventListener('keydown', onKeyDown);
  }, []);
}

function NameAndType({ draft, change }: { draft: Draft; change: (part: Partial<Draft>) => void }) {
  return (
    <div className="flex flex-wrap items-start gap-4">
      <div className="min-w-60 flex-1">
        <Field
          label="Name; slashes make folders"
          value={draft.name}
          maxLength={255}
          spellCheck={false}
          dir="auto"
          placeholder="support/answer"
          problem={draft.name === '' ? undefined : nameProblem(draft.name.trim())}
          onChange={(event) => change({ name: event.target.value })}
          className="w-full"
        />
      </div>
      <fieldset className="flex flex-col gap-1 text-small text-text-2">
        <legend className="mb-1">Type, for all its versions</legend>
        <div className="flex gap-1">
          {(['text', 'chat'] as const).map((type) => (
            <Button key={type} aria-pressed={draft.type === type} onClick={() => change({ type })}>
              {type === 'text' ? 'Text' : 'Chat'}
            </Button>
          ))}
        </div>
      </fieldset>
    </div>
  );
}

function Config({ text, onChange }: { text: string; onChange: (text: string) => void }): ReactNode {
  const read = readConfig(text);
  const isWrong = 'problem' in read;
  return (
    <section aria-label="Config" className="flex flex-col gap-1">
      <h2 className="text-small text-text-2">
        Config <span className="text-text-3">JSON for your program: model, temperature, tools</span>
      </h2>
      <CodeEditor label="Config" text={text} language="json" isInvalid={isWrong} onChange={onChange} />
      <p role="status" className={classes('min-h-4 text-small', isWrong ? 'text-danger' : 'text-text-3')}>
        {isWrong ? read.problem : ''}
      </p>
    </section>
  );
}
