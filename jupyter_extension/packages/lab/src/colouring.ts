/** Colours for the line that makes a cell a task: `%%task train(df) -> model --retries 2`. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { EditorExtensionRegistry, IEditorExtensionRegistry } from '@jupyterlab/codemirror';
import { RangeSetBuilder, type Extension } from '@codemirror/state';
import { Decoration, ViewPlugin, type DecorationSet, type EditorView, type ViewUpdate } from '@codemirror/view';

import { ITaskcell } from './tokens';

/** A piece of the line and what it is. */
export interface Piece {
  from: number;
  to: number;
  kind: 'magic' | 'name' | 'input' | 'arrow' | 'output' | 'option' | 'value';
}

const HEADER = /^\s*(%%(?:task|params)|#\s*%(?:task|params))(?![\w?!.])/;
const SHAPE = /^(\s*)([A-Za-z_]\w*)?(\s*\(([^)]*)\))?(\s*(->)\s*([\w\s,]*?))?(?=\s--?|\s*$)/;

/** Take a header apart; an empty list for any other line. Pure. */
export function pieces(line: string): Piece[] {
  const head = HEADER.exec(line);
  if (!head) {
    return [];
  }
  const found: Piece[] = [{ from: head[0].length - (head[1]?.length ?? 0), to: head[0].length, kind: 'magic' }];
  const start = head[0].length;
  const rest = line.slice(start);
  const shape = SHAPE.exec(rest);
  const named = shape?.[2];
  if (shape && named) {
    found.push(piece(start + (shape[1] ?? '').length, named, 'name'));
  }
  if (shape?.[4] !== undefined) {
    found.push(...words(shape[4], start + rest.indexOf('(') + 1, 'input'));
  }
  if (shape?.[6]) {
    const at = rest.indexOf('->');
    found.push(piece(start + at, '->', 'arrow'));
    found.push(...words(shape[7] ?? '', start + rest.indexOf(shape[7] ?? '', at + 2), 'output'));
  }
  const after = shape?.[0].length ?? 0;
  for (const option of rest.slice(after).matchAll(/(--?[A-Za-z][\w-]*)(?:(=|\s+)("[^"]*"|'[^']*'|[^-\s]\S*))?/g)) {
    const at = start + after + option.index;
    found.push(piece(at, option[1] ?? '', 'option'));
    if (option[3]) {
      found.push(piece(at + option[0].length - option[3].length, option[3], 'value'));
    }
  }
  return found;
}

function piece(from: number, text: string, kind: Piece['kind']): Piece {
  return { from, to: from + text.length, kind };
}

function words(text: string, offset: number, kind: Piece['kind']): Piece[] {
  return [...text.matchAll(/\w+/g)].map(word => piece(offset + word.index, word[0], kind));
}

function decorations(view: EditorView): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  const { doc } = view.state;
  for (let number = 1; number <= Math.min(doc.lines, 20); number += 1) {
    const line = doc.line(number);
    if (!line.text.trim()) {
      continue;
    }
    for (const part of pieces(line.text).sort((left, right) => left.from - right.from)) {
      builder.add(line.from + part.from, line.from + part.to, Decoration.mark({ class: `tc-lab-code-${part.kind}` }));
    }
    break;
  }
  return builder.finish();
}

/** Colours of the first line that says something. */
export function headerColours(): Extension {
  return ViewPlugin.fromClass(
    class {
      decorations: DecorationSet;
      constructor(view: EditorView) {
        this.decorations = decorations(view);
      }
      update(update: ViewUpdate): void {
        if (update.docChanged) {
          this.decorations = decorations(update.view);
        }
      }
    },
    { decorations: plugin => plugin.decorations }
  );
}

export const colouring: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:colouring',
  description: 'Colours the line that makes a cell a task.',
  autoStart: true,
  requires: [ITaskcell, IEditorExtensionRegistry],
  activate: (_app: JupyterFrontEnd, taskcell: ITaskcell, registry: IEditorExtensionRegistry): void => {
    registry.addExtension({
      name: 'taskcell:header',
      factory: options =>
        options.inline && taskcell.settings.colouring ? EditorExtensionRegistry.createImmutableExtension(headerColours()) : null
    });
  }
};
