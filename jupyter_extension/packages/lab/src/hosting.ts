/** What views may ask of JupyterLab: open tabs, copy, ask back, remember. */
import { Clipboard, Dialog, Notification, showDialog } from '@jupyterlab/apputils';
import { PathExt } from '@jupyterlab/coreutils';
import type { IDocumentManager } from '@jupyterlab/docmanager';
import type { Contents } from '@jupyterlab/services';
import type { IStateDB } from '@jupyterlab/statedb';
import type { PartialJSONValue, ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { CommandRegistry } from '@lumino/commands';
import type { Host } from '@taskcell/views';

import { told } from './requests';
import { CommandIDs, type Target } from './tokens';

const REMEMBERED = 'taskcell-lab:views';
const KEPT = 300;

export interface Surroundings {
  commands: CommandRegistry;
  contents: Contents.IManager;
  documents: IDocumentManager | null;
  state: IStateDB | null;
  link(target: Target): string;
  /** Folder in which the user is, where new notebooks go. */
  folder(): string;
}

/** Small values that views keep, by key; the newest so many. */
export class Memory {
  constructor(private _state: IStateDB | null) {}

  /** Read what was kept before the page was loaded. */
  async load(): Promise<void> {
    const found = await this._state?.fetch(REMEMBERED).catch(() => undefined);
    if (typeof found === 'object' && found !== null && !Array.isArray(found)) {
      for (const [key, value] of Object.entries(found)) {
        if (!this._values.has(key) && value !== undefined) {
          this._values.set(key, value as PartialJSONValue);
        }
      }
    }
  }

  recall(key: string): unknown {
    return this._values.get(key);
  }

  remember(key: string, value: unknown): void {
    this._values.delete(key);
    this._values.set(key, value as PartialJSONValue);
    while (this._values.size > KEPT) {
      this._values.delete(this._values.keys().next().value ?? '');
    }
    clearTimeout(this._timer);
    this._timer = setTimeout(() => {
      const kept: ReadonlyPartialJSONObject = Object.fromEntries(this._values);
      void this._state?.save(REMEMBERED, kept);
    }, 500);
  }

  private _values = new Map<string, PartialJSONValue>();
  private _timer: ReturnType<typeof setTimeout> | undefined;
}

/** Make the host of all views that live in JupyterLab. */
export function labHost(around: Surroundings, memory: Memory): Host {
  const execute = (command: string, args: ReadonlyPartialJSONObject): void => {
    around.commands.execute(command, args).catch((reason: unknown) => {
      Notification.error(told(reason), { autoClose: 8000 });
    });
  };
  return {
    openRun: run => execute(CommandIDs.openRun, { run }),
    openComparison: runs => execute(CommandIDs.openComparison, { runs: [...runs] }),
    openVersion: ref => execute(CommandIDs.openVersions, { ref }),
    openExperiment: run => execute(CommandIDs.openExperiment, { run }),
    openNotebook: (content, name) => {
      openBeside(around, content, name).catch((reason: unknown) => {
        Notification.error(`The notebook can't be written: ${told(reason)}`, { autoClose: 8000 });
      });
    },
    copy: text => Clipboard.copyToSystem(text),
    confirm: async text => {
      const answer = await showDialog({
        title: 'Taskcell',
        body: text,
        buttons: [Dialog.cancelButton(), Dialog.okButton()]
      });
      return answer.button.accept;
    },
    link: (kind, id) => around.link(targetOf(kind, id)),
    remember: (key, value) => memory.remember(key, value),
    recall: key => memory.recall(key)
  };
}

function targetOf(kind: 'run' | 'version' | 'comparison', id: string): Target {
  if (kind === 'run') {
    return { kind, run: id };
  }
  if (kind === 'comparison') {
    return { kind, runs: id.split(',') };
  }
  const at = id.lastIndexOf('@');
  return { kind, workflow: id.slice(0, at), version: Number(id.slice(at + 1)) };
}

/** Write a notebook where the user is, under a name that is free, and open it. */
export async function openBeside(around: Surroundings, content: unknown, name: string): Promise<string> {
  const folder = around.folder();
  const path = await freePath(around.contents, folder, name);
  await around.contents.save(path, { type: 'notebook', format: 'json', content: opened(content) });
  around.documents?.openOrReveal(path);
  return path;
}

async function freePath(contents: Contents.IManager, folder: string, name: string): Promise<string> {
  const plain = PathExt.basename(name.replace(/[\\:]/g, '-')) || 'notebook.ipynb';
  const stem = plain.endsWith('.ipynb') ? plain.slice(0, -6) : plain;
  const listed = await contents.get(folder, { content: true });
  const taken = new Set((listed.content as Contents.IModel[]).map(item => item.name));
  for (let number = 0; ; number += 1) {
    const tried = number === 0 ? `${stem}.ipynb` : `${stem}-${number}.ipynb`;
    if (!taken.has(tried)) {
      return PathExt.join(folder, tried);
    }
  }
}

/** The content as data, whether it came as text or as an object; cells can be edited again. */
function opened(content: unknown): unknown {
  const notebook: unknown = typeof content === 'string' ? JSON.parse(content) : structuredClone(content);
  if (typeof notebook === 'object' && notebook !== null && 'cells' in notebook && Array.isArray(notebook.cells)) {
    for (const cell of notebook.cells as { metadata?: Record<string, unknown> }[]) {
      delete cell.metadata?.['editable'];
      delete cell.metadata?.['deletable'];
    }
  }
  return notebook;
}
