/** Commands of a notebook, also in its toolbar: make a version, launch, show the graph. */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, Notification } from '@jupyterlab/apputils';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';

import { runIcon, versionIcon, workflowIcon } from './icons';
import { ask } from './kernels';
import { told } from './requests';
import type { Json } from '@taskcell/views';
import { CommandIDs, ITaskcell } from './tokens';

interface Snapshotted {
  ref: string;
  workflow: string;
  new: boolean;
}

export const notebooks: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:notebooks',
  description: 'Snapshot, launch and graph of the notebook at hand.',
  autoStart: true,
  requires: [ITaskcell, INotebookTracker],
  optional: [ICommandPalette],
  activate: (app: JupyterFrontEnd, taskcell: ITaskcell, tracker: INotebookTracker, palette: ICommandPalette | null): void => {
    const { commands } = app;
    const isEnabled = (): boolean => tracker.currentWidget !== null && tracker.currentWidget === app.shell.currentWidget;
    const withPanel = (act: (panel: NotebookPanel) => Promise<void>) => async (): Promise<void> => {
      const panel = tracker.currentWidget;
      if (panel) {
        await act(panel).catch((reason: unknown) => {
          Notification.error(told(reason), { autoClose: 12000 });
        });
      }
    };
    commands.addCommand(CommandIDs.snapshot, {
      label: args => (args['toolbar'] ? '' : 'Snapshot of This Notebook'),
      caption: 'Make this notebook, as it stands, a version',
      icon: versionIcon,
      isEnabled,
      execute: withPanel(async panel => {
        const answer = await InputDialog.getText({ title: 'Snapshot', label: 'Message (what is new)', placeholder: 'lower learning rate' });
        if (!answer.button.accept) {
          return;
        }
        const made = await take(panel, taskcell, answer.value ?? '');
        Notification.success(made.new ? `Stored as ${made.ref}.` : `Nothing is new: it is ${made.ref}.`, {
          autoClose: 8000,
          actions: [{ label: 'Versions', callback: () => void taskcell.open({ view: 'versions', params: { workflow: made.workflow } }) }]
        });
      })
    });
    commands.addCommand(CommandIDs.launch, {
      label: args => (args['toolbar'] ? '' : 'Launch This Notebook …'),
      caption: 'Start a run of this notebook: parameters, backend, preview',
      icon: runIcon,
      isEnabled,
      execute: withPanel(async panel => {
        const params = (await answers(panel)) ? { notebook: panel.context.path } : { target: (await take(panel, taskcell, '')).ref };
        await taskcell.open({ view: 'form', params });
      })
    });
    commands.addCommand(CommandIDs.dag, {
      label: args => (args['toolbar'] ? '' : 'Graph of This Notebook'),
      caption: 'Show its tasks: what is cached, what is stale, what would run',
      icon: workflowIcon,
      isEnabled,
      execute: withPanel(async panel => {
        if (await answers(panel)) {
          await taskcell.open({ view: 'workflow', params: { notebook: panel.context.path } });
          return;
        }
        const made = await take(panel, taskcell, '');
        await taskcell.open({ view: 'workflow', params: { workflow: made.workflow, version: numberOf(made.ref) } });
      })
    });
    for (const command of [CommandIDs.snapshot, CommandIDs.launch, CommandIDs.dag]) {
      palette?.addItem({ command, category: 'Taskcell' });
    }
    tracker.currentChanged.connect(() => {
      for (const command of [CommandIDs.snapshot, CommandIDs.launch, CommandIDs.dag]) {
        commands.notifyCommandChanged(command);
      }
    });
  }
};

/** Whether the notebook's kernel is free, and has run task cells: then it knows live values that no file has. */
async function answers(panel: NotebookPanel): Promise<boolean> {
  const kernel = panel.sessionContext.session?.kernel;
  if (!kernel || kernel.status !== 'idle') {
    return false;
  }
  try {
    await ask(kernel, 'workflows.graph', {});
    return true;
  } catch {
    return false;
  }
}

/** Make the notebook, as it stands in the editor, a version; nobody's kernel is needed. */
async function take(panel: NotebookPanel, taskcell: ITaskcell, message: string): Promise<Snapshotted> {
  const { path } = panel.context;
  return taskcell.store.request('versions.take', {
    notebook: panel.context.model.toJSON() as { [key: string]: Json },
    name: path.slice(path.lastIndexOf('/') + 1),
    message,
    session: panel.sessionContext.session?.id ?? ''
  });
}

function numberOf(ref: string): number {
  return Number(ref.slice(ref.lastIndexOf('@') + 1));
}
