import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { Annotation, Compartment, EditorState, type Extension, type Range } from '@codemirror/state';
import {
  Decoration,
  EditorView,
  keymap,
  lineNumbers,
  ViewPlugin,
  type DecorationSet,
  type ViewUpdate,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { textParts } from '../prompt-text.ts';

/** What is edited: a text with variables and tags, or JSON. */
export type EditorLanguage = 'prompt' | 'json';

export interface Editor {
  /** Shows another text; the one it shows already changes nothing. */
  show(text: string): void;
  setSaid(said: Said): void;
  destroy(): void;
}

/** What screen readers are told. */
interface Said {
  label: string;
  isInvalid: boolean;
}

interface EditorOptions {
  text: string;
  language: EditorLanguage;
  minHeightPx: number;
  onChange: (text: string) => void;
}

/**
 * CodeMirror in a shadow root: there its styles are adopted sheets, which the content security policy allows, and not a style
 * tag, which it does not.
 */
export function openEditor(root: ShadowRoot, { text, language, minHeightPx, onChange }: EditorOptions): Editor {
  const attributes = new Compartment();
  // As it was given: the editor's own lines all end in LF, so that a text with CRLF never is what the editor holds.
  let shown = text;
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        history(),
        // Tab leaves the editor: it must not trap the keyboard.
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.lineWrapping,
        // Each line in the direction of its own script.
        EditorView.perLineTextDirection.of(true),
        languages[language],
        look,
        typedOver,
        EditorView.theme({ '.cm-content, .cm-gutter': { minHeight: `${minHeightPx}px` } }),
        attributes.of([]),
        EditorView.updateListener.of((update) => {
          if (!update.docChanged || update.transactions.some((one) => one.annotation(given))) return;
          shown = update.state.doc.toString();
          onChange(shown);
        }),
      ],
    }),
  });
  return {
    show(next) {
      if (next === shown) return;
      shown = next;
      view.dispatch({
        changes: { from: 0, to: view.state.doc.length, insert: next },
        annotations: given.of(true),
      });
    },
    setSaid: ({ label, isInvalid }) =>
      view.dispatch({
        effects: attributes.reconfigure(
          EditorView.contentAttributes.of({ 'aria-label': label, ...(isInvalid && { 'aria-invalid': 'true' }) }),
        ),
      }),
    destroy: () => view.destroy(),
  };
}

/** A change that was asked for by `show`: nobody typed it. */
const given = Annotation.define<boolean>();

const marks = {
  variable: Decoration.mark({ class: 'cm-variable' }),
  reference: Decoration.mark({ class: 'cm-reference' }),
};

/** Marks variables and references in the lines on screen. */
const promptMarks = ViewPlugin.fromClass(
  class {
    decorations: DecorationSet;
    constructor(view: EditorView) {
      this.decorations = marksOnScreen(view);
    }
    update({ docChanged, viewportChanged, view }: ViewUpdate) {
      if (docChanged || viewportChanged) this.decorations = marksOnScreen(view);
    }
  },
  { decorations: ({ decorations }) => decorations },
);

function marksOnScreen({ visibleRanges, state }: EditorView): DecorationSet {
  const found: Range<Decoration>[] = [];
  for (const { from, to } of visibleRanges) {
    let at = from;
    for (const part of textParts(state.sliceDoc(from, to))) {
      if (part.kind !== 'text') found.push(marks[part.kind].range(at, at + part.text.length));
      at += part.text.length;
    }
  }
  return Decoration.set(found);
}

/**
 * Text that is typed over a selection is put there by the editor: the browser would keep the look of what was there by an inline
 * style, which the content security policy refuses and reports.
 */
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { data, inputType, isComposing } = event;
    if (inputType !== 'insertText' || data === null || isComposing || view.state.selection.main.empty) return false;
    view.dispatch(view.state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});

const jsonColors = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--color-type-chain)' },
  { tag: tags.string, color: 'var(--color-type-retriever)' },
]);

const languages: Record<EditorLanguage, Extension> = {
  prompt: promptMarks,
  json: [json(), syntaxHighlighting(jsonColors), lineNumbers(), bracketMatching(), indentOnInput()],
};

const look = EditorView.theme({
  '&': { color: 'var(--color-text)', backgroundColor: 'transparent', fontSize: '12px' },
  '&.cm-focused': { outline: 'none' },
  '.cm-scroller': { fontFamily: 'var(--font-mono)', lineHeight: '18px', letterSpacing: '-.01em' },
  '.cm-content': { padding: '8px 0', caretColor: 'var(--color-text)' },
  '.cm-line': { padding: '0 10px', unicodeBidi: 'plaintext', textAlign: 'left' },
  '.cm-gutters': {
    backgroundColor: 'transparent',
    color: 'var(--color-text-3)',
    border: 'none',
  },
  '.cm-lineNumbers .cm-gutterElement': { padding: '0 0 0 8px', minWidth: '24px' },
  '.cm-variable': {
    color: 'var(--color-accent)',
    textDecoration: 'underline dashed 1px',
    textUnderlineOffset: '3px',
  },
  '.cm-reference': { color: 'var(--color-type-chain)' },
  '.cm-matchingBracket, &.cm-focused .cm-matchingBracket': { backgroundColor: 'var(--color-selected)' },
  '.cm-nonmatchingBracket, &.cm-focused .cm-nonmatchingBracket': { backgroundColor: 'var(--color-danger-bg)' },
});
