/** Notebooks of the store as files that can be read and never written: `taskcell:runs/ID/flow@1 as run.ipynb`. */
import type { Contents } from '@jupyterlab/services';
import { ServerConnection } from '@jupyterlab/services';
import { Signal, type ISignal } from '@lumino/signaling';
import type { Store } from '@taskcell/views';


export const DRIVE = 'taskcell';

/** Who, when, which version: what the banner says. */
export interface Facts {
  kind: 'run' | 'version';
  title: string;
  workflow: string;
  version: number;
  run: string;
  author: string;
  created: string;
  backend: string;
  state: string;
  verdict: string;
  sentence: string;
}

interface Cell {
  metadata: Record<string, unknown>;
  source?: unknown;
  outputs?: { text?: unknown; data?: Record<string, unknown> }[];
}

/** Path of a run's experiment; the last part of it is for people, and for the title of the tab. */
export function runPath(run: string, version: string): string {
  return `${DRIVE}:runs/${run}/${version.replace(/[/\\:]/g, '-')} as run.ipynb`;
}

/** Path of a version's notebook. */
export function versionPath(workflow: string, version: number): string {
  return `${DRIVE}:versions/${encodeURIComponent(workflow)}@${version}.ipynb`;
}

/** Read-only contents, fed by the server extension. */
export class ExperimentDrive implements Contents.IDrive {
  readonly name = DRIVE;
  readonly serverSettings: ServerConnection.ISettings;
  /** What is known of each notebook that was read, by its path. */
  readonly facts = new Map<string, Facts>();
  /** The notebook itself, as it can be opened as a new one. */
  readonly contents = new Map<string, unknown>();

  constructor(
    private _store: Store,
    serverSettings: ServerConnection.ISettings
  ) {
    this.serverSettings = serverSettings;
  }

  get fileChanged(): ISignal<this, Contents.IChangedArgs> {
    return this._fileChanged;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  async get(path: string, options?: Contents.IFetchOptions): Promise<Contents.IModel> {
    const run = /^runs\/([0-9A-Z]{26})\/[^/]+\.ipynb$/.exec(path)?.[1];
    const version = /^versions\/(.+)@(\d+)\.ipynb$/.exec(path);
    if (!run && !version) {
      return model(path, '', 'directory', []);
    }
    const content = run
      ? await this._run(path, run)
      : await this._version(path, decodeURIComponent(version?.[1] ?? ''), Number(version?.[2]));
    const facts = this.facts.get(path);
    return model(path, facts?.created ?? '', 'notebook', options?.content === false ? null : content);
  }

  private async _run(path: string, run: string): Promise<unknown> {
    const found = await this._store.request('runs.experiment', { run });
    const [workflow, number] = split(found.version);
    this.facts.set(path, {
      kind: 'run',
      title: found.version,
      workflow,
      version: number,
      run,
      author: found.author,
      created: found.created_at,
      backend: found.backend,
      state: found.state,
      verdict: found.verdict?.verdict ?? '',
      sentence: found.sentence
    });
    return this._keep(path, found.notebook);
  }

  private async _version(path: string, workflow: string, number: number): Promise<unknown> {
    const [found, about] = await Promise.all([
      this._store.request('versions.notebook', { workflow, number }),
      this._store.request('versions.get', { workflow, number })
    ]);
    this.facts.set(path, {
      kind: 'version',
      title: `${workflow}@${number}`,
      workflow,
      version: number,
      run: '',
      author: about.row.author,
      created: about.row.created_at,
      backend: '',
      state: '',
      verdict: '',
      sentence: about.row.message
    });
    return this._keep(path, found.notebook);
  }

  /** Keep the notebook as it is, and return one whose cells can't be edited by mistake. */
  private _keep(path: string, notebook: unknown): unknown {
    this.contents.set(path, notebook);
    const shown = structuredClone(notebook) as { cells?: Cell[] };
    for (const cell of shown.cells ?? []) {
      cell.metadata = { ...cell.metadata, editable: false, deletable: false };
      cell.source = joined(cell.source);
      for (const output of cell.outputs ?? []) {
        output.text = joined(output.text);
        for (const [type, data] of Object.entries(output.data ?? {})) {
          output.data = { ...output.data, [type]: type.endsWith('json') ? data : joined(data) };
        }
      }
    }
    return shown;
  }

  async listCheckpoints(): Promise<Contents.ICheckpointModel[]> {
    return [];
  }

  async getDownloadUrl(): Promise<string> {
    return 'data:,'; // files that a notebook refers to are not kept with it
  }
  newUntitled(): Promise<Contents.IModel> {
    return refuse();
  }
  delete(): Promise<void> {
    return refuse();
  }
  rename(): Promise<Contents.IModel> {
    return refuse();
  }
  save(): Promise<Contents.IModel> {
    return refuse();
  }
  copy(): Promise<Contents.IModel> {
    return refuse();
  }
  createCheckpoint(): Promise<Contents.ICheckpointModel> {
    return refuse();
  }
  restoreCheckpoint(): Promise<void> {
    return refuse();
  }
  deleteCheckpoint(): Promise<void> {
    return refuse();
  }

  private _isDisposed = false;
  private _fileChanged = new Signal<this, Contents.IChangedArgs>(this);
}

/** A text that a notebook file keeps as a list of lines. */
function joined(text: unknown): unknown {
  return Array.isArray(text) ? text.join('') : text;
}

async function refuse(): Promise<never> {
  throw new Error('An experiment as it was run is never changed. Open it as a new notebook first.');
}

function split(reference: string): [string, number] {
  const at = reference.lastIndexOf('@');
  return at < 0 ? [reference, 0] : [reference.slice(0, at), Number(reference.slice(at + 1))];
}

function model(path: string, created: string, type: string, content: unknown): Contents.IModel {
  const when = created || new Date(0).toISOString();
  return {
    name: decodeURIComponent(path.slice(path.lastIndexOf('/') + 1)),
    path,
    type,
    writable: false,
    created: when,
    last_modified: when,
    mimetype: '',
    content,
    format: content === null ? null : 'json'
  };
}
