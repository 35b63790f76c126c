/** What is known of each task's cell, beside it: cached, stale, running, failed, refused. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import type { Cell } from '@jupyterlab/cells';
import { INotebookTracker, NotebookActions, type Notebook, type NotebookPanel } from '@jupyterlab/notebook';
import type { CellBadge } from '@taskcell/views';

import { told } from './requests';
import { CommandIDs, ITaskcell } from './tokens';

const HEADER = /^\s*(?:%%task|#\s*%task)(?![\w?!.])/;
const PAUSE_MS = 600;

const SIGNS: Readonly<Record<string, string>> = {
  cached: '◆',
  stale: '◇',
  'will run': '▷',
  'may run': '▹',
  running: '►',
  failed: '✗',
  refused: '⊘'
};

export const badges: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:badges',
  description: 'Shows beside each task cell whether it is cached, stale, running or failed.',
  autoStart: true,
  requires: [ITaskcell, INotebookTracker],
  activate: (app: JupyterFrontEnd, taskcell: ITaskcell, tracker: INotebookTracker): void => {
    const watched = new Map<NotebookPanel, Badges>();
    tracker.widgetAdded.connect((_, panel) => {
      const made = new Badges(panel, taskcell);
      watched.set(panel, made);
      panel.disposed.connect(() => {
        made.dispose();
        watched.delete(panel);
      });
    });
    const of = (notebook: Notebook): Badges | undefined =>
      [...watched].find(([panel]) => panel.content === notebook)?.[1];
    NotebookActions.executionScheduled.connect((_, { notebook, cell }) => of(notebook)?.started(cell));
    NotebookActions.executed.connect((_, { notebook, cell, success }) => of(notebook)?.ended(cell, success));
    taskcell.settingsChanged.connect(() => watched.forEach(one => one.refresh()));
    app.commands.addCommand(CommandIDs.refreshBadges, {
      label: 'Refresh the Badges of Task Cells',
      execute: async () => {
        const panel = tracker.currentWidget;
        await (panel && watched.get(panel)?.ask());
      }
    });
  }
};

class Badges {
  constructor(
    private _panel: NotebookPanel,
    private _taskcell: ITaskcell
  ) {
    void _panel.context.ready.then(() => {
      if (!this._isDisposed) {
        _panel.content.model?.contentChanged.connect(this.refresh, this);
        this._stop = _taskcell.store.subscribe('runs', () => this.refresh(), () => undefined);
        this.refresh();
      }
    });
  }

  dispose(): void {
    this._isDisposed = true;
    clearTimeout(this._timer);
    this._stop?.();
  }

  /** Ask soon; many changes at a time ask once, and a hidden notebook does not ask. */
  refresh(): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this.ask(), PAUSE_MS);
  }

  started(cell: Cell): void {
    if (isTask(cell)) {
      this._busy.add(cell.model.id);
      this._failed.delete(cell.model.id);
      this._draw();
    }
  }

  ended(cell: Cell, success: boolean): void {
    this._busy.delete(cell.model.id);
    if (isTask(cell)) {
      if (!success) {
        this._failed.add(cell.model.id);
      }
      this._draw();
      this.refresh();
    }
  }

  async ask(): Promise<void> {
    const cells = this._panel.content.widgets.filter(cell => cell.model.type === 'code');
    if (this._isDisposed || !this._panel.isVisible || !this._taskcell.settings.badges || !cells.some(isTask)) {
      this._known.clear();
      this._draw();
      return;
    }
    const number = (this._asked += 1);
    const path = this._panel.context.path;
    try {
      const answer = await this._taskcell.store.request('cells.states', {
        cells: cells.map(cell => ({ id: cell.model.id, source: cell.model.sharedModel.getSource() })),
        name: path.slice(path.lastIndexOf('/') + 1),
        session: this._panel.sessionContext.session?.id ?? ''
      });
      if (number !== this._asked) {
        return;
      }
      this._known = new Map(answer.cells.map(one => [one.id, one]));
      this._problem = answer.problem;
    } catch (reason) {
      this._known.clear();
      this._problem = told(reason);
    }
    this._draw();
  }

  private _draw(): void {
    if (this._isDisposed) {
      return;
    }
    for (const cell of this._panel.content.widgets) {
      const place = cell.node.querySelector<HTMLElement>(':scope > .jp-Cell-inputWrapper .jp-InputArea');
      const shown = this._taskcell.settings.badges && isTask(cell) ? this._badge(cell.model.id) : undefined;
      let node = place?.querySelector<HTMLElement>(':scope > .tc-lab-badge');
      if (!shown || !place) {
        node?.remove();
        continue;
      }
      if (!node) {
        node = document.createElement('div');
        node.setAttribute('role', 'note');
        place.append(node);
      }
      const classes = `tc-lab-badge tc-lab-is-${shown.state}`;
      if (node.className !== classes) {
        node.className = classes;
      }
      if (node.textContent !== shown.word) {
        node.textContent = shown.word;
      }
      node.title = shown.why;
      node.setAttribute('aria-label', `Task cell: ${shown.word}. ${shown.why}`.trim());
    }
  }

  private _badge(id: string): { state: string; word: string; why: string } | undefined {
    if (this._busy.has(id)) {
      return { state: 'running', word: '► running', why: 'The kernel executes it.' };
    }
    const known = this._known.get(id);
    if (this._failed.has(id) && known?.state !== 'cached') {
      return { state: 'failed', word: '✗ failed', why: known?.reason || 'It failed when it was last run here.' };
    }
    if (!known) {
      return this._problem ? { state: 'unknown', word: '?', why: this._problem } : undefined;
    }
    return { state: known.state.replace(/\s/g, '-'), word: `${SIGNS[known.state] ?? ''} ${known.state}`, why: said(known) };
  }

  private _known = new Map<string, CellBadge>();
  private _busy = new Set<string>();
  private _failed = new Set<string>();
  private _problem = '';
  private _asked = 0;
  private _isDisposed = false;
  private _stop: (() => void) | undefined;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

function said(badge: CellBadge): string {
  return [badge.task, badge.reason, badge.detail].filter(Boolean).join('\n');
}

function isTask(cell: Cell): boolean {
  return cell.model.type === 'code' && HEADER.test(cell.model.sharedModel.getSource());
}
