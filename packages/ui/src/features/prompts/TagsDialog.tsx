import { X } from 'lucide-react';
import { useState, type FormEvent } from 'react';
import { missingRole } from '../../app/session.ts';
import { useProject } from '../../app/useProject.ts';
import { Button } from '../../components/Button.tsx';
import { Cancel } from '../../components/Cancel.tsx';
import { Dialog } from '../../components/Dialog.tsx';
import { Field } from '../../components/Field.tsx';
import { Icon } from '../../components/Icon.tsx';
import { useSetTags } from './usePrompts.ts';

interface TagsDialogProps {
  name: string;
  tags: readonly string[];
  close: () => void;
}

/** Tags of a prompt, which all its versions share. */
export function TagsDialog({ name, tags, close }: TagsDialogProps) {
  const { project } = useProject();
  const save = useSetTags(project.id);
  const [chosen, setChosen] = useState(tags);
  const [typed, setTyped] = useState('');
  const withTyped = () => [...new Set([...chosen, ...typed.split(',').map((tag) => tag.trim())])].filter(Boolean);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate({ name, tags: withTyped() }, { onSuccess: close });
  };
  return (
    <Dialog title={`Tags of ${name}`} open onClose={close}>
      <form onSubmit={submit} className="mt-1 flex flex-col gap-3">
        <WordList words={chosen} what="tag" remove={(tag) => setChosen(chosen.filter((one) => one !== tag))} />
        <Field
          label="Add tags, with commas between"
          value={typed}
          maxLength={2000}
          dir="auto"
          onChange={(event) => setTyped(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || typed.trim() === '') return;
            event.preventDefault();
            setChosen(withTyped());
            setTyped('');
          }}
        />
        {save.isError && (
          <p role="alert" className="text-small text-danger">
            The tags were not saved. {save.error.message}
          </p>
        )}
        <div className="flex gap-2">
          <Button type="submit" look="primary" disabledBecause={missingRole(project, 'MEMBER')}>
            {save.isPending ? 'Saving …' : 'Save tags'}
          </Button>
          <Cancel close={close} />
        </div>
      </form>
    </Dialog>
  );
}

interface WordListProps {
  words: readonly string[];
  /** "tag". */
  what: string;
  /** Left out where nothing may be taken away. */
  remove?: ((word: string) => void) | undefined;
}

/** Words that were chosen, each of which can be taken away. */
export const WordList = ({ words, what, remove }: WordListProps) =>
  words.length === 0 ? (
    <p className="text-small text-text-3">No {what}s.</p>
  ) : (
    <ul className="flex flex-wrap gap-1">
      {words.map((word) => (
        <li
          key={word}
          className="flex h-6 max-w-full items-center rounded-control bg-hover pl-2 text-small text-text-2"
        >
          <span className="truncate pr-2" dir="auto">
            {word}
          </span>
          {remove && (
            <button
              type="button"
              aria-label={`Remove ${what} ${word}`}
              onClick={() => remove(word)}
              className="-ml-1 flex size-6 shrink-0 items-center justify-center rounded-control outline-inside hover:text-text"
            >
              <Icon of={X} small />
            </button>
          )}
        </li>
      ))}
    </ul>
  );
