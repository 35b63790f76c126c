/** The plugin that all others build on: the store, the host, and the tabs. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog, Notification } from '@jupyterlab/apputils';
import { PageConfig, URLExt } from '@jupyterlab/coreutils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStateDB } from '@jupyterlab/statedb';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Signal } from '@lumino/signaling';
import type { Store } from '@taskcell/views';

import { VIEW_NAMES, type ViewName } from './names';
import { Documents } from './documents';
import { labHost, Memory, type Surroundings } from './hosting';
import { kernelStore } from './kernels';
import { follow, reference } from './links';
import { sayHere, serverStore, told } from './requests';
import { CommandIDs, ITaskcell, type About, type Settings, type Shown, type Target } from './tokens';

export const DEFAULTS: Settings = { badges: true, colouring: true, mine: false, sideBar: 'left' };

export const main: JupyterFrontEndPlugin<ITaskcell> = {
  id: 'taskcell-lab:plugin',
  description: 'Views of runs, versions and workflows as tabs, fed by the server extension.',
  autoStart: true,
  provides: ITaskcell,
  optional: [ILayoutRestorer, ICommandPalette, ISettingRegistry, IStateDB, IDocumentManager, INotebookTracker],
  activate: (
    app: JupyterFrontEnd,
    restorer: ILayoutRestorer | null,
    palette: ICommandPalette | null,
    registry: ISettingRegistry | null,
    state: IStateDB | null,
    documents: IDocumentManager | null,
    notebooks: INotebookTracker | null
  ): ITaskcell => {
    const store = serverStore(app.serviceManager.serverSettings);
    sayHere(app.serviceManager.serverSettings, here());
    const about = asker(store);
    let shared = '';
    void app.restored.then(about).then(found => (shared = found?.jupyterlab ?? ''));
    const link = (target: Target): string => `${shared || here()}?taskcell=${encodeURI(reference(target))}`;
    const memory = new Memory(state);
    void memory.load();
    const around: Surroundings = {
      commands: app.commands,
      contents: app.serviceManager.contents,
      documents,
      state,
      link,
      folder: () => folderOf(notebooks?.currentWidget?.context.path ?? '')
    };
    const host = labHost(around, memory);
    const storeOf = (path: unknown): Store =>
      typeof path === 'string' && path ? kernelStore(app.serviceManager.sessions, path, store) : store;
    const tabs = new Documents(app, shown => storeOf(shown.params['notebook']), host);
    const settings = { ...DEFAULTS };
    const taskcell: ITaskcell = {
      store,
      storeOf,
      about,
      host,
      settings,
      settingsChanged: new Signal<ITaskcell, Settings>({} as ITaskcell),
      open: async shown => void tabs.open(shown),
      execute: async (command, args) => {
        await app.commands.execute(command, args).catch((reason: unknown) => {
          Notification.error(told(reason), { autoClose: 8000 });
        });
      },
      link
    };
    const changed = new Signal<ITaskcell, Settings>(taskcell);
    Object.assign(taskcell, { settingsChanged: changed });
    void registry?.load(main.id).then(loaded => {
      const take = (): void => {
        Object.assign(settings, loaded.composite);
        changed.emit(settings);
      };
      loaded.changed.connect(take);
      take();
    });
    addCommands(app, taskcell, palette);
    if (restorer) {
      tabs.restore(restorer);
    }
    return taskcell;
  }
};

/** Ask once who the server is; ask again when it did not answer. */
function asker(store: Store): ITaskcell['about'] {
  let asked: Promise<About | null> | undefined;
  return () => {
    asked ??= store.request('about', {}).catch(() => {
      asked = undefined;
      return null;
    });
    return asked;
  };
}

/** Where this server has its JupyterLab, as the browser sees it. */
function here(): string {
  return new URL(URLExt.join(PageConfig.getBaseUrl(), 'lab'), window.location.href).toString();
}

function folderOf(path: string): string {
  const local = path.includes(':') ? '' : path;
  return local.includes('/') ? local.slice(0, local.lastIndexOf('/')) : '';
}

function text(args: ReadonlyPartialJSONObject, name: string): string {
  const value = args[name];
  return typeof value === 'string' ? value : '';
}

/** Parameters come as an object, or as text from a layout that was restored. */
function parameters(args: ReadonlyPartialJSONObject): Record<string, unknown> {
  const given = args['params'];
  const read: unknown = typeof given === 'string' ? JSON.parse(given) : given;
  return typeof read === 'object' && read !== null ? { ...read } : {};
}

function addCommands(app: JupyterFrontEnd, taskcell: ITaskcell, palette: ICommandPalette | null): void {
  const { commands } = app;
  const show = (shown: Shown): Promise<void> => taskcell.open(shown);
  commands.addCommand(CommandIDs.open, {
    label: 'Open a Taskcell View',
    isVisible: () => false,
    execute: async args => {
      const view = text(args, 'view') as ViewName;
      if (VIEW_NAMES.includes(view)) {
        await show({ view, params: parameters(args) });
      }
    }
  });
  commands.addCommand(CommandIDs.runs, {
    label: args => (args['isLauncher'] ? 'Runs' : 'All Runs'),
    caption: 'All runs of the store, to filter, search and compare',
    execute: () => show({ view: 'runs', params: {} })
  });
  commands.addCommand(CommandIDs.openRun, {
    label: 'Open a Run',
    execute: async args => {
      const run = text(args, 'run') || (await asked('Open a run', 'Its id, or a link to it'));
      const followed = follow(run.includes('taskcell=') ? run.slice(run.indexOf('?')) : `?taskcell=run:${run}`);
      if ('target' in followed && followed.target.kind === 'run') {
        await show({ view: 'run', params: { run: followed.target.run } });
      } else if (run) {
        Notification.error(`${run.slice(0, 100)} is not the id of a run. An id has 26 letters and digits.`, {
          autoClose: 8000
        });
      }
    }
  });
  commands.addCommand(CommandIDs.openComparison, {
    label: 'Compare Runs',
    execute: async args => {
      const given = args['runs'];
      const runs = Array.isArray(given) ? given : await askedForRuns();
      if (runs.length > 1) {
        await show({ view: 'compare', params: { runs } });
      }
    }
  });
  commands.addCommand(CommandIDs.openVersions, {
    label: 'Versions of a Workflow',
    execute: async args => {
      const ref = text(args, 'ref') || text(args, 'workflow') || (await asked('Versions of a workflow', 'Its name'));
      const [workflow, number] = ref.split('@');
      if (workflow && number) {
        await app.commands.execute(CommandIDs.openExperiment, { workflow, version: Number(number) });
      } else if (workflow) {
        await show({ view: 'versions', params: { workflow } });
      }
    }
  });
  commands.addCommand(CommandIDs.openWorkflow, {
    label: 'Graph of a Workflow',
    execute: async args => {
      const workflow = text(args, 'workflow') || (await asked('Graph of a workflow', 'Its name'));
      if (workflow) {
        await show({ view: 'workflow', params: { workflow } });
      }
    }
  });
  for (const command of [CommandIDs.runs, CommandIDs.openRun, CommandIDs.openComparison, CommandIDs.openVersions, CommandIDs.openWorkflow]) {
    palette?.addItem({ command, category: 'Taskcell' });
  }
}

async function askedForRuns(): Promise<string[]> {
  const answer = await asked('Compare runs', 'Their ids, with commas between them');
  return answer.toUpperCase().split(/[\s,]+/).filter(Boolean);
}

async function asked(title: string, label: string): Promise<string> {
  const answer = await InputDialog.getText({ title, label });
  return (answer.value ?? '').trim();
}
