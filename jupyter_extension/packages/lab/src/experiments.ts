/** An experiment's notebook as it was run: read-only, with a banner that says what it is and what can be done. */
import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Dialog, InputDialog, MainAreaWidget, Notification, showErrorMessage, WidgetTracker } from '@jupyterlab/apputils';
import { IEditorServices } from '@jupyterlab/codeeditor';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { NotebookPanel, NotebookWidgetFactory, StaticNotebook } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Widget } from '@lumino/widgets';

import { banner, type Action } from './banners';
import { DRIVE, ExperimentDrive, runPath, versionPath, type Facts } from './drives';
import { versionIcon } from './icons';
import { addRenderer } from './renderers';
import { told } from './requests';
import { CommandIDs, ITaskcell } from './tokens';

const FACTORY = 'Experiment as it was run';

export const experiments: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:experiments',
  description: 'Opens notebooks of runs and versions as they were, read-only.',
  autoStart: true,
  requires: [ITaskcell, IDocumentManager, NotebookPanel.IContentFactory, IEditorServices, IRenderMimeRegistry],
  optional: [ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    taskcell: ITaskcell,
    documents: IDocumentManager,
    contentFactory: NotebookPanel.IContentFactory,
    editors: IEditorServices,
    rendermime: IRenderMimeRegistry,
    restorer: ILayoutRestorer | null
  ): void => {
    const drive = new ExperimentDrive(taskcell.store, app.serviceManager.serverSettings);
    app.serviceManager.contents.addDrive(drive);
    const factory = new NotebookWidgetFactory({
      name: FACTORY,
      label: FACTORY,
      fileTypes: [],
      modelName: 'notebook',
      readOnly: true,
      canStartKernel: false,
      preferKernel: false,
      rendermime,
      contentFactory,
      mimeTypeService: editors.mimeTypeService,
      notebookConfig: { ...StaticNotebook.defaultNotebookConfig, windowingMode: 'defer' },
      toolbarFactory: () => []
    });
    app.docRegistry.addWidgetFactory(factory);
    const tracker = new WidgetTracker<NotebookPanel>({ namespace: 'taskcell-experiments' });
    factory.widgetCreated.connect((_, panel) => {
      addRenderer(panel, taskcell);
      dress(panel, drive, taskcell);
      void tracker.add(panel);
    });
    const open = async (path: string): Promise<void> => {
      await app.serviceManager.contents.get(path, { content: true });
      const widget = documents.openOrReveal(path, FACTORY);
      if (widget) {
        app.shell.activateById(widget.id);
      }
    };
    app.commands.addCommand(CommandIDs.openExperiment, {
      label: 'Open an Experiment as It Was Run',
      execute: async args => open(await pathOf(args, taskcell))
    });
    if (restorer) {
      void restorer.restore(tracker, {
        command: CommandIDs.openExperiment,
        args: panel => ({ path: panel.context.path }),
        name: panel => panel.context.path
      });
    }
  }
};

async function pathOf(args: ReadonlyPartialJSONObject, taskcell: ITaskcell): Promise<string> {
  if (typeof args['path'] === 'string') {
    return args['path'];
  }
  if (typeof args['run'] === 'string') {
    const found = await taskcell.store.request('runs.experiment', { run: args['run'] });
    return runPath(args['run'], found.version);
  }
  return versionPath(String(args['workflow']), Number(args['version']));
}

/** Put the banner above. The title is the file's name: JupyterLab takes another one for a wish to rename the file. */
function dress(panel: NotebookPanel, drive: ExperimentDrive, taskcell: ITaskcell): void {
  const path = panel.context.path.slice(DRIVE.length + 1);
  panel.addClass('tc-lab-experiment');
  panel.title.icon = versionIcon;
  panel.toolbar.hide();
  void panel.context.ready.then(() => {
    const facts = drive.facts.get(path);
    if (!facts || panel.isDisposed) {
      return;
    }
    panel.title.caption = facts.kind === 'run' ? `Run ${facts.run} of ${facts.title}` : `Version ${facts.title}`;
    panel.context.model.readOnly = true;
    panel.context.model.dirty = false;
    const node = banner(facts, actions(facts, drive.contents.get(path), taskcell));
    panel.contentHeader.addWidget(new Header(node));
    watchVerdict(panel, facts, node, taskcell);
  });
}

/** As high as what is in it, whatever the width makes of that: a box layout asks for a least height. */
class Header extends Widget {
  constructor(inner: HTMLElement) {
    super();
    this.node.append(inner);
    this._observer = new ResizeObserver(() => {
      this.node.style.minHeight = `${inner.offsetHeight}px`;
      this.parent?.fit();
    });
    this._observer.observe(inner);
  }

  override dispose(): void {
    this._observer.disconnect();
    super.dispose();
  }

  private _observer: ResizeObserver;
}

/** A verdict that comes while the page is open is shown. */
function watchVerdict(panel: NotebookPanel, facts: Facts, node: HTMLElement, taskcell: ITaskcell): void {
  if (facts.kind !== 'run') {
    return;
  }
  const refresh = (): void => {
    taskcell.store.request('runs.verdict', { run: facts.run }).then(
      state => {
        const place = node.querySelector<HTMLElement>('.tc-lab-verdict');
        if (place && state.reproduction) {
          place.textContent = `Reproduced: ${state.reproduction.verdict}`;
        } else if (place && state.running.length > 0) {
          place.textContent = 'Being reproduced …';
        }
      },
      () => undefined // the banner goes on to say what it said
    );
  };
  const stop = taskcell.store.subscribe('runs', refresh, () => undefined);
  panel.disposed.connect(stop);
}

function actions(facts: Facts, content: unknown, taskcell: ITaskcell): Action[] {
  const name = `${facts.title.replace(/[^\w@.-]+/g, '-')}.ipynb`;
  const opening: Action = {
    label: 'Open as a new notebook',
    hint: 'A copy beside your work, to change and run',
    act: () => taskcell.host.openNotebook?.(content, name)
  };
  if (facts.kind === 'version') {
    const form = { view: 'form', params: { target: facts.title } } as const;
    return [
      { label: 'Launch …', hint: 'Start a run of this version', primary: true, act: () => void taskcell.open(form) },
      opening
    ];
  }
  return [
    {
      label: 'Reproduce',
      hint: 'Execute it again without the cache, and compare every output',
      primary: true,
      act: () => void reproduce(facts, taskcell)
    },
    opening,
    { label: 'Compare with …', hint: 'Put another run beside it', act: () => void compare(facts, taskcell) },
    {
      label: 'Open the run',
      hint: 'Its graph, timeline, logs and results',
      act: () => void taskcell.open({ view: 'run', params: { run: facts.run } })
    }
  ];
}

async function reproduce(facts: Facts, taskcell: ITaskcell): Promise<void> {
  try {
    const started = await taskcell.store.request('runs.reproduce', { run: facts.run });
    await taskcell.open({ view: 'run', params: { run: started.run } });
  } catch (reason) {
    Notification.error(`The run can't be reproduced: ${told(reason)}`, { autoClose: 10000 });
  }
}

async function compare(facts: Facts, taskcell: ITaskcell): Promise<void> {
  try {
    const listed = await taskcell.store.request('runs.list', { workflow: facts.workflow, limit: 50 });
    const others = listed.runs.filter(row => row.id !== facts.run);
    if (others.length === 0) {
      await showErrorMessage('Compare', `There is no other run of ${facts.workflow} to compare with.`, [Dialog.okButton()]);
      return;
    }
    const items = others.map(row => `${row.id} · ${row.workflow} · ${row.state} · ${row.author}`);
    const answer = await InputDialog.getItem({ title: 'Compare with', label: 'Run', items });
    const chosen = answer.value?.split(' ', 1)[0];
    if (answer.button.accept && chosen) {
      await taskcell.open({ view: 'compare', params: { runs: [facts.run, chosen] } });
    }
  } catch (reason) {
    Notification.error(`Runs can't be listed: ${told(reason)}`, { autoClose: 10000 });
  }
}

/** A page that says why a link leads nowhere, and what to do. */
export function problemPage(title: string, sentences: readonly string[], actionsOfPage: readonly Action[]): MainAreaWidget {
  const node = document.createElement('div');
  node.className = 'tc-lab-problem';
  node.setAttribute('role', 'alert');
  node.tabIndex = -1;
  const head = document.createElement('h1');
  head.textContent = title;
  node.append(head);
  for (const sentence of sentences) {
    const paragraph = document.createElement('p');
    paragraph.textContent = sentence;
    node.append(paragraph);
  }
  for (const action of actionsOfPage) {
    const button = document.createElement('button');
    button.className = action.primary ? 'jp-mod-styled jp-mod-accept' : 'jp-mod-styled';
    button.textContent = action.label;
    button.title = action.hint;
    button.addEventListener('click', action.act);
    node.append(button);
  }
  const widget = new MainAreaWidget({ content: new Widget({ node }) });
  widget.title.label = 'Link';
  widget.title.closable = true;
  return widget;
}
