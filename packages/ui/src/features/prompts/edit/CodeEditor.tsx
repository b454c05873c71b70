import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { classes } from '../../../components/class-names.ts';
import type { Editor, EditorLanguage } from './code-mirror.ts';

interface CodeEditorProps {
  label: string;
  text: string;
  language: EditorLanguage;
  onChange: (text: string) => void;
  isInvalid?: boolean;
  /** Of the empty field. */
  minHeightPx?: number;
}

/** A field for a text of any length. Until the editor has come the text can be read. */
export function CodeEditor({ label, text, language, onChange, isInvalid = false, minHeightPx = 54 }: CodeEditorProps) {
  const host = useRef<HTMLDivElement>(null);
  const [editor, setEditor] = useState<Editor>();
  const latest = useRef({ text, onChange });
  // In the commit itself: later, what was typed meanwhile would be taken back.
  useLayoutEffect(() => {
    latest.current = { text, onChange };
    editor?.show(text);
  });
  useEffect(() => {
    const place = host.current;
    let opened: Editor | undefined;
    let isGone = false;
    const open = async () => {
      const { openEditor } = await import('./code-mirror.ts');
      if (isGone || !place) return;
      opened = openEditor(place.shadowRoot ?? place.attachShadow({ mode: 'open', delegatesFocus: true }), {
        text: latest.current.text,
        language,
        minHeightPx,
        onChange: (next) => latest.current.onChange(next),
      });
      setEditor(opened);
    };
    void open();
    return () => {
      isGone = true;
      opened?.destroy();
      setEditor(undefined);
    };
  }, [language, minHeightPx]);
  useEffect(() => editor?.setSaid({ label, isInvalid }), [editor, label, isInvalid]);
  return (
    <div
      className={classes(
        'rounded-control border bg-raised focus-within:outline-2 focus-within:outline-offset-1 focus-within:outline-focus',
        isInvalid ? 'border-danger' : 'border-line-strong',
      )}
    >
      <div ref={host} data-editor={label} />
      {!editor && (
        <pre className="code px-2.5 py-2 break-words whitespace-pre-wrap" dir="auto" style={{ minHeight: minHeightPx }}>
          {text}
        </pre>
      )}
    </div>
  );
}
