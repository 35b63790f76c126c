/**
 * Outputs of kind `application/vnd.taskcell.view+json`: live through the server where it reads the same store, else
 * through the widget of the kernel, else the picture that was saved.
 */
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { INotebookTracker, type NotebookPanel } from '@jupyterlab/notebook';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { JSONExt, type JSONObject } from '@lumino/coreutils';
import { Panel, Widget } from '@lumino/widgets';
import type { Host, Payload, Store } from '@taskcell/views';

import { VIEW_NAMES, type ViewName } from './names';
import { ViewPanel } from './panels';
import { ITaskcell, type Shown } from './tokens';

export const MIME = 'application/vnd.taskcell.view+json';
const WIDGET = 'application/vnd.jupyter.widget-view+json';
const RANK = -20; // before the -10 of widgets, whose failure to find a model would hide the picture
const WIDGET_PATIENCE_MS = 20_000;

/** How a saved view is to be made live. */
export interface Live {
  view: ViewName;
  params: Record<string, unknown>;
  store: string;
  project: string;
  /** Tells this output from others; empty in what older versions saved. */
  key: string;
}

export const renderers: JupyterFrontEndPlugin<void> = {
  id: 'taskcell-lab:renderers',
  description: 'Draws saved views, live where that is possible.',
  autoStart: true,
  requires: [ITaskcell, IRenderMimeRegistry],
  optional: [INotebookTracker],
  activate: (_app: JupyterFrontEnd, taskcell: ITaskcell, registry: IRenderMimeRegistry, tracker: INotebookTracker | null): void => {
    registry.addFactory(factory(registry, taskcell, ''), RANK);
    tracker?.widgetAdded.connect((_, panel) => addRenderer(panel, taskcell));
  }
};

/** Give a notebook a renderer that knows its widgets and its kernel. */
export function addRenderer(panel: NotebookPanel, taskcell: ITaskcell): void {
  const rendermime = panel.content.rendermime;
  rendermime.addFactory(factory(rendermime, taskcell, panel.context.path), RANK);
}

function factory(rendermime: IRenderMimeRegistry, taskcell: ITaskcell, notebook: string): IRenderMime.IRendererFactory {
  return {
    safe: true, // every text of a payload is drawn as text
    mimeTypes: [MIME],
    createRenderer: () => new ViewRenderer(rendermime, taskcell, notebook)
  };
}

class ViewRenderer extends Panel implements IRenderMime.IRenderer {
  constructor(
    private _rendermime: IRenderMimeRegistry,
    private _taskcell: ITaskcell,
    private _notebook: string
  ) {
    super();
    this.addClass('tc-lab-output');
  }

  async renderModel(model: IRenderMime.IMimeModel): Promise<void> {
    const data: unknown = model.data[MIME];
    const live = liveOf(data);
    if (live && this._follows(live)) {
      return;
    }
    const round = (this._round += 1);
    this._followed = undefined;
    for (const child of [...this.widgets]) {
      child.dispose();
    }
    if (!live) {
      await this._static(model);
      return;
    }
    const first = data as Payload;
    const isServed = await this._isServed(live);
    if (round !== this._round) {
      return; // the output was updated meanwhile
    }
    if (isServed) {
      const kept = this._turnOf(live);
      const shown = kept ?? live;
      const params = this._notebook ? { ...shown.params, notebook: this._notebook } : shown.params;
      this._view({ view: shown.view, params }, this._storeFor(), kept ? undefined : first, live.key);
      this._followed = live;
      return;
    }
    this._view({ view: live.view, params: live.params }, NOWHERE, first, '');
    this._widget(model, live);
  }

  /** Whether what is on screen follows this run already: the notebook's copy of it, updated at its end, brings it nothing. */
  private _follows(live: Live): boolean {
    const followed = this._followed;
    if (!followed || followed.store !== live.store || followed.project !== live.project) {
      return false;
    }
    const before = this._turnOf(followed) ?? followed;
    const now = this._turnOf(live) ?? live;
    return now.view === 'run' && before.view === 'run' && JSONExt.deepEqual(before.params as JSONObject, now.params as JSONObject);
  }

  private _storeFor(): Store {
    return this._taskcell.storeOf(this._notebook);
  }

  private _view(shown: Shown, store: Store, first: Payload | undefined, key: string): void {
    if (!this.isDisposed) {
      const { host } = this._taskcell;
      const turned: Host['turned'] = (view, params) => host.remember?.(`turn:${key}`, { view, params });
      this.addWidget(new ViewPanel(shown, store, key ? { ...host, turned } : host, first));
    }
  }

  /** What has taken the view's place since it was saved: the run that a form started. */
  private _turnOf(live: Live): Shown | undefined {
    const kept = live.key ? this._taskcell.host.recall?.(`turn:${live.key}`) : undefined;
    return liveOf({ live: kept });
  }

  /** Whether the server reads the store that the view is of. */
  private async _isServed(live: Live): Promise<boolean> {
    const about = await this._taskcell.about();
    return about !== null && about.store === live.store && about.project === live.project;
  }

  /** The static form, for views that are never live and for what is saved by a newer version. */
  private async _static(model: IRenderMime.IMimeModel): Promise<void> {
    const type = 'text/html' in model.data ? 'text/html' : 'text/plain';
    const child = this._rendermime.createRenderer(type);
    this.addWidget(child);
    await child.renderModel(model);
  }

  /** Draw the kernel's widget beside the picture, and let it take the picture's place when it shows something. */
  private _widget(model: IRenderMime.IMimeModel, live: Live): void {
    if (!(WIDGET in model.data) || !this._rendermime.mimeTypes.includes(WIDGET)) {
      return;
    }
    const child = this._rendermime.createRenderer(WIDGET);
    child.node.classList.add('tc-lab-waiting');
    this.addWidget(child);
    const snapshot: Widget | undefined = this.widgets[0];
    const observer = new MutationObserver(() => {
      if (child.node.querySelector('.taskcell-view')) {
        stop();
        child.node.classList.remove('tc-lab-waiting');
        snapshot?.dispose();
        this._followed = live;
      }
    });
    const giveUp = setTimeout(() => {
      stop();
      child.dispose();
    }, WIDGET_PATIENCE_MS);
    const stop = (): void => {
      observer.disconnect();
      clearTimeout(giveUp);
    };
    observer.observe(child.node, { childList: true, subtree: true });
    child.disposed.connect(stop);
    child.renderModel(model).catch(() => undefined); // then the picture stays
  }

  private _round = 0;
  /** What the view on screen follows by itself, through the server or the kernel. */
  private _followed: Live | undefined;
}

function liveOf(data: unknown): Live | undefined {
  if (typeof data !== 'object' || data === null || !('live' in data)) {
    return undefined;
  }
  if (typeof data.live !== 'object' || data.live === null) {
    return undefined;
  }
  const { view, params, store, project, key } = data.live as Partial<Live>;
  if (!view || !VIEW_NAMES.includes(view) || typeof params !== 'object' || params === null) {
    return undefined;
  }
  return { view, params, store: String(store ?? ''), project: String(project ?? ''), key: String(key ?? '') };
}

/** A store that nobody stands behind: views stay on what was saved, and say that they are not live. */
const NOWHERE: Store = {
  request: () =>
    Promise.reject(
      Object.assign(new Error('This view is not live: its store is not the one that this server reads, and its kernel is gone.'), {
        code: 'not-live',
        remedy: 'Run the cell again.',
        temporary: false
      })
    ),
  subscribe: (_topic, _onEvent, onState) => {
    onState('ended');
    return () => undefined;
  }
};
