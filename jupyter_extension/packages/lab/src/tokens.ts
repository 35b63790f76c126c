/** What the plugins share: who asks the server, what may be opened, what is remembered. */
import { Token, type ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import type { Host, Store, ViewName } from '@taskcell/views';

/** A view and what it is of: enough to draw it again after a reload. */
export interface Shown {
  view: ViewName;
  params: Record<string, unknown>;
}

/** The settings of `schema/plugin.json`. */
export interface Settings {
  badges: boolean;
  colouring: boolean;
  mine: boolean;
  sideBar: 'left' | 'right';
}

/** A run, a comparison, or a version that a link leads to. */
export type Target =
  | { kind: 'run'; run: string }
  | { kind: 'comparison'; runs: string[] }
  | { kind: 'version'; workflow: string; version: number };

/** Who the server is. `jupyterlab`: where links lead by its settings; empty: here. */
export interface About {
  store: string;
  project: string;
  user: string;
  jupyterlab: string;
}

/** The server extension and the rest of JupyterLab, as the plugins and the views see them. */
export interface ITaskcell {
  /** Everything that is known, from the server extension. */
  readonly store: Store;
  /** What views may ask of JupyterLab. */
  readonly host: Host;
  /** What was chosen in the settings. */
  readonly settings: Settings;
  readonly settingsChanged: ISignal<ITaskcell, Settings>;
  /** The same, where a notebook's kernel is asked what only it knows. */
  storeOf(notebook: string): Store;
  /** Which store the server reads; null when the server extension does not answer. */
  about(): Promise<About | null>;
  /** Open a view as a tab of the main area. */
  open(shown: Shown): Promise<void>;
  /** Execute a command of JupyterLab; what goes wrong is shown. */
  execute(command: string, args: ReadonlyPartialJSONObject): Promise<void>;
  /** Address that leads back to something, for other people with the same server. */
  link(target: Target): string;
}

export const ITaskcell = new Token<ITaskcell>(
  'taskcell-lab:ITaskcell',
  'Runs, versions and workflows of the store, and the tabs that show them.'
);

export const CommandIDs = {
  open: 'taskcell:open',
  openRun: 'taskcell:open-run',
  openComparison: 'taskcell:open-comparison',
  openVersions: 'taskcell:open-versions',
  openWorkflow: 'taskcell:open-workflow',
  openExperiment: 'taskcell:open-experiment',
  openLink: 'taskcell:open-link',
  route: 'taskcell:route',
  runs: 'taskcell:runs',
  showPanel: 'taskcell:show-panel',
  snapshot: 'taskcell:snapshot',
  launch: 'taskcell:launch',
  dag: 'taskcell:dag',
  refreshBadges: 'taskcell:refresh-badges'
} as const;
