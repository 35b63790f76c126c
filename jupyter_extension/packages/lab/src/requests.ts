/** The one place that talks to the server: JupyterLab's connection, with its base URL, token and XSRF cookie. */
import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { Store } from '@taskcell/views';

const BASE = 'taskcell/api';

type Views = typeof import('@taskcell/views');

let views: Promise<Views> | undefined;

/** The views, loaded when the first one is drawn. */
export function loadViews(): Promise<Views> {
  views ??= import('@taskcell/views');
  return views;
}

/** A store over the server extension that begins to load when it is first asked. */
export function serverStore(serverSettings: ServerConnection.ISettings): Store {
  const base = URLExt.join(serverSettings.baseUrl, BASE);
  const fetcher = (url: string, init?: RequestInit): Promise<Response> =>
    ServerConnection.makeRequest(url, { ...init, cache: 'no-cache' }, serverSettings); // 'no-store' would add the time to the query
  let made: Promise<Store> | undefined;
  let ready: Store | undefined;
  const store = (): Promise<Store> => {
    made ??= loadViews().then(loaded => (ready = loaded.restStore(base, fetcher)));
    return made;
  };
  return {
    request: async (name, params, signal) => (await store()).request(name, params, signal),
    subscribe: (topic, onEvent, onState) => {
      let stop: (() => void) | undefined;
      let wanted = true;
      void store().then(found => {
        if (wanted) {
          stop = found.subscribe(topic, onEvent, onState);
        }
      });
      return () => {
        wanted = false;
        stop?.();
      };
    },
    asset: (name, params) => ready?.asset?.(name, params) ?? ''
  };
}

/** Tell the server where the browser found its JupyterLab: behind a proxy it can't know, and links of kernels lead there. */
export function sayHere(serverSettings: ServerConnection.ISettings, address: string): void {
  const init = { method: 'HEAD', headers: { 'X-Taskcell-Lab': address } };
  // Without the server extension there is nobody to tell.
  ServerConnection.makeRequest(URLExt.join(serverSettings.baseUrl, BASE, 'about'), init, serverSettings).catch(() => undefined);
}

/** What went wrong, in words for a person. */
export function told(reason: unknown): string {
  if (typeof reason === 'object' && reason !== null && 'message' in reason) {
    const remedy = 'remedy' in reason && typeof reason.remedy === 'string' ? ` ${reason.remedy}` : '';
    return `${String(reason.message)}${remedy}`;
  }
  return String(reason);
}
