/** The side panel: workflows, versions, runs. Its lists are loaded when it is first opened. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import { runIcon } from './icons';
import { told } from './requests';
import { CommandIDs, ITaskcell } from './tokens';

export const sidebar: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:sidebar',
  description: 'A side panel with workflows, versions and runs.',
  autoStart: true,
  requires: [ITaskcell],
  optional: [ILayoutRestorer, ICommandPalette],
  activate: (app: JupyterFrontEnd, taskcell: ITaskcell, restorer: ILayoutRestorer | null, palette: ICommandPalette | null): void => {
    const panel = new Side(taskcell);
    app.shell.add(panel, 'left', { rank: 350, type: 'Taskcell' });
    restorer?.add(panel, 'taskcell-side-panel');
    let area = 'left';
    taskcell.settingsChanged.connect((_, settings) => {
      if (settings.sideBar !== area) {
        area = settings.sideBar;
        app.shell.add(panel, area, { rank: 350, type: 'Taskcell' });
      }
    });
    app.commands.addCommand(CommandIDs.showPanel, {
      label: 'Show Workflows and Runs',
      execute: () => app.shell.activateById(panel.id)
    });
    palette?.addItem({ command: CommandIDs.showPanel, category: 'Taskcell' });
  }
};

class Side extends Widget {
  constructor(private _taskcell: ITaskcell) {
    super();
    this.id = 'taskcell-side-panel';
    this.title.icon = runIcon;
    this.title.caption = 'Taskcell: workflows, versions, runs';
    this.addClass('tc-lab-side');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', 'Taskcell: workflows, versions, runs');
  }

  override dispose(): void {
    this._leave?.();
    super.dispose();
  }

  protected override onBeforeShow(_message: Message): void {
    this._show();
  }

  protected override onAfterAttach(_message: Message): void {
    if (this.isVisible) {
      this._show();
    }
  }

  protected override onActivateRequest(_message: Message): void {
    this._show();
    // The first time the lists are still being loaded.
    void this._drawn?.then(() => this.node.querySelector<HTMLElement>('input[type=search]')?.focus());
  }

  private _show(): void {
    this._drawn ??= import('./lists').then(
      lists => {
        this._leave = lists.draw(this.node, this._taskcell);
      },
      (reason: unknown) => {
        this.node.textContent = `The lists can't be loaded: ${told(reason)} Reload the page.`;
      }
    );
  }

  private _drawn?: Promise<void>;
  private _leave: (() => void) | undefined;
}
