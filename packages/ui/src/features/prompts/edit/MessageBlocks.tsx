import { ChevronDown, ChevronUp, GripVertical, Plus, X } from 'lucide-react';
import { useId, useLayoutEffect, useRef, useState } from 'react';
import { Button } from '../../../components/Button.tsx';
import { classes } from '../../../components/class-names.ts';
import { fieldClass } from '../../../components/Field.tsx';
import { Icon } from '../../../components/Icon.tsx';
import { CodeEditor } from './CodeEditor.tsx';
import { moved, nextKey, type DraftMessage } from './draft.ts';

interface MessageBlocksProps {
  messages: readonly DraftMessage[];
  onChange: (messages: DraftMessage[]) => void;
}

const roles = ['system', 'developer', 'user', 'assistant', 'tool'];

/** The messages of a chat, one block each; the handle moves a block by dragging, or by the arrow keys. */
export function MessageBlocks({ messages, onChange }: MessageBlocksProps) {
  const list = useRef<HTMLOListElement>(null);
  const handleToFocus = useRef<number>(null);
  const [dragged, setDragged] = useState<number | null>(null);
  const [over, setOver] = useState<number | null>(null);
  const [news, setNews] = useState('');
  const roleList = useId();
  // A block that moved lost its focus on the way.
  useLayoutEffect(() => {
    if (handleToFocus.current === null) return;
    list.current?.querySelector<HTMLElement>(`[data-handle="${handleToFocus.current}"]`)?.focus();
    handleToFocus.current = null;
  });
  const set = (next: DraftMessage) => onChange(messages.map((message) => (message.key === next.key ? next : message)));
  const move = (from: number, to: number) => {
    if (to < 0 || to >= messages.length || from === to) return;
    handleToFocus.current = messages[from]?.key ?? null;
    setNews(`Moved to place ${to + 1} of ${messages.length}.`);
    onChange(moved(messages, from, to));
  };
  const add = (kind: DraftMessage['kind']) => {
    const role = kind === 'placeholder' ? '' : messages.at(-1)?.role === 'user' ? 'assistant' : 'user';
    onChange([...messages, { key: nextKey(messages), kind, role, text: '' }]);
  };
  const endDrag = () => {
    setDragged(null);
    setOver(null);
  };
  return (
    <div className="flex flex-col gap-3">
      <ol ref={list} className="flex flex-col gap-3">
        {messages.map((message, at) => {
          const name = message.kind === 'placeholder' ? `placeholder ${at + 1}` : `message ${at + 1}`;
          return (
            // The handle is what one drags, a button that keys move too; the block only takes what is dropped.
            // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
            <li
              key={message.key}
              aria-label={message.kind === 'placeholder' ? `Placeholder ${message.text}` : `Message of ${message.role}`}
              onDragOver={(event) => {
                if (dragged === null) return;
                event.preventDefault();
                setOver(at);
              }}
              onDrop={(event) => {
                event.preventDefault();
                if (dragged !== null) move(dragged, at);
                endDrag();
              }}
              className={classes(
                'flex flex-col gap-1',
                dragged === at && 'opacity-50',
                over === at && dragged !== at && (dragged ?? 0) < at && 'border-b-2 border-accent',
                over === at && dragged !== at && (dragged ?? 0) > at && 'border-t-2 border-accent',
              )}
            >
              <div className="flex items-center gap-1">
                <button
                  type="button"
                  draggable
                  data-handle={message.key}
                  aria-label={`Move ${name}: arrow up or down`}
                  title="Drag to move, or press arrow up or down"
                  onDragStart={(event) => {
                    event.dataTransfer.effectAllowed = 'move';
                    event.dataTransfer.setData('text/plain', '');
                    setDragged(at);
                  }}
                  onDragEnd={endDrag}
                  onKeyDown={(event) => {
                    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
                    if (step === undefined) return;
                    event.preventDefault();
                    move(at, at + step);
                  }}
                  className="flex size-6 cursor-grab items-center justify-center rounded-control text-text-3 hover:bg-hover"
                >
                  <Icon of={GripVertical} small />
                </button>
                {message.kind === 'placeholder' ? (
                  <>
                    <span className="w-20 text-text-2">placeholder</span>
                    <input
                      aria-label={`Name of ${name}`}
                      value={message.text}
                      spellCheck={false}
                      autoComplete="off"
                      placeholder="history"
                      onChange={(event) => set({ ...message, text: event.target.value })}
                      className={classes(fieldClass, 'code w-60')}
                    />
                  </>
                ) : (
                  <input
                    aria-label={`Role of ${name}`}
                    list={roleList}
                    value={message.role}
                    spellCheck={false}
                    autoComplete="off"
                    onChange={(event) => set({ ...message, role: event.target.value })}
                    className={classes(fieldClass, 'w-30')}
                  />
                )}
                <span className="flex-1" />
                <Button
                  compact
                  square
                  look="quiet"
                  aria-label={`Move ${name} up`}
                  disabledBecause={at === 0 ? 'It is the first.' : undefined}
                  onClick={() => move(at, at - 1)}
                >
                  <Icon of={ChevronUp} small />
                </Button>
                <Button
                  compact
                  square
                  look="quiet"
                  aria-label={`Move ${name} down`}
                  disabledBecause={at === messages.length - 1 ? 'It is the last.' : undefined}
                  onClick={() => move(at, at + 1)}
                >
                  <Icon of={ChevronDown} small />
                </Button>
                <Button
                  compact
                  square
                  look="quiet"
                  aria-label={`Remove ${name}`}
                  onClick={() => onChange(messages.filter(({ key }) => key !== message.key))}
                >
                  <Icon of={X} small />
                </Button>
              </div>
              {message.kind === 'message' && (
                <CodeEditor
                  label={`Text of ${name}`}
                  text={message.text}
                  language="prompt"
                  onChange={(text) => set({ ...message, text })}
                />
              )}
            </li>
          );
        })}
      </ol>
      <datalist id={roleList}>
        {roles.map((role) => (
          <option key={role} value={role}>
            {role}
          </option>
        ))}
      </datalist>
      <div className="flex gap-2">
        <Button compact onClick={() => add('message')}>
          <Icon of={Plus} small /> Message
        </Button>
        <Button compact onClick={() => add('placeholder')}>
          <Icon of={Plus} small /> Placeholder
        </Button>
      </div>
      <p role="status" className="sr-only">
        {news}
      </p>
    </div>
  );
}
