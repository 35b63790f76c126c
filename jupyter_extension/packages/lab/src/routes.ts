/** Links: `…/lab?taskcell=run:ID` opens the experiment; what can't be opened gives a page that says what to do. */
import { IRouter, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, InputDialog } from '@jupyterlab/apputils';

import type { Action } from './banners';
import { problemPage } from './experiments';
import { follow, PATTERN, without, type Followed } from './links';
import { told } from './requests';
import { CommandIDs, ITaskcell, type Target } from './tokens';

export const routes: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:routes',
  description: 'Opens what a link with ?taskcell= leads to.',
  autoStart: true,
  requires: [ITaskcell],
  optional: [IRouter, ICommandPalette],
  activate: (app: JupyterFrontEnd, taskcell: ITaskcell, router: IRouter | null, palette: ICommandPalette | null): void => {
    app.commands.addCommand(CommandIDs.route, {
      label: 'Follow a Taskcell Link of the Address',
      isVisible: () => false,
      execute: async args => {
        const search = typeof args['search'] === 'string' ? args['search'] : '';
        window.history.replaceState(window.history.state, '', without(window.location.href));
        void taskcell.about(); // asked while JupyterLab still puts its windows up
        await app.restored;
        await go(app, taskcell, follow(search));
      }
    });
    app.commands.addCommand(CommandIDs.openLink, {
      label: 'Open a Link to an Experiment',
      execute: async () => {
        const answer = await InputDialog.getText({ title: 'Open a link', label: 'Link to a run, a version or a comparison' });
        if (answer.value) {
          await go(app, taskcell, follow(searchOf(answer.value.trim())));
        }
      }
    });
    palette?.addItem({ command: CommandIDs.openLink, category: 'Taskcell' });
    router?.register({ command: CommandIDs.route, pattern: PATTERN, rank: 40 });
    if (PATTERN.test(window.location.search)) {
      // The router looks at the address when every extension has started: a second after the windows are up.
      void app.commands.execute(CommandIDs.route, { search: window.location.search });
    }
  }
};

/** The query of a pasted link; `taskcell://run/ID?store=…&project=…`, which holds where no JupyterLab is known, counts too. */
export function searchOf(link: string): string {
  const own = /^taskcell:\/\/run\/([^?]+)\??(.*)$/.exec(link);
  if (own) {
    return `?taskcell=run:${own[1]}&${own[2]}`;
  }
  return link.includes('?') ? link.slice(link.indexOf('?')) : `?taskcell=run:${link}`;
}

async function go(app: JupyterFrontEnd, taskcell: ITaskcell, followed: Followed): Promise<void> {
  if ('problem' in followed) {
    say(app, taskcell, followed.problem, ['A link ends in ?taskcell=run: and the id of a run, 26 letters and digits.']);
    return;
  }
  try {
    const about = (await taskcell.about()) ?? (await taskcell.store.request('about', {}));
    const { store, project } = followed;
    if (store && (store !== about.store || (project && project !== about.project))) {
      const other = store === about.store ? `project ${project} of ${store}` : store;
      const start = project && project !== about.project ? ` and TASKCELL_PROJECT=${project}` : '';
      say(
        app,
        taskcell,
        `This link leads to another ${store === about.store ? 'project' : 'store'}.`,
        [
          `It leads to ${other}, and this server reads ${about.store}, project ${about.project}.`,
          `Start Jupyter with TASKCELL_STORE=${store}${start} and open the link again, or ask whoever sent it for access.`
        ],
        () => void go(app, taskcell, { target: followed.target, store: '', project: '' })
      );
      return;
    }
    await show(app, taskcell, followed.target);
  } catch (reason) {
    say(app, taskcell, "This link can't be followed here.", [
      told(reason),
      'It may lead to another store than the one that this server reads, or what it leads to was collected. Ask whoever sent it which store it belongs to.'
    ]);
  }
}

async function show(app: JupyterFrontEnd, taskcell: ITaskcell, target: Target): Promise<void> {
  switch (target.kind) {
    case 'run':
      await openRun(app, taskcell, target.run);
      return;
    case 'comparison':
      await taskcell.store.request('comparisons.get', { runs: target.runs.join(',') });
      await taskcell.open({ view: 'compare', params: { runs: target.runs } });
      return;
    case 'version':
      await app.commands.execute(CommandIDs.openExperiment, { workflow: target.workflow, version: target.version });
  }
}

/** Open the experiment; a notebook's session has no version, so the run itself is shown. */
async function openRun(app: JupyterFrontEnd, taskcell: ITaskcell, run: string): Promise<void> {
  try {
    await app.commands.execute(CommandIDs.openExperiment, { run });
  } catch (reason) {
    await taskcell.store.request('runs.get', { run, placed: false }).catch(() => {
      throw reason;
    });
    await taskcell.open({ view: 'run', params: { run } });
  }
}

function say(app: JupyterFrontEnd, taskcell: ITaskcell, title: string, sentences: string[], anyway?: () => void): void {
  const actions: Action[] = [
    {
      label: 'Show all runs',
      hint: 'Everything in the store of this server',
      primary: true,
      act: () => void taskcell.open({ view: 'runs', params: {} })
    }
  ];
  if (anyway) {
    actions.push({ label: 'Look for it here', hint: 'One store may have several addresses', primary: false, act: anyway });
  }
  const widget = problemPage(title, sentences, actions);
  widget.id = `taskcell-link-${Date.now().toString(36)}`;
  app.shell.add(widget, 'main');
  app.shell.activateById(widget.id);
}
