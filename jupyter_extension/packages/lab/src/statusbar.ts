/** How many runs go on, in the status bar; a click shows them. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStatusBar } from '@jupyterlab/statusbar';
import { Signal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import { CommandIDs, ITaskcell } from './tokens';

const PAUSE_MS = 400;
const FULL = 200;

export const statusbar: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:statusbar',
  description: 'Says how many runs go on.',
  autoStart: true,
  requires: [ITaskcell],
  optional: [IStatusBar],
  activate: (app: JupyterFrontEnd, taskcell: ITaskcell, bar: IStatusBar | null): void => {
    if (!bar) {
      return;
    }
    void app.restored.then(() => {
      const item = new Running(taskcell, () => void app.commands.execute(CommandIDs.showPanel));
      bar.registerStatusItem('taskcell-lab:running', {
        item,
        align: 'left',
        rank: 90,
        isActive: () => item.isKnown,
        activeStateChanged: item.known
      });
    });
  }
};

class Running extends Widget {
  readonly known = new Signal<this, void>(this);
  isKnown = false;

  constructor(
    private _taskcell: ITaskcell,
    onClick: () => void
  ) {
    super();
    this.addClass('tc-lab-status');
    const button = document.createElement('button');
    button.className = 'tc-lab-plain';
    button.dir = 'auto';
    button.addEventListener('click', onClick);
    this.node.append(button);
    this._button = button;
    this._stop = _taskcell.store.subscribe('runs', () => this._soon(), () => undefined);
    void this._count();
  }

  override dispose(): void {
    clearTimeout(this._timer);
    this._stop();
    super.dispose();
  }

  private _soon(): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => void this._count(), PAUSE_MS);
  }

  private async _count(): Promise<void> {
    try {
      const [running, pending] = await Promise.all([
        this._taskcell.store.request('runs.list', { state: 'running', limit: FULL }),
        this._taskcell.store.request('runs.list', { state: 'pending', limit: FULL })
      ]);
      this._say(running.runs.length + pending.runs.length, true);
    } catch {
      this._say(0, false);
    }
  }

  private _say(count: number, isKnown: boolean): void {
    const many = count >= FULL ? `${FULL} or more` : String(count);
    this._button.textContent = count === 1 ? '1 run' : `${many} runs`;
    this._button.title = `Taskcell: ${count === 1 ? 'one run goes' : `${many} runs go`} on. Show them.`;
    this._button.classList.toggle('tc-lab-some', count > 0);
    if (this.isKnown !== isKnown) {
      this.isKnown = isKnown;
      this.known.emit();
    }
  }

  private _button: HTMLButtonElement;
  private _stop: () => void;
  private _timer: ReturnType<typeof setTimeout> | undefined;
}
