/** A card of the launcher that leads to all runs. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ILauncher } from '@jupyterlab/launcher';

import { CommandIDs, ITaskcell } from './tokens';

export const launchers: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:launchers',
  description: 'A card of the launcher that leads to all runs.',
  autoStart: true,
  requires: [ITaskcell],
  optional: [ILauncher],
  activate: (_app: JupyterFrontEnd, _taskcell: ITaskcell, launcher: ILauncher | null): void => {
    launcher?.add({ command: CommandIDs.runs, category: 'Taskcell', rank: 1, args: { isLauncher: true } });
  }
};
