/** Views as tabs of the main area: one tab for one thing, restored after a reload. */
import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { Host, Payload, Store } from '@taskcell/views';

import { runIcon, versionIcon, workflowIcon } from './icons';
import { ViewPanel } from './panels';
import { CommandIDs, type Shown } from './tokens';

const ICONS = {
  run: runIcon,
  runs: runIcon,
  compare: runIcon,
  versions: versionIcon,
  workflow: workflowIcon,
  form: workflowIcon,
  value: versionIcon
} as const;

/** Opens views, at most one tab for the same thing. */
export class Documents {
  constructor(
    private _app: JupyterFrontEnd,
    private _store: (shown: Shown) => Store,
    private _host: Host
  ) {
    this._tracker = new WidgetTracker<MainAreaWidget<ViewPanel>>({ namespace: 'taskcell-views' });
  }

  /** Bring tabs back after a reload. */
  restore(restorer: ILayoutRestorer): void {
    void restorer.restore(this._tracker, {
      command: CommandIDs.open,
      args: widget => ({ view: widget.content.shown.view, params: JSON.stringify(widget.content.shown.params) }),
      name: widget => key(widget.content.shown)
    });
  }

  /** Open a view, or come back to its tab. */
  open(shown: Shown, first?: Payload): MainAreaWidget<ViewPanel> {
    const known = this._tracker.find(widget => key(widget.content.shown) === key(shown));
    const widget = known && !first ? known : this._make(shown, first);
    if (known && first) {
      known.dispose();
    }
    if (!widget.isAttached) {
      this._app.shell.add(widget, 'main', { type: 'Taskcell' });
    }
    this._app.shell.activateById(widget.id);
    return widget;
  }

  private _make(shown: Shown, first?: Payload): MainAreaWidget<ViewPanel> {
    const host: Host = { ...this._host, turned: (view, params) => turned({ view, params: { ...params } }) };
    const content = new ViewPanel(shown, this._store(shown), host, first);
    const widget = new MainAreaWidget({ content });
    const name = (now: Shown): void => {
      widget.title.label = label(now);
      widget.title.caption = caption(now);
      widget.title.icon = ICONS[now.view];
    };
    const turned = (now: Shown): void => {
      content.shown = now;
      name(now);
      void this._tracker.save(widget);
    };
    name(shown);
    widget.id = `taskcell-${(this._made += 1)}-${Date.now().toString(36)}`;
    widget.title.closable = true;
    widget.addClass('tc-lab-document');
    void this._tracker.add(widget);
    return widget;
  }

  private _made = 0;
  private _tracker: WidgetTracker<MainAreaWidget<ViewPanel>>;
}

function key(shown: Shown): string {
  return `${shown.view}:${JSON.stringify(shown.params)}`;
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/** What the tab is called; ids by their end, which differs between runs of one day. */
export function label(shown: Shown): string {
  const { view, params } = shown;
  const workflow = text(params['workflow']);
  switch (view) {
    case 'run':
      return `Run …${text(params['run']).slice(-6)}`;
    case 'runs':
      return workflow ? `Runs of ${workflow}` : 'Runs';
    case 'compare':
      return 'Comparison';
    case 'versions':
      return workflow ? `Versions of ${workflow}` : 'Versions';
    case 'workflow':
      return workflow || 'Workflow';
    case 'form':
      return `Launch ${workflow || text(params['target'])}`;
    case 'value':
      return text(params['output']) || 'Values';
  }
}

function caption(shown: Shown): string {
  const listed = Object.entries(shown.params)
    .map(([name, value]) => (typeof value === 'object' ? '' : `${name}: ${String(value)}`))
    .filter(Boolean);
  return [label(shown), ...listed].join('\n');
}
