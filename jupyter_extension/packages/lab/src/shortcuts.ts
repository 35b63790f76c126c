/** Keys pressed in a view: plain ones are the view's, those with Ctrl, Command or Alt JupyterLab's, as everywhere. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';

/** With a modifier too these would run, move, split or undo cells, or belong to text. */
const NEVER = /^(Enter|Arrow.*|Home|End|Backspace|Delete| |-|_|[acvxyz])$/i;
const PALETTE = /^c$/i;

export const shortcuts: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:shortcuts',
  description: "Lets JupyterLab's shortcuts through where a view has the focus.",
  autoStart: true,
  activate: (_app: JupyterFrontEnd): void => {
    // Before the document's listener, by which JupyterLab looks for the mark that views wear.
    window.addEventListener('keydown', event => mark(event), true);
  }
};

function mark(event: KeyboardEvent): void {
  const target = event.target instanceof HTMLElement ? event.target : null;
  const view = target?.closest<HTMLElement>('.taskcell-view');
  if (!target || !view) {
    return;
  }
  const hasModifier = event.ctrlKey || event.metaKey || event.altKey;
  const isPalette = event.shiftKey && PALETTE.test(event.key);
  if (hasModifier && (isPalette || !NEVER.test(event.key))) {
    for (let node: HTMLElement | null = target; node && view.contains(node); node = node.parentElement) {
      delete node.dataset['lmSuppressShortcuts'];
    }
  } else {
    target.dataset['lmSuppressShortcuts'] = view.dataset['lmSuppressShortcuts'] = 'true';
  }
}
