/** Keys pressed in a view: plain ones are the view's, those with Ctrl, Command or Alt JupyterLab's, unless they are a notebook's. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { CommandRegistry } from '@lumino/commands';

/** In the selector of a key that runs, moves, merges, selects or undoes cells. */
const OF_NOTEBOOKS = /jp-Notebook|data-jp-/;

export const shortcuts: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:shortcuts',
  description: "Lets JupyterLab's shortcuts through where a view has the focus.",
  autoStart: true,
  activate: (app: JupyterFrontEnd): void => {
    // Before the document's listener, by which JupyterLab looks for the mark that views wear.
    window.addEventListener('keydown', event => mark(event, app.commands), true);
  }
};

function mark(event: KeyboardEvent, commands: CommandRegistry): void {
  const target = event.target instanceof HTMLElement ? event.target : null;
  const view = target?.closest<HTMLElement>('.taskcell-view');
  if (!target || !view) {
    return;
  }
  if (isForAll(event, commands)) {
    for (let node: HTMLElement | null = target; node && view.contains(node); node = node.parentElement) {
      delete node.dataset['lmSuppressShortcuts'];
    }
  } else {
    target.dataset['lmSuppressShortcuts'] = view.dataset['lmSuppressShortcuts'] = 'true';
  }
}

function isForAll(event: KeyboardEvent, commands: CommandRegistry): boolean {
  const isText = event.getModifierState('AltGraph') || !(event.ctrlKey || event.metaKey || event.altKey);
  const stroke = CommandRegistry.keystrokeForKeydownEvent(event);
  return !isText && !commands.keyBindings.some(binding => binding.keys[0] === stroke && OF_NOTEBOOKS.test(binding.selector));
}
